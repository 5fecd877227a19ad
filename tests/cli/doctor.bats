#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# doctor: what it looks at, what it says of a host that lacks something, and its JSON.
load ../lib/common.bash
load lib/user.bash

setup() {
    own_folders
    cd "$BATS_TEST_TMPDIR"
    unset PIFARM_FILE
}

# verdict NAME [FILTER]: of that check in the JSON that fails_with left in $output.
finding() {
    jq -r --arg name "$1" ".checks[] | select(.name == \$name) | .${2:-verdict}" <<<"$output"
}

# run_doctor COMMAND...: it may find what it likes here, but must say it in JSON.
run_doctor() {
    run --separate-stderr "$@"
    [ "$status" -le 1 ]
    jq -e '.checks | length > 10' <<<"$output" >/dev/null
}

write_farm() {
    cat >farm.yaml <<'END'
farm: clitest
lan: { bridge: clitest0, subnet: 10.98.7.0/24 }
images:
  small: { source: small.img, enrol: { user: pi, password-hash: $6$0123456789abcdef$0123456789 } }
nodes:
  - { name: "n[1-2]", id: 187, image: small } # ports 5887 and 5888, that no other farm is likely to have
END
}

bats_require_minimum_version 1.5.0

@test "every finding has a name, a verdict, words, and a cure where it fails" {
    write_farm
    run_doctor pifarm doctor --json
    jq -e '.checks | map((.name | length > 0) and (.found | length > 0) and (.verdict | IN("ok", "warn", "fail")) and
        (.verdict != "ok" or .mend == null)) | all' <<<"$output"
    [ "$(jq '.checks | map(.name) | unique | length' <<<"$output")" = "$(jq '.checks | length' <<<"$output")" ]
}

@test "the exit status is 1 when something fails and 0 when nothing does" {
    run_doctor pifarm doctor --json
    [ "$status" -eq "$(jq '.checks | map(select(.verdict == "fail")) | length | if . > 0 then 1 else 0 end' <<<"$output")" ]
    write_farm
    run_doctor pifarm doctor --json
    [ "$status" -eq 1 ]
    [ "$(finding images)" = fail ]
}

@test "as text it has a line for each check, and the cure below" {
    write_farm
    local names
    names=$(pifarm doctor --json | jq -r '.checks[].name') || true
    fails_with 1 pifarm doctor
    while read -r name; do
        grep -qE "^(ok  |warn|fail)  $name  " <<<"$output"
    done <<<"$names"
    says "image 'small': there is no $BATS_TEST_TMPDIR/small.img"
    says "try: correct \`source\` in farm.yaml"
    [[ $output != *$'\033'* ]]
}

@test "without a farm nothing is asked of one" {
    run_doctor pifarm doctor --json
    [ "$(finding farm.yaml)" = ok ]
    [ -z "$(finding ports)" ]
    [ -z "$(finding daemon)" ]
}

@test "a program that is missing is named, with the package that has it" {
    mkdir bin
    ln -s "$(command -v pifarm)" bin/pifarm
    PATH=$BATS_TEST_TMPDIR/bin run "$(command -v pifarm)" doctor
    [ "$status" -eq 1 ]
    says 'not installed: qemu-system-aarch64'
    says 'sudo apt install qemu-system-arm'
    says 'openssh-client'
    says 'qemu-system-aarch64 does not run'
}

# fake_qemu VERSION MACHINES: in front of the real one.
fake_qemu() {
    mkdir -p bin
    cat >bin/qemu-system-aarch64 <<END
#!/bin/sh
case \$1 in
--version) echo 'QEMU emulator version $1 (Debian 1:$1+dfsg-1)' ;;
-machine) echo '$2' ;;
esac
END
    chmod +x bin/qemu-system-aarch64
    export PATH=$BATS_TEST_TMPDIR/bin:$PATH
}

@test "QEMU's versions are judged: too old, without the board, with a wrong MAC, good" {
    fake_qemu 5.1.0 'raspi3'
    run_doctor pifarm doctor --json
    [ "$(finding QEMU)" = fail ]
    [ "$(finding QEMU found)" = 'QEMU 5.1.0 has no machine raspi3b: 5.2 is the first' ]
    fake_qemu 7.2.22 'virt'
    run_doctor pifarm doctor --json
    [ "$(finding QEMU found)" = 'this QEMU 7.2.22 was built without the machine raspi3b' ]
    fake_qemu 7.2.20 'raspi3b'
    run_doctor pifarm doctor --json
    [ "$(finding QEMU)" = warn ]
    [ "$(finding QEMU found)" = 'QEMU 7.2.20 may tell nodes a MAC that begins with 40:' ]
    fake_qemu 7.2.22 'raspi3b'
    run_doctor pifarm doctor --json
    [ "$(finding QEMU)" = ok ]
}

@test "a farm.yaml with mistakes is a failure that leads to check" {
    printf '%s\n' 'farm: 1 2' 'nodes: [ { name: n1, id: 1 } ]' >farm.yaml
    run_doctor pifarm doctor --json
    [ "$(finding farm.yaml)" = fail ]
    [ "$(finding farm.yaml mend)" = 'pifarm check' ]
    [[ $(finding farm.yaml found) == farm.yaml:1:7:* ]]
}

@test "an SSH port that somebody has is named, with who has it" {
    write_farm
    socat TCP-LISTEN:5888,bind=127.0.0.1,fork /dev/null 3>&- &
    cleanup kill $!
    timeout 10 sh -c 'until grep -q :1700 /proc/net/tcp; do sleep 0.05; done'
    run_doctor pifarm doctor --json
    [ "$(finding ports)" = fail ]
    [[ $(finding ports found) == *"TCP 5888 by socat (pid "* ]]
}

@test "a card user without a key is a warning" {
    write_farm
    run_doctor pifarm doctor --json
    [ "$(finding logins)" = warn ]
    [[ $(finding logins found) == *'ssh-key'* ]]
}

@test "a daemon that was killed, and one that does not answer, are told apart" {
    write_farm
    run_doctor pifarm doctor --json
    [[ $(finding daemon found) == 'not running, starts when needed'* ]]
    : >"$PIFARM_RUNTIME_DIR/clitest.sock"
    run_doctor pifarm doctor --json
    [ "$(finding daemon)" = warn ]
    [[ $(finding daemon found) == died* ]]
    flock --no-fork "$PIFARM_RUNTIME_DIR/clitest.lock" sleep 60 3>&- &
    cleanup kill $!
    timeout 10 sh -c "while flock -n '$PIFARM_RUNTIME_DIR/clitest.lock' true; do sleep 0.05; done"
    run_doctor pifarm doctor --json
    [ "$(finding daemon)" = fail ]
    [[ $(finding daemon found) == *"process $! has farm 'clitest' but does not answer"* ]]
}

@test "doctor changes nothing" {
    write_farm
    pifarm doctor || true
    [ -z "$(ls -A "$PIFARM_STATE_DIR")" ]
    [ -z "$(ls -A "$PIFARM_RUNTIME_DIR")" ]
}

@test "without root it says what a farm without root lacks" {
    require_user
    write_farm
    run_doctor as_user pifarm doctor --json
    [ "$(finding rights)" = warn ]
    [[ $(finding rights found) == *'/etc/subuid gives user '*' no 65536 IDs'* ]]
    [[ $(finding rights mend) == 'sudo usermod --add-subuids '* ]]
    sed -i 's/^lan: {/lan: { nat: true,/' farm.yaml
    run_doctor as_user pifarm doctor --json
    [[ $(finding subnet found) == *'has lan.nat, which only root can have'* ]]
}
