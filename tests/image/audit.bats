#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# pifarm audit on cards as the daemon makes them, and as somebody made them who copied too much. Nothing boots.
load ../lib/common

bats_require_minimum_version 1.5.0

setup() {
    own_folders
    cd "$BATS_TEST_TMPDIR"
    unset PIFARM_FILE
    PATH=$PATH:/usr/sbin:/sbin
    require 'root and /dev/fuse' test -w /dev/fuse -a "$(id -u)" -eq 0
    cat >farm.yaml <<'END'
farm: audit
lan: { subnet: 10.78.0.0/24 }
images: { base: {} }
nodes:
  - { name: "n[1-4]", id: 1, image: base }
END
    folder=$PIFARM_STATE_DIR/farms/audit
    mkdir -p boot root/etc/ssh root/var/lib/systemd root/var/lib/dbus root/etc/network/interfaces.d "$folder/cards"
    printf base >root/etc/hostname
    : >root/etc/machine-id
    make_base
}

make_base() {
    "$PIFARM_SOURCE/tests/lib/make-small-card" base.img boot root
    pifarm image import base.img --name base --replace >/dev/null
    hash=$(sha256sum base.img | cut -d ' ' -f 1)
}

# make_node NUMBER: its card and its line in known_hosts, as the daemon does.
make_node() {
    jq -nc --arg store "$PIFARM_STATE_DIR/images" --arg image "$hash" --arg clone "$(card "n$1")" --arg name "n$1" --arg id "$1" \
        '{store: $store, image: $image, clone: $clone, size: 0, hostname: $name,
          node_env: "NODE=\($name)\nID=\($id)\nADDRESS=10.78.0.1\($id)\nFARM=audit\n"}' | pifarm-card >answer
    [ "$(cat answer)" = '{"is_new":true,"notes":[]}' ]
    echo "n$1,10.78.0.1$1,[127.0.0.1]:570$1 $(cat "$(card "n$1").pub")" >>"$folder/known_hosts"
}

card() {
    echo "$folder/cards/$1.qcow2"
}

# change NODE REQUEST...: debugfs' requests on the root of its card.
change() {
    local file
    file=$(card "$1")
    qemu-img convert -O raw "$file" raw.img
    printf '%s\n' "${@:2}" | debugfs -w -f /dev/stdin "raw.img?offset=$((41 << 20))" >/dev/null 2>&1
    qemu-img convert -O qcow2 raw.img "$file"
}

findings() {
    jq -r '.findings[] | "\(.problem)|\(.what)|\(.nodes | join(" "))"'
}

@test "nodes made by the daemon share nothing, though their base has been booted" {
    echo 0123456789abcdef0123456789abcdef >root/var/lib/dbus/machine-id
    head -c 512 /dev/urandom >root/var/lib/systemd/random-seed
    ssh-keygen -q -t rsa -N '' -f root/etc/ssh/ssh_host_rsa_key
    make_base
    for node in 1 2 3; do make_node "$node"; done
    run -1 pifarm audit
    [ "${#lines[@]}" -eq 2 ]
    [[ ${lines[1]} =~ ^in\ the\ image\ +machine-id\ +0123456789abcdef0123456789abcdef\ +base$ ]]
    rm -r root/var/lib/dbus/machine-id "$PIFARM_STATE_DIR" && own_folders && mkdir -p "$folder/cards"
    make_base
    for node in 1 2 3; do make_node "$node"; done
    run -0 pifarm audit
    [ "$output" = '3 cards read: nothing is shared' ]
    run -0 pifarm audit n[3-4] --json
    [ "$(jq -c '[.findings, .read, .without_card, .unreadable]' <<<"$output")" = '[[],["n3"],["n4"],[]]' ]
}

@test "dropbear's host keys of the image do not come along, and nodes share none" {
    mkdir root/etc/dropbear
    for kind in rsa ecdsa ed25519; do
        dropbearkey -t $kind -f root/etc/dropbear/dropbear_${kind}_host_key >/dev/null 2>&1
    done
    make_base
    for node in 1 2; do make_node "$node"; done
    run -0 pifarm audit
    qemu-img convert -O raw "$(card n1)" raw.img
    [ "$(debugfs -R 'ls -p /etc/dropbear' "raw.img?offset=$((41 << 20))" 2>/dev/null | cut -d / -f 3,6 | grep key)" = \
        100600/dropbear_ed25519_host_key ]
    debugfs -R "dump /etc/dropbear/dropbear_ed25519_host_key key" "raw.img?offset=$((41 << 20))" 2>/dev/null
    [ "$(dropbearkey -y -f key | awk '/^ssh-/ {print $2}')" = "$(awk '{print $2}' "$(card n1).pub")" ]
}

@test "a card copied for another node is found by all that they share" {
    make_node 1
    make_node 2
    make_node 3
    cp "$(card n1)" "$(card n2)"
    run -1 pifarm audit --json
    [ "$(findings <<<"$output")" = 'shared|SSH host key|n1 n2
shared|address|n1 n2
shared|host name|n1 n2
shared|machine-id|n1 n2
shared|node|n1 n2
shared|node ID|n1 n2
unlike farm.yaml|address|n2
unlike farm.yaml|node|n2
unlike farm.yaml|node ID|n2
unlike known_hosts|SSH host key|n2' ] || { findings <<<"$output" && false; }
    run -1 pifarm audit n1 n2
    [[ ${lines[0]} =~ ^PROBLEM\ +WHAT\ +VALUE\ +NODES$ ]]
    [[ $output =~ shared\ +SSH\ host\ key\ +ssh-ed25519\ SHA256: ]]
}

@test "a seed, a DUID and an address given to two nodes by hand are found" {
    make_node 1
    make_node 2
    make_node 3
    echo seed >seed
    printf 'iface eth0 inet static\n  address 10.78.0.13/24\n  hwaddress ether B8:27:EB:11:22:33\n' >lan
    printf 'default-duid "\\000\\001x";\nlease {\n}\n' >leases
    for node in n1 n2; do
        change $node 'write seed /var/lib/systemd/random-seed' 'write lan /etc/network/interfaces.d/lan' \
            'mkdir /var/lib/dhcp' 'write leases /var/lib/dhcp/dhclient.eth0.leases'
    done
    run -1 pifarm audit --json
    [ "$(findings <<<"$output")" = 'shared|DHCP DUID|n1 n2
shared|MAC|n1 n2
shared|address|n3 n1 n2
shared|random seed|n1 n2' ] || { findings <<<"$output" && false; }
}

@test "a card in use is read as it is, and keeps no machine from opening it" {
    make_node 1
    qemu-storage-daemon --daemonize --pidfile "$BATS_TEST_TMPDIR/pid" \
        --blockdev "driver=qcow2,node-name=card,file.driver=file,file.filename=$(card n1)"
    cleanup kill "$(cat "$BATS_TEST_TMPDIR/pid")"
    run -0 pifarm audit
    [ "$output" = '1 card read: nothing is shared' ]
}

@test "a root that was not shut down cleanly is read" {
    make_node 1
    make_node 2
    change n1 'feature needs_recovery'
    cp "$(card n1)" "$(card n3)"
    run -1 pifarm audit --json
    says '"machine-id"'
    [ "$(jq -c .read <<<"$output")" = '["n1","n2","n3"]' ]
}

@test "a card that cannot be read is named, and the others are looked at all the same" {
    make_node 1
    make_node 2
    cp "$(card n1)" "$(card n3)"
    printf 'QFI\xfb and no more' >"$(card n2)"
    run -1 --separate-stderr pifarm audit
    says machine-id
    # shellcheck disable=SC2154 # set by run --separate-stderr
    [[ $stderr == *"n2: cannot open the card $(card n2)"* ]]
}

@test "what a hostile card says does not reach the terminal" {
    make_node 1
    printf '\033[2Jname' >name
    change n1 'rm /etc/hostname' 'write name /etc/hostname'
    cp "$(card n1)" "$(card n2)"
    run -1 pifarm audit
    [[ $output == *'?[2Jname'* ]]
    [[ $output != *$'\033'* ]]
}

teardown() {
    run_cleanups
}
