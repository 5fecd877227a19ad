#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# A farm of somebody who is not root: up, reached from outside, found again by a new daemon, and gone without a trace.

load ../lib/common
load ../lib/farm
load ../lib/ordinary-user

setup_file() {
    own_farm tiny 2 root # tiny has no sudo
    ordinary_user
    install_for_user
    give_kernel_to_user
    give_farm_to_user
    as_user pifarm up --all --wait=ssh --timeout 240
}

teardown_file() {
    as_user pifarm --file "$FARM_DIR/farm.yaml" down --all --now --purge || true
    no_ordinary_user
}

setup() {
    cd "$FARM_DIR"
}

# ssh_outside ID COMMAND...: to a node by its forward, as any program of this host would.
ssh_outside() {
    ssh -o BatchMode=yes -o StrictHostKeyChecking=yes -o UserKnownHostsFile="$USER_STATE_DIR/farms/bats/known_hosts" \
        -i key -p "570$1" root@127.0.0.1 "${@:2}"
}

@test "all of it runs as the user, and the host has no link, mount or process of it" {
    run -0 ip -brief link
    [ "$(wc -l <<<"$output")" -eq 1 ] # lo
    run -0 pgrep -u "$ORDINARY_UID" -c qemu-system
    [ "$output" = 2 ]
    run -1 pgrep -u root -f "$FARM_DIR"
    run ! grep -q "$FARM_DIR" /proc/self/mountinfo
}

@test "the user's store has the image, prepared" {
    run -0 jq -r '.images | length' <(as_user pifarm image list --json)
    [ "$output" -ge 1 ]
    run -0 find "$USER_STATE_DIR/images" -name '*.img' -not -uid "$ORDINARY_UID"
    [ -z "$output" ]
}

@test "images are imported, prepared, looked at, verified and removed in that store" {
    run -0 as_user pifarm image import card.img --name mine
    run -0 as_user pifarm image prepare mine --name second --hostname spare --user pi --ssh-key key.pub
    run -0 as_user pifarm image inspect second --json
    run -0 as_user pifarm image verify mine second
    run -0 as_user pifarm image export second second.img
    [ "$(stat -c %u second.img)" = "$ORDINARY_UID" ]
    run -0 as_user pifarm image rm second mine
    fails_with 6 as_user pifarm image shell "$(as_user pifarm image list --json | jq -r '.images[0].name')" -- true
    says 'only root may mount an image'
}

@test "the user's folders are closed to others where sockets are" {
    [ "$(stat -c '%a %u' "$USER_RUNTIME_DIR/pifarm")" = "700 $ORDINARY_UID" ]
    [ "$(stat -c '%a %u' "$USER_RUNTIME_DIR/pifarm/bats.sock")" = "600 $ORDINARY_UID" ]
}

@test "list, ssh, run, cp and wait work from outside as they do for root" {
    run -0 jq -r '.nodes[] | [.name, .state, .address] | @csv' <(as_user pifarm list --json)
    [ "$output" = '"n1","ready","10.78.0.11"
"n2","ready","10.78.0.12"' ]
    run -0 as_user pifarm ssh n1 hostname
    [ "$output" = n1 ]
    run -0 as_user pifarm run --all -- ping -c 2 -W 5 n1
    run -0 as_user pifarm run --all -- ping -c 2 -W 5 n2.bats
    run -0 as_user pifarm cp farm.yaml 'n[1-2]:/tmp/received'
    run -0 as_user pifarm run n2 -- cat /tmp/received
    says 'farm: bats'
    run -0 as_user pifarm wait --for=ping --timeout 30 --all
}

@test "ssh reaches each node through its forward, with the recorded host key" {
    for id in 1 2; do
        run -0 ssh_outside "$id" hostname
        [ "$output" = "n$id" ]
    done
}

@test "ssh-config leads to the forwards, for every program outside" {
    as_user pifarm ssh-config >"$BATS_TEST_TMPDIR/config"
    for name in n1 n2.bats; do
        run -0 --separate-stderr ssh -F "$BATS_TEST_TMPDIR/config" -o BatchMode=yes "$name" hostname
        [ "$output" = "${name%.bats}" ]
        [ -z "$stderr" ]
    done
}

@test "programs within know the nodes' names and no others" {
    run -0 as_user pifarm net exec -- ping -c 1 -W 5 n1
    run -0 as_user pifarm net exec -- getent hosts n2.bats
    says 10.78.0.12
    run -2 as_user pifarm net exec -- getent hosts n7
}

@test "net exec and net shell are root in the farm's network, and nowhere else" {
    run -0 as_user pifarm net exec -- ping -c 1 -W 5 10.78.0.12
    run -0 as_user pifarm net exec -- ip -brief link show type bridge
    says pfbats0
    run -0 as_user pifarm net exec -- sh -c 'id -u; pwd; touch made-within'
    [ "$output" = $'0\n'"$FARM_DIR" ]
    [ "$(stat -c %u made-within)" = "$ORDINARY_UID" ]
    fails_with 1 as_user pifarm net exec -- touch /etc/made-within
    run -0 as_user env SHELL=/bin/sh pifarm net shell <<<'cat /sys/class/net/*/address /proc/net/dev'
    says q0tap1
}

@test "net show and net capture see the farm's links" {
    run -0 jq -r '.links[].node // empty' <(as_user pifarm net show --json)
    [ "$(sort <<<"$output")" = $'n1\nn2' ]
    as_user pifarm net capture n1 -c 2 -w n1.pcapng &
    capture=$!
    cleanup kill "$capture"
    timeout 60 sh -c 'until [ -s n1.pcapng ]; do :; done'
    run -0 ssh_outside 1 true
    wait "$capture"
    run -0 tcpdump -nr n1.pcapng
    says 'IP 10.78.0.'
}

@test "a killed daemon stops no node, and the next command's finds them and their network" {
    uptime_before=$(ssh_outside 1 cut -d. -f1 /proc/uptime)
    pid=$(daemon_pid)
    kill -KILL "$pid"
    run -0 as_user pifarm ssh n2 hostname
    [ "$output" = n2 ]
    kill -KILL "$(daemon_pid)"
    run -0 as_user pifarm net exec -- ping -c 1 -W 5 10.78.0.12
    run -0 as_user pifarm wait --all --timeout 30
    [ "$(daemon_pid)" != "$pid" ]
    run -0 as_user pifarm ssh n2 -- ping -c 1 -W 5 n1
    [ "$(ssh_outside 1 cut -d. -f1 /proc/uptime)" -ge "$uptime_before" ]
    run -0 jq -r '.links | length' <(as_user pifarm net show --json)
    [ "$output" = 3 ]
}

@test "who holds the namespaces may be killed, too" {
    note="$USER_RUNTIME_DIR/pifarm/bats.namespace"
    before=$(cat "$note")
    kill -KILL "${before% *}"
    timeout 10 sh -c "while [ \"\$(cat '$note')\" = '$before' ]; do :; done"
    run -0 as_user pifarm net exec -- ping -c 1 -W 5 n1
    kill -KILL "$(daemon_pid)"
    run -0 as_user pifarm wait --all --timeout 30
    run -0 as_user pifarm ssh n2 -- ping -c 1 -W 5 n1
}

@test "a node that is turned on by the second daemon is on the same network" {
    run -0 as_user pifarm down n2 --now
    run -0 as_user pifarm up n2 --wait --timeout 120
    run -0 as_user pifarm ssh n2 -- ping -c 1 -W 5 n1
}

@test "down leaves no process, namespace or socket behind" {
    run -0 as_user pifarm down --all
    run -1 pgrep --runstates DRSTI -u "$ORDINARY_UID"
    [ -z "$(find "$USER_RUNTIME_DIR" -type s -o -name '*.namespace')" ]
    fails_with 4 as_user pifarm net exec -- true
    run -0 as_user pifarm down --all --purge
    [ ! -e "$USER_STATE_DIR/farms/bats" ]
}

@test "net up and net down do without nodes" {
    run -0 as_user pifarm net up
    run -0 as_user pifarm net up
    run -0 as_user pifarm net exec -- ip -brief -4 address show pfbats0
    says 10.78.0.1/24
    run -0 as_user pifarm net plan
    [ -z "$output" ]
    run -0 as_user pifarm net down
    run -1 pgrep --runstates DRSTI -u "$ORDINARY_UID"
}
