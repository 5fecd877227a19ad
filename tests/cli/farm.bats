#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# init, check, and what list and up say before a daemon runs; no root.
load ../lib/common.bash
load lib/user.bash

setup() {
    own_folders
    cd "$BATS_TEST_TMPDIR"
    export HOME=$BATS_TEST_TMPDIR
    unset PIFARM_FILE
}

# write_farm: two nodes on a virtual switch.
write_farm() {
    cat >farm.yaml <<'END'
farm: clitest
lan: { bridge: clitest0, subnet: 10.98.7.0/24 }
images:
  small: { source: small.img }
switches:
  sw0: { virtual: true, ports: 4 }
nodes:
  - { name: "n[1-2]", id: 1, port: "sw0/[1-2]", image: small, groups: [web] }
END
}

@test "init writes a farm.yaml that check accepts, and says nothing" {
    fails_with 0 pifarm init
    [ -z "$output" ]
    fails_with 0 pifarm check
    says "farm 'lab', 2 nodes, 1 image: no mistakes"
}

@test "init takes the farm's name, image and number of nodes" {
    pifarm init rack9 --image 'card images/raspios.img.xz' --nodes 12
    fails_with 0 pifarm check
    says "farm 'rack9', 12 nodes"
    [ "$(pifarm list --json | jq -r '.nodes[11].name')" = n12 ]
    pifarm up --dry-run | grep -qF "card images/raspios.img.xz"
}

@test "init overwrites a farm.yaml only when it is told to" {
    echo precious >farm.yaml
    fails_with 5 pifarm init
    [ "$output" = 'pifarm: farm.yaml is there already; --force overwrites it' ]
    [ "$(cat farm.yaml)" = precious ]
    fails_with 0 pifarm init --force
    fails_with 0 pifarm check
}

@test "init refuses a name and a number that no farm can have" {
    fails_with 2 pifarm init 'My Lab'
    says "'My Lab'"
    fails_with 2 pifarm init --nodes 201
    says '1 to 200'
    [ ! -e farm.yaml ]
}

@test "init into a folder that is not ours is denied in words" {
    require_user
    mkdir -m 555 shut
    cd shut
    fails_with 6 as_user pifarm init
    says 'cannot write farm.yaml: Permission denied'
}

@test "check shows ten mistakes at once, each with its place, its line and a caret" {
    cat >farm.yaml <<'END'
farm: My Lab
lan: { subnet: 10.77.0.7/24, brigde: br0 }
images:
  debian: { source: debian.img, size: 4QiB }
switches:
  sw0: { virtual: true, ports: 2 }
nodes:
  - { name: n1, id: 1, port: sw0/1, image: debain }
  - { name: n1, id: 1, port: sw0/9, image: debian, memry: 2 }
  - { name: n3, id: 500, port: sw0/2, image: debian }
END
    fails_with 3 pifarm check
    grep -oE '^farm\.yaml:[0-9]+:[0-9]+' <<<"$output" >places
    diff - places <<'END'
farm.yaml:1:7
farm.yaml:2:16
farm.yaml:2:30
farm.yaml:4:39
farm.yaml:8:44
farm.yaml:9:13
farm.yaml:9:21
farm.yaml:9:30
farm.yaml:9:52
farm.yaml:10:21
END
    [ "$(grep -cE '^ *\^~*$' <<<"$output")" -eq 10 ]
    says "did you mean 'bridge'?"
    says "did you mean 'debian'?"
    says "  - { name: n1, id: 1, port: sw0/1, image: debain }
                                           ^~~~~~"
}

@test "every command refuses a farm.yaml with a mistake" {
    local command
    echo 'farm: {' >farm.yaml
    for command in check up 'up --dry-run' down list 'show n1' 'console n1' 'ssh n1' 'run n1 -- id' 'cp a n1:' wait log; do
        # shellcheck disable=SC2086
        fails_with 3 pifarm $command
        says 'farm.yaml:'
    done
}

@test "without a farm.yaml the way to one is told" {
    fails_with 4 pifarm list
    says 'pifarm init'
    fails_with 4 pifarm -f elsewhere.yaml list
    says 'elsewhere.yaml'
    PIFARM_FILE=nowhere.yaml fails_with 4 pifarm list
    says 'nowhere.yaml'
    says PIFARM_FILE
}

@test "farm.yaml is found above, by -f and by PIFARM_FILE" {
    write_farm
    mkdir -p deep/down
    cd deep/down
    pifarm check | grep -qF "$BATS_TEST_TMPDIR/farm.yaml"
    cd /
    pifarm -f "$BATS_TEST_TMPDIR/farm.yaml" check | grep -qF "farm 'clitest'"
    PIFARM_FILE=$BATS_TEST_TMPDIR pifarm check | grep -qF "farm 'clitest'"
}

@test "list shows the nodes off when no daemon runs, and starts none" {
    write_farm
    fails_with 0 pifarm list
    [ "$(awk '{ print $1, $2, $3, $4 }' <<<"$output")" = 'NAME ID STATE ADDRESS
n1 1 off 10.98.7.11
n2 2 off 10.98.7.12' ]
    [ -z "$(ls -A "$PIFARM_RUNTIME_DIR")" ] && [ -z "$(ls -A "$PIFARM_STATE_DIR")" ]
}

@test "list --json has a node's whole identity" {
    write_farm
    [ "$(pifarm list n2 --json | jq -c '.nodes[] | del(.mac)')" = \
        '{"name":"n2","id":2,"state":"off","address":"10.98.7.12","image":"small","ssh_port":5702,"forwards":null,"boot_s":null,"up_s":null,"detail":null}' ]
    pifarm list --json | jq -e '.nodes | map(.mac | test("^b8:27:eb(:[0-9a-f]{2}){3}$")) | all'
}

@test "list picks nodes by name, range, ID, group and port" {
    write_farm
    names() { pifarm list --json "$@" | jq -r '.nodes[].name' | tr '\n' ' '; }
    [ "$(names n2)" = 'n2 ' ]
    [ "$(names 'n[1-2]')" = 'n1 n2 ' ]
    [ "$(names 1)" = 'n1 ' ]
    [ "$(names @web)" = 'n1 n2 ' ]
    [ "$(names sw0/2)" = 'n2 ' ]
    [ "$(names n2 1 n2)" = 'n1 n2 ' ]
    [ "$(names --all)" = 'n1 n2 ' ]
}

@test "a node that is not there is refused, with the nearest" {
    write_farm
    fails_with 4 pifarm list n22
    says "farm 'clitest' has no node 'n22'; \`pifarm list\` shows what it has"
    fails_with 4 pifarm list @wbe
    says "did you mean '@web'?"
    fails_with 4 pifarm list sw0/3
    says "no node on port 'sw0/3'"
    fails_with 4 pifarm list 'n[1-3]'
    says "'n3'"
    fails_with 2 pifarm list 'n[1-'
    says "'n[1-'"
    fails_with 4 pifarm up --dry-run 7
    says "'7'"
}

@test "up --dry-run prints the commands, needs no root and changes nothing" {
    require_user
    write_farm
    fails_with 0 as_user pifarm up --dry-run n2
    says '# image small: from'
    says 'ip link add name clitest0'
    says 'ip address add 10.98.7.1/24 dev clitest0'
    says '# node n2: raspi3b guest, TAP q0tap2'
    [[ $output != *'# node n1'* ]]
    [ ! -e /sys/class/net/clitest0 ]
    [ -z "$(ls -A "$PIFARM_STATE_DIR")" ]
}

@test "up without root says what of the host is in the way, and the command that mends it" {
    require_user
    write_farm
    fails_with 6 as_user pifarm up
    says "farm 'clitest' without root: /etc/subuid gives user "
    says 'try: sudo usermod --add-subuids '
    says ' --add-subgids '
}

@test "up without root says what of farm.yaml only root can have" {
    require_user
    write_farm
    sed -i 's/^lan: {/lan: { nat: true,/' farm.yaml
    fails_with 6 as_user pifarm up
    says "farm 'clitest' has lan.nat, which only root can have"
    sed -i 's/nat: true/uplink: eth7/' farm.yaml
    fails_with 6 as_user pifarm up
    says "farm 'clitest' has lan.uplink"
}

@test "net exec and net shell without root say when there is nothing to enter" {
    require_user
    write_farm
    fails_with 4 as_user pifarm net exec -- true
    says "farm 'clitest' has no network now; first: pifarm up"
    fails_with 4 as_user pifarm net shell
}

@test "net exec as root runs the command here, with its own options and status" {
    require root [ "$(id -u)" -eq 0 ]
    write_farm
    run -7 pifarm net exec sh -c 'exit 7'
    run -0 pifarm net exec -- echo -n one two
    [ "$output" = 'one two' ]
    fails_with 4 pifarm net exec no-such-program
    says "the program 'no-such-program' is not installed"
    fails_with 2 pifarm net exec
}

@test "up --wait takes no node for its goal" {
    write_farm
    fails_with 0 pifarm up --dry-run --wait n2
    says '# node n2'
    [[ $output != *'# node n1'* ]]
    fails_with 0 pifarm up --dry-run -w n2
    says '# node n2'
}

@test "up and wait refuse goals and times that cannot be" {
    write_farm
    fails_with 2 pifarm up --wait=telnet
    [ "$output" = "pifarm: cannot wait for 'telnet'; known: ssh, ping, console:REGEX" ]
    fails_with 2 pifarm wait --for 'console:log(in'
    says "cannot wait for 'console:log(in'"
    fails_with 2 pifarm wait --timeout 0
    says '--timeout must be at least 1 second'
    fails_with 2 pifarm up --timeout soon
    says 'soon'
}

@test "down of a farm that never ran does nothing" {
    write_farm
    fails_with 0 pifarm down
    [ -z "$output" ]
    [ -z "$(ls -A "$PIFARM_STATE_DIR")" ]
}

@test "who is not root is told that root runs the farm, instead of that its nodes are off" {
    require 'user namespaces' unshare --user --map-root-user --mount true
    write_farm
    # shellcheck disable=SC2016 # expanded by the inner shell
    fails_with 6 unshare --user --map-root-user --mount sh -c '
        mount -t tmpfs none /run && mkdir /run/pifarm && : >/run/pifarm/clitest.sock
        unset PIFARM_RUNTIME_DIR
        exec unshare --user pifarm list'
    [ "$output" = "pifarm: farm 'clitest' is run by root; try again with sudo" ]
}
