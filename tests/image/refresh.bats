#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Cards of nodes that farm.yaml has changed: rewritten before they start, as a whole or not at all. Nothing boots.
load ../lib/common

ROUNDS=10

setup() {
    own_folders
    cd "$BATS_TEST_TMPDIR"
    unset PIFARM_FILE
    PATH=$PATH:/usr/sbin
    require 'root and /dev/fuse' test -w /dev/fuse -a "$(id -u)" -eq 0
    mkdir -p boot root/etc/{ssh,network,pifarm/templates/etc} cards
    echo arm_64bit=1 >boot/config.txt
    touch root/etc/machine-id
    printf 'auto eth0\niface eth0 inet dhcp\n' >root/etc/network/interfaces
    echo /etc/app.conf >root/etc/pifarm/templates.list
    echo 'I am {node}' >root/etc/pifarm/templates/etc/app.conf
    "$PIFARM_SOURCE/tests/lib/make-small-card" base.img boot root
    pifarm image import base.img --name base >/dev/null
    hash=$(sha256sum base.img | cut -d ' ' -f 1)
}

# start NAME ADDRESS [static]: what is done before the node starts; its answer is in $output.
start() {
    local lan=null
    [ "${3:-}" != static ] || lan="{\"address\": \"$2/24\", \"gateway\": \"10.78.0.1\", \"mac\": \"b8:27:eb:00:00:01\"}"
    jq -nc --arg store "$PIFARM_STATE_DIR/images" --arg image "$hash" --arg clone "$PWD/cards/n1.qcow2" --arg name "$1" --arg address "$2" \
        --argjson lan "$lan" '{store: $store, image: $image, clone: $clone, size: 0, hostname: $name,
            node_env: "NODE=\($name)\nADDRESS=\($address)\n"} + if $lan then {lan: $lan} else {} end' >job
    run -0 pifarm-card <job
}

# on_card PATH...: contents of files on the card, which must be sound.
on_card() {
    local file
    qemu-img check -q cards/n1.qcow2
    qemu-img convert -O raw cards/n1.qcow2 raw.img
    e2fsck -fn "raw.img?offset=$((41 << 20))" >/dev/null 2>&1
    for file; do debugfs -R "cat $file" "raw.img?offset=$((41 << 20))" 2>/dev/null; done
}

@test "a card is rewritten when farm.yaml has changed, and keeps its machine ID and host key" {
    start n1 10.78.0.11
    [ "$output" = '{"is_new":true,"notes":[]}' ]
    on_card /etc/machine-id /etc/ssh/ssh_host_ed25519_key >kept
    start pi1 10.78.0.99
    [ "$output" = '{"is_new":false,"notes":["rewritten as farm.yaml says now"]}' ]
    [ "$(on_card /etc/hostname /etc/pifarm/node.env /etc/app.conf)" = $'pi1\nNODE=pi1\nADDRESS=10.78.0.99\nI am pi1' ]
    on_card /etc/machine-id /etc/ssh/ssh_host_ed25519_key | cmp - kept
    [ "$(ls cards)" = $'n1.qcow2\nn1.qcow2.note\nn1.qcow2.pub' ]
}

@test "a card is left alone when nothing has changed, and looked at when somebody has put another there" {
    start n1 10.78.0.11
    stat -c '%i %y' cards/n1.qcow2 >before
    start n1 10.78.0.11
    [ "$output" = '{"is_new":false,"notes":[]}' ]
    stat -c '%i %y' cards/n1.qcow2 | cmp - before
    cp cards/n1.qcow2 copy && mv copy cards/n1.qcow2
    start n1 10.78.0.11
    says rewritten
}

@test "a fixed address comes and goes" {
    start n1 10.78.0.11 static
    says '/etc/network/interfaces: 10.78.0.11/24, for ifupdown'
    [[ $(on_card /etc/network/interfaces) == *$'\niface eth0 inet static\n    address 10.78.0.11/24\n    gateway 10.78.0.1\n'* ]]
    start n1 10.78.0.12 static
    says 'for ifupdown'
    [ "$(on_card /etc/network/interfaces | grep address)" = '    address 10.78.0.12/24' ]
    start n1 10.78.0.12
    [ "$(on_card /etc/network/interfaces)" = $'auto eth0\niface eth0 inet dhcp' ]
}

@test "a system that cannot have a fixed address gets no card, one that has a card stays as it is" {
    start n1 10.78.0.11
    rm root/etc/network/interfaces
    "$PIFARM_SOURCE/tests/lib/make-small-card" base.img boot root
    pifarm image import base.img --name other >/dev/null
    hash=$(sha256sum base.img | cut -d ' ' -f 1)
    mv cards/n1.qcow2 kept
    start n1 10.78.0.11 static
    says 'none of NetworkManager, systemd-networkd, dhcpcd and ifupdown'
    [ ! -e cards/n1.qcow2 ]
    start n1 10.78.0.11
    start n1 10.78.0.11 static
    says 'not as farm.yaml says now: '
    [ "$(on_card /etc/hostname)" = n1 ]
    [ ! -e cards/n1.qcow2.new ]
}

@test "a card whose power was cut is mended first" {
    start n1 10.78.0.11
    qemu-img convert -O raw cards/n1.qcow2 raw.img
    debugfs -w -R 'feature needs_recovery' "raw.img?offset=$((41 << 20))" 2>/dev/null
    qemu-img convert -O qcow2 raw.img cards/n1.qcow2
    start n1 10.78.0.12
    says rewritten
    [ "$(on_card /etc/pifarm/node.env)" = $'NODE=n1\nADDRESS=10.78.0.12' ]
}

@test "a card in use is not touched" {
    start n1 10.78.0.11
    qemu-storage-daemon --daemonize --pidfile "$BATS_TEST_TMPDIR/pid" \
        --blockdev "driver=qcow2,node-name=card,file.driver=file,file.filename=$PWD/cards/n1.qcow2"
    cleanup kill "$(cat "$BATS_TEST_TMPDIR/pid")"
    sha256sum cards/n1.qcow2 >before
    start n1 10.78.0.12
    says '"busy"'
    sha256sum -c before
}

@test "killed at any moment, the card is the old one or the new one, and sound" {
    local round before after
    start n1 10.78.0.10
    for round in $(seq 11 $((10 + ROUNDS))); do
        before=$(on_card /etc/pifarm/node.env /etc/app.conf)
        start_and_kill "pi$round" "10.78.0.$round" $((RANDOM % 160))
        after=$(on_card /etc/pifarm/node.env /etc/app.conf)
        [ "$after" = "$before" ] || [ "$after" = "NODE=pi$round
ADDRESS=10.78.0.$round
I am pi$round" ] || { echo "$after" && false; }
    done
    start last 10.78.0.99
    [ "$(on_card /etc/app.conf)" = 'I am last' ]
    [ "$(ls cards)" = $'n1.qcow2\nn1.qcow2.note\nn1.qcow2.pub' ]
}

# start_and_kill NAME ADDRESS MILLISECONDS
start_and_kill() {
    jq -nc --arg store "$PIFARM_STATE_DIR/images" --arg image "$hash" --arg clone "$PWD/cards/n1.qcow2" --arg name "$1" --arg address "$2" \
        '{store: $store, image: $image, clone: $clone, size: 0, hostname: $name, node_env: "NODE=\($name)\nADDRESS=\($address)\n"}' >job
    timeout --signal=KILL "0.$(printf %03d "$3")" pifarm-card <job >/dev/null || true
    # what it started ends with it, but a moment later
    timeout 20 sh -c 'until qemu-img check -q "$0" 2>/dev/null; do :; done' cards/n1.qcow2
}
