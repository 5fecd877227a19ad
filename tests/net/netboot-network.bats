#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# What the DHCP server says besides addresses, and what it notices on the network.
load ../lib/common.bash
load ../lib/netboot.bash

setup() {
    network_up
    cd "$BATS_TEST_TMPDIR"
}

serve() { netbootd --interface nb0 --dhcp 10.9.0.50-10.9.0.60 "$@"; }

# udhcpc OPTION...: asks; prints address, ntp servers, MTU and boot file.
udhcpc() {
    # shellcheck disable=SC2016 # expanded by the script
    printf '%s\n' '#!/bin/sh' '[ "$1" = bound ] || exit 0' 'echo "$ip $ntpsrv $mtu $boot_file"' \
        >"$BATS_TEST_TMPDIR/script"
    chmod +x "$BATS_TEST_TMPDIR/script"
    in_client busybox udhcpc -f -q -n -t 2 -T 2 -i nb1 -O ntpsrv -O mtu -s "$BATS_TEST_TMPDIR/script" "$@" 2>/dev/null
}

@test "options by name and number reach udhcpc, the closest ones" {
    serve --option ntp-server=10.9.0.7,10.9.0.8 --option b8:27:eb,26=1400 --option 02,mtu=1300
    [[ $(udhcpc) == '10.9.0.'*' 10.9.0.7 10.9.0.8 1400 ' ]]
    in_client ip link set nb1 address 02:00:00:00:00:09
    [[ $(udhcpc) == '10.9.0.'*' 10.9.0.7 10.9.0.8 1300 ' ]]
}

@test "an address by client identifier" {
    serve --host id:0x0102=10.9.0.20
    [[ $(udhcpc -C -x 0x3d:0102) == '10.9.0.20 '* ]]
    [[ $(udhcpc -C) == '10.9.0.'* ]]
}

@test "PXE firmware gets the boot file of its architecture" {
    serve --boot-file other.0 --boot-file arm64-efi=grubaa64.efi
    [[ $(udhcpc -V PXEClient:Arch:00011:UNDI:003000) == *' grubaa64.efi' ]]
    [[ $(udhcpc -V PXEClient:Arch:00000:UNDI:002001) == *' other.0' ]]
}

@test "port 4011 says what to boot, beside a server that gives addresses" {
    netbootd --interface nb0 --dhcp proxy --boot-file x64-efi=x64.efi
    in_client ip address add 10.9.0.2/24 dev nb1
    in_client "$PIFARM_SOURCE/tests/lib/pxe-ask" nb1 10.9.0.1 >said
    [ "$(cat said)" = 'ack x64.efi 10.9.0.1' ]
    event ack '.profile == "pxe"'
}

@test "an address that somebody has is not offered, and it is said who has it" {
    serve --dhcp 10.9.0.50-10.9.0.51
    in_client ip link add mv0 link nb1 address 02:00:00:00:00:77 type macvlan mode bridge
    in_client ip link set mv0 up
    in_client ip address add 10.9.0.50/24 dev mv0
    in_client sysctl -qw net.ipv4.conf.all.arp_ignore=1
    [[ $(udhcpc -r 10.9.0.50) == '10.9.0.51 '* ]]
    event conflict '.address == "10.9.0.50" and .mac == "02:00:00:00:00:77"'
}

@test "with --no-probe nobody is asked who has an address" {
    serve --dhcp 10.9.0.50-10.9.0.51 --no-probe
    in_client ip link add mv0 link nb1 address 02:00:00:00:00:77 type macvlan mode bridge
    in_client ip link set mv0 up
    in_client ip address add 10.9.0.50/24 dev mv0
    in_client sysctl -qw net.ipv4.conf.all.arp_ignore=1
    in_client timeout 20 tcpdump -U -i nb1 -w arps arp 2>heard &
    cleanup kill $!
    until grep -q listening heard; do :; done
    [[ $(udhcpc -r 10.9.0.50) == '10.9.0.50 '* ]]
    kill $!
    wait $! || true
    [ "$(tcpdump -nr arps 2>/dev/null | grep -c 'who-has 10.9.0.50')" = 0 ]
}

@test "another DHCP server is noticed by its answer to our own question" {
    in_client ip address add 10.9.0.2/24 dev nb1
    start_in_client dnsmasq --keep-in-foreground --conf-file=/dev/null --port=0 --interface=nb1 --no-ping --leasefile-ro \
        --dhcp-range=10.9.0.200,10.9.0.210 --pid-file= >rival 2>&1
    until in_client ss -Hlun 'sport = 67' | grep -q 67; do :; done
    serve
    event other-server '.address == "10.9.0.2"'
}

@test "another DHCP server is noticed when a client chooses it" {
    serve --deny 00:00:00:00:00:00/1
    in_client "$PIFARM_SOURCE/tests/lib/dhcp-say" nb1 request 10.9.0.50 10.9.0.3
    event other-server '.address == "10.9.0.3"'
}

@test "a node that keeps asking and fetches nothing is said, once" {
    root_up
    put bootcode.bin 100
    serve --root "$ROOT" --host b8:27:eb:64:24:7d=10.9.0.11
    rom() {
        in_client socat -u - UDP4-DATAGRAM:255.255.255.255:67,broadcast,so-bindtodevice=nb1,bind=0.0.0.0:68 \
            <"$PIFARM_SOURCE/tests/data/fuzz-dhcp/rom"
    }
    for _ in 1 2 3 4; do rom; done
    in_client ip address add 10.9.0.11/24 dev nb1
    in_client curl -s -o got tftp://10.9.0.1/bootcode.bin
    event sent
    for _ in 1 2 3 4 5 6 7; do rom; done
    until [ "$(grep -c '"event":"offer"' "$EVENTS")" = 11 ]; do :; done
    event keeps-asking '.mac == "b8:27:eb:64:24:7d" and .address == "10.9.0.11"'
    [ "$(grep -c keeps-asking "$EVENTS")" = 1 ]
}

@test "wrong options are refused with the reason" {
    fails_with 2 pifarm-netbootd --interface nb0 --dhcp static --option ntp-sever=10.9.0.1
    says "--option ntp-sever=10.9.0.1: there is no DHCP option 'ntp-sever'; did you mean 'ntp-server'?"
    fails_with 2 pifarm-netbootd --interface nb0 --dhcp static --host id:a=10.9.0.4 --host id:b=10.9.0.4
    says "--host id:b=10.9.0.4: an address is named twice"
    fails_with 2 pifarm-netbootd --interface nb0 --dhcp static --broadcast some
    says "--broadcast: 'some' is no MAC"
    fails_with 2 pifarm-netbootd --interface nb0 --dhcp static --boot-file bios=
    says '--boot-file wants a name'
}

@test "behind a relay an address belongs to the port" {
    require perfdhcp command -v perfdhcp
    in_client ip address add 10.9.0.2/24 dev nb1
    serve --host port:eth3=10.9.0.13,n3 --host port:eth4=10.9.0.14
    # circuit eth3, then eth4, then a port that nobody named
    in_client perfdhcp -4 -l nb1 -R 1 -n 1 -W 500000 -o 82,010465746833 10.9.0.1 >perf || true
    event ack '.address == "10.9.0.13"'
    in_client perfdhcp -4 -l nb1 -R 1 -n 1 -W 500000 -o 82,010465746834 10.9.0.1 >perf || true
    event ack '.address == "10.9.0.14"'
    in_client perfdhcp -4 -l nb1 -R 1 -n 1 -W 500000 -o 82,010465746839 10.9.0.1 >perf || true
    event ack '.address | test("^10.9.0.5[0-9]|^10.9.0.60")'
}

@test "a thousand clients that never acknowledge take all offers, and no address that is somebody's own" {
    require perfdhcp command -v perfdhcp
    in_client ip address add 10.9.0.2/24 dev nb1
    serve --host b8:27:eb:64:24:7d=10.9.0.11
    in_client perfdhcp -4 -i -l nb1 -R 1000 -n 1000 -r 500 -W 200000 10.9.0.1 >perf || true
    event discover '.message == "no address is left"' >/dev/null
    [ "$(jq -r 'select(.event == "offer").address' "$EVENTS" | sort -u | wc -l)" = 11 ]
    in_client ip address flush dev nb1
    [[ $(udhcpc) == '10.9.0.11 '* ]]
    [ "$(awk '/^VmRSS/ { print $2 }' "/proc/$NETBOOTD/status")" -lt 65536 ]
}

@test "an interface that goes and comes back is served again, with all leases" {
    root_up
    put file 100000
    netbootd --interface nb0 --dhcp 10.9.0.50-10.9.0.99 --root "$ROOT" -p -t -H
    got=$(udhcpc -r 10.9.0.77)
    [[ $got == '10.9.0.77 '* ]]
    for turn in 1 2; do
        ip link del nb0
        event interface-gone
        cable_up
        until [ "$(grep -c interface-back "$EVENTS")" = "$turn" ]; do kill -0 "$NETBOOTD"; done
        [ "$(udhcpc)" = "$got" ]
        in_client ip address add 10.9.0.77/24 dev nb1
        in_client curl -s -m 20 -o by-tftp tftp://10.9.0.1/file
        in_client curl -s -m 20 -o by-http http://10.9.0.1/file
        cmp by-tftp "$ROOT/file"
        cmp by-http "$ROOT/file"
    done
}

@test "an interface that comes back with another address waits for its own" {
    serve
    ip link del nb0
    event interface-gone
    ip link add nb0 type veth peer name nb1 address b8:27:eb:64:24:7d netns "$CLIENT"
    ip address add 10.9.9.1/24 dev nb0
    ip link set nb0 up
    in_client ip link set nb1 up
    fails_with 1 udhcpc
    ip address add 10.9.0.1/24 dev nb0
    ip address del 10.9.9.1/24 dev nb0
    event interface-back
    [[ $(udhcpc) == '10.9.0.'* ]]
}

@test "a link that is down for a while is served on" {
    serve
    ip link set nb0 down
    ip link set nb0 up
    ip address add 10.9.0.1/24 dev nb0 2>/dev/null || true
    [[ $(udhcpc) == '10.9.0.'* ]]
    [ "$(grep -c interface "$EVENTS")" = 1 ]
}

@test "with the server ends who watches its interface" {
    serve
    watcher=$(pgrep -P "$NETBOOTD")
    kill -9 "$NETBOOTD"
    while kill -0 "$watcher" 2>/dev/null; do :; done
    wait "$NETBOOTD" || true
    serve
}

@test "a port that is taken is named" {
    serve
    fails_with 7 pifarm-netbootd --interface nb0 --dhcp static
    says 'cannot serve DHCP on nb0 port 67: Address already in use'
}
