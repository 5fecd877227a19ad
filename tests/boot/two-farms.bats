#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Two farms on one host at the same time, a guest each, of the same name: neither notices the other.

load ../lib/common
load ../lib/farm

setup_file() {
    own_farm tiny 1 root
    export OTHER_DIR="$BATS_FILE_TMPDIR/other"
    mkdir "$OTHER_DIR"
    cp key key.pub "$OTHER_DIR/"
    sed 's/^farm: bats/farm: other/; s/pfbats0/pfbats1/; s|10.78.0.0/24|10.79.0.0/24, ssh-ports: 5800|' farm.yaml \
        >"$OTHER_DIR/farm.yaml"
    pifarm up --all
    other up --all --wait=ssh --timeout 240
    pifarm wait --all --timeout 240
}

teardown_file() {
    other down --all --now --purge >/dev/null 2>&1 || true
    farm_down
}

setup() {
    cd "$FARM_DIR"
}

# other ARGUMENT...: pifarm, of the other farm.
other() {
    pifarm --file "$OTHER_DIR/farm.yaml" "$@"
}

# What does not change by itself.
network_of_bats() {
    ip -brief address show dev pfbats0
    ip -brief link show master pfbats0
    nft --stateless list table bridge pifarm_bats
}

@test "each farm's n1 is reached by name, by address and by its forward" {
    [ "$(pifarm ssh n1 ip -4 -o address show eth0 | grep -o '10\.7[89]\.0\.[0-9]*/')" = 10.78.0.11/ ]
    [ "$(other ssh n1 ip -4 -o address show eth0 | grep -o '10\.7[89]\.0\.[0-9]*/')" = 10.79.0.11/ ]
    for farm in bats:5701 other:5801; do
        run -0 ssh -o BatchMode=yes -i key -p "${farm#*:}" root@127.0.0.1 \
            -o UserKnownHostsFile="$PIFARM_STATE_DIR/farms/${farm%:*}/known_hosts" cat /etc/resolv.conf
        says "${farm%:*}"
    done
    [ "$(pifarm ssh n1 cat /etc/machine-id)" != "$(other ssh n1 cat /etc/machine-id)" ]
}

@test "neither knows the other's names, or reaches its addresses" {
    run -0 pifarm ssh n1 ping -c 1 -W 5 n1.bats
    run ! pifarm ssh n1 ping -c 1 -W 2 n1.other
    says "bad address 'n1.other'"
    run ! pifarm ssh n1 ping -c 1 -W 2 10.79.0.11
    run -0 other ssh n1 ping -c 1 -W 5 n1.other
    run ! other ssh n1 ping -c 1 -W 2 n1.bats
    says "bad address 'n1.bats'"
    run ! other ssh n1 ping -c 1 -W 2 10.78.0.11
}

@test "a third farm that wants what one of them has is told whose it is" {
    sed 's/^farm: bats/farm: third/; s/pfbats0/pfbats2/' farm.yaml >third.yaml
    fails_with 7 pifarm --file third.yaml up n1
    says "farm 'bats'"
    says '5701'
    sed -i 's|10.78.0.0/24|10.78.0.0/24, ssh-ports: 5900|' third.yaml
    fails_with 7 pifarm --file third.yaml up n1
    says "farm 'bats'"
    says '10.78.0'
    sed -i 's|10.78.0.0/24|10.80.0.0/24|; s/pfbats2/pfbats1/' third.yaml
    fails_with 7 pifarm --file third.yaml up n1
    says "farm 'other'"
    says pfbats1
    [ "$(state_of n1) $(other list --json | jq -r '.nodes[0].state')" = 'ready ready' ]
    run -1 pgrep -f "pifarmd --farm $FARM_DIR/third.yaml"
}

@test "one that is taken down, or whose daemon is killed, leaves the other as it is" {
    uptime=$(pifarm ssh n1 cut -d. -f1 /proc/uptime)
    before=$(network_of_bats)
    kill -KILL "$(pgrep -f "pifarmd --farm $OTHER_DIR/farm.yaml")"
    run -0 pifarm run --all -- true
    run -0 other down --all
    diff <(network_of_bats) - <<<"$before"
    run -1 ip link show dev pfbats1
    run ! nft list table bridge pifarm_other
    [ "$(pifarm ssh n1 cut -d. -f1 /proc/uptime)" -ge "$uptime" ]
    run -0 pifarm ssh n1 ping -c 1 -W 5 n1.bats
    run -0 other up --all --wait --timeout 120
    run -0 other ssh n1 hostname
}
