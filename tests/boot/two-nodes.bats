#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The farm's main job, on real raspi3b guests: two clones of one card image, booted, bridged, reached.

load ../lib/common
load ../lib/farm

setup_file() {
    own_farm tiny 2 root # tiny has no sudo
    pifarm up --all --wait=ssh --timeout 240
    sha256sum "$PIFARM_STATE_DIR"/images/*.img >"$BATS_FILE_TMPDIR/images.sha256"
}

teardown_file() {
    farm_down
}

setup() {
    cd "$FARM_DIR"
}

@test "both nodes are listed ready, with address and boot time" {
    run -0 pifarm list
    says "n1   "
    says "10.78.0.12"
    run -0 jq -r '.nodes[] | [.name, .state, .address, .boot_s > 0] | @csv' <(pifarm list --json)
    [ "$output" = '"n1","ready","10.78.0.11",true
"n2","ready","10.78.0.12",true' ]
}

@test "ssh reaches each node over the lan" {
    run -0 pifarm ssh n1 hostname
    [ "$output" = n1 ]
    run -0 pifarm ssh n2 hostname
    [ "$output" = n2 ]
}

@test "ssh passes on the exit status and the arguments" {
    run -7 pifarm ssh n1 -- sh -c "'exit 7'"
    run -0 pifarm ssh n1 uname -m
    [ "$output" = aarch64 ]
}

@test "ssh reaches each node through its forward on 127.0.0.1, with the recorded host key" {
    for id in 1 2; do
        run -0 ssh -o BatchMode=yes -o StrictHostKeyChecking=yes -i key -p "570$id" \
            -o UserKnownHostsFile="$PIFARM_STATE_DIR/farms/bats/known_hosts" root@127.0.0.1 hostname
        [ "$output" = "n$id" ]
    done
}

@test "ssh-config is all that ssh and scp need, by either name" {
    pifarm ssh-config >config
    for name in n1 n2 n1.bats n2.bats; do
        run -0 --separate-stderr ssh -F config -o BatchMode=yes "$name" hostname
        [ "$output" = "${name%.bats}" ]
        [ -z "$stderr" ]
    done
    run -0 scp -O -F config farm.yaml n1:/tmp/by-scp
    run -0 ssh -F config n1 cat /tmp/by-scp
    says 'farm: bats'
}

@test "the nodes ping each other by name" {
    run -0 pifarm run --all -- ping -c 2 -W 5 n1
    run -0 pifarm run --all -- ping -c 2 -W 5 n2.bats
}

@test "who is not root may ping, and is root in nothing else" {
    run -0 pifarm ssh n1 "su pi -c 'ping -c 1 -W 5 n2'"
    says '1 packets received'
    run -0 pifarm ssh n1 "su pi -c 'busybox id -u; busybox id -ru; ! cat /etc/shadow; ! touch /etc/pi' 2>/dev/null"
    [ "$output" = $'1000\n1000' ]
}

@test "the nodes differ in machine-id, host key, MAC and host name" {
    for what in 'cat /etc/machine-id' 'cat /etc/ssh/ssh_host_ed25519_key.pub' 'cat /sys/class/net/eth0/address' hostname; do
        first=$(pifarm ssh n1 "$what")
        second=$(pifarm ssh n2 "$what")
        echo "$what: '$first' '$second'"
        [ -n "$first" ]
        [ "$first" != "$second" ]
    done
    [ "$(pifarm ssh n1 cat /sys/class/net/eth0/address)" = "$(pifarm list n1 --json | jq -r '.nodes[0].mac')" ]
}

@test "a node has the serial number that the firmware of its board writes, as its MAC has it" {
    serial=$(pifarm ssh n2 'tr -d "\0" </proc/device-tree/serial-number')
    mac=$(pifarm list n2 --json | jq -r '.nodes[0].mac' | tr -d :)
    [ ${#serial} -eq 16 ]
    [ "${serial:10}" = "${mac:6}" ]
    [ "$serial" = "$(pifarm firmware explain n2 --json |
        jq -r '.decisions[] | select(.why == "/serial-number").value')" ]
    pifarm ssh n2 test -e /proc/device-tree/chosen/bootloader/partition
}

@test "run prints each line under its node's name and returns the worst status" {
    # shellcheck disable=SC2016 # expanded on the node
    run -3 pifarm run --all -- 'hostname; [ $(hostname) = n1 ] || exit 3'
    says "n1  n1"
    says "n2  n2"
}

@test "cp copies to many nodes and back" {
    echo "some text" >sent
    run -0 pifarm cp sent 'n[1-2]:/tmp/received'
    run -0 pifarm run --all -- cat /tmp/received
    says "n2  some text"
    run -0 pifarm cp n2:/tmp/received back
    cmp sent back
}

@test "the console takes a line and answers" {
    mkfifo "$BATS_TEST_TMPDIR/keys"
    pifarm console n1 <"$BATS_TEST_TMPDIR/keys" >"$BATS_TEST_TMPDIR/screen" 2>&1 &
    console=$!
    cleanup kill "$console"
    exec 7>"$BATS_TEST_TMPDIR/keys"
    printf '\r' >&7
    run -0 timeout 30 sh -c "tail -f -n +1 '$BATS_TEST_TMPDIR/screen' | grep -q -m1 'n1 /dev/ttyS1'"
    exec 7>&-
    wait "$console"
}

@test "the log has the kernel's words and the login prompt" {
    run -0 pifarm log n2
    says "Linux version"
    says "login:"
    run -0 pifarm log n2 --events
    says "ready"
}

@test "the netboot log and the leases have their addresses" {
    run -0 pifarm netboot log n1
    says "ack 10.78.0.11"
    [ "$(pifarm netboot leases --json | jq -r '.leases[] | "\(.node) \(.address)"')" = 'n1 10.78.0.11
n2 10.78.0.12' ]
}

@test "wait for ping and for words on the console" {
    run -0 pifarm wait --for=ping --timeout 30 --all
    run -0 pifarm wait --for='console:Linux version [0-9]' --timeout 30 n1
    fails_with 8 pifarm wait --for='console:never printed' --timeout 1 n1
    says "n1 (ready)"
}

@test "a second up is refused with exit status 5" {
    fails_with 5 pifarm up --all
    says "n1, n2 are on already"
}

@test "a guest's reboot goes through a new start and comes back" {
    before=$(pifarm show n2 --json | jq .boot.number)
    next_boot n2 pifarm ssh n2 reboot
    run -0 pifarm wait n2 --timeout 120
    [ "$(pifarm show n2 --json | jq .boot.number)" -gt "$before" ]
    [ "$(pifarm ssh n2 hostname)" = n2 ]
}

@test "a killed daemon stops no node, and the next command finds them" {
    uptime_before=$(pifarm ssh n1 cut -d. -f1 /proc/uptime)
    pid=$(daemon_pid)
    kill -KILL "$pid"
    run -0 pifarm wait --all --timeout 30
    [ "$(daemon_pid)" != "$pid" ]
    [ "$(state_of n1)" = ready ]
    [ "$(pifarm ssh n1 cut -d. -f1 /proc/uptime)" -ge "$uptime_before" ]
    run -0 ssh -o BatchMode=yes -i key -p 5701 -o UserKnownHostsFile="$PIFARM_STATE_DIR/farms/bats/known_hosts" \
        root@127.0.0.1 true
}

@test "a guest's power-off ends its machine; up turns it on again with what it had written" {
    pifarm ssh n2 'echo kept >file; sync'
    pifarm ssh n2 poweroff || true
    await_event n2 halted
    [ "$(state_of n2)" = halted ]
    fails_with 1 pifarm wait n2
    says "n2: halted"
    run -0 pifarm up n2 --wait --timeout 120
    [ "$(pifarm ssh n2 cat file)" = kept ]
}

@test "commands on cards leave a running node alone, and its start a card that is worked on" {
    fails_with 7 pifarm clone reset n1
    says "node 'n1' is ready; first: pifarm down n1"
    run -0 pifarm down n2 --now
    exec 8>"$PIFARM_STATE_DIR/farms/bats/cards/n2.qcow2.lock"
    flock 8
    fails_with 7 pifarm up n2
    says 'n2.qcow2 is being worked on by another process'
    exec 8>&-
    run -0 pifarm up n2 --wait --timeout 120
}

@test "the base image is unchanged after all this" {
    run -0 sha256sum --check "$BATS_FILE_TMPDIR/images.sha256"
    run -0 sha256sum "$PIFARM_STATE_DIR"/images/*.img
    while read -r hash path; do
        [ "$hash.img" = "$(basename "$path")" ]
    done <<<"$output"
}

@test "down leaves no process, link or socket behind, and keeps the cards" {
    run -0 pifarm down --all
    run -1 daemon_pid
    run -1 pgrep -f "qemu-system-aarch64.*$BATS_FILE_TMPDIR"
    run -1 pgrep -f "dnsmasq.*$BATS_FILE_TMPDIR"
    run -1 pgrep -f "pifarm-netbootd.*--domain=bats"
    run -0 ip -brief link
    [ "$(wc -l <<<"$output")" -eq 1 ] # lo
    [ -z "$(ls "$PIFARM_RUNTIME_DIR"/*.sock 2>/dev/null)" ]
    [ -e "$PIFARM_STATE_DIR/farms/bats/cards/n1.qcow2" ]
    run -0 pifarm down --all
    run -0 pifarm down --all --purge
    [ ! -e "$PIFARM_STATE_DIR/farms/bats" ]
}
