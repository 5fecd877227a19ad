#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Who the DHCP server serves: rules, strangers, an HTTP server that is asked, and those who are told.
load ../lib/common.bash
load ../lib/netboot.bash

setup() {
    network_up
    cd "$BATS_TEST_TMPDIR"
}

serve() { netbootd --interface nb0 --dhcp 10.9.0.50-10.9.0.99 "$@"; }

# udhcpc: asks; prints address and the host name it was given.
udhcpc() {
    # shellcheck disable=SC2016 # expanded by the script
    printf '%s\n' '#!/bin/sh' '[ "$1" = bound ] || exit 0' 'echo "$ip $hostname"' >"$BATS_TEST_TMPDIR/script"
    chmod +x "$BATS_TEST_TMPDIR/script"
    in_client busybox udhcpc -f -q -n -t 2 -T 1 -i nb1 -O hostname -s "$BATS_TEST_TMPDIR/script" 2>/dev/null
}

# rom: says the boot ROM's DISCOVER.
rom() {
    in_client socat -u - UDP4-DATAGRAM:255.255.255.255:67,broadcast,so-bindtodevice=nb1,bind=0.0.0.0:68 \
        <"$PIFARM_SOURCE/tests/data/fuzz-dhcp/rom"
}

auth_up() {
    mkdir auth
    "$PIFARM_SOURCE/tests/lib/auth-server" auth >port 3>&- &
    cleanup kill $!
    until [ -s port ]; do kill -0 $!; done
    AUTH=http://127.0.0.1:$(cat port)
}

@test "a denied vendor gets nothing, its one allowed MAC does" {
    serve --deny b8:27:eb
    fails_with 1 udhcpc
    event discover '.message == "this client is denied"'
    stop_netbootd
    serve --deny b8:27:eb --allow b8:27:eb:64:24:7d
    [[ $(udhcpc) == 10.9.0.* ]]
}

@test "with some allowed others are ignored, unless strangers are offered addresses" {
    serve --allow 02:00:00:00:00:00/8
    fails_with 1 udhcpc
    in_client ip link set nb1 address 02:00:00:00:00:09
    [[ $(udhcpc) == 10.9.0.* ]]
    stop_netbootd
    in_client ip link set nb1 address b8:27:eb:64:24:7d
    serve --allow 02:00:00:00:00:00/8 --unknown offer
    [[ $(udhcpc) == 10.9.0.* ]]
}

@test "a UUID is known by the ROM's words" {
    serve --allow 7d246455-7d24-6455-7d24-64557d246455
    fails_with 1 udhcpc
    rom
    event offer '.serial == "5564247d"'
    [[ $(udhcpc) == 10.9.0.* ]]
}

@test "an adopted Pi has its address for good, over restarts" {
    serve --unknown adopt --leases "$PWD/leases"
    rom
    event offer .adopted
    address=$(udhcpc)
    grep -q "^9223372036854775807 b8:27:eb:64:24:7d ${address% }\$" leases
    kill -9 "$NETBOOTD"
    wait "$NETBOOTD" || true
    serve --unknown adopt --leases "$PWD/leases"
    [ "$(udhcpc)" = "$address" ]
    grep -q "^9223372036854775807 b8:27:eb:64:24:7d ${address% }\$" leases
}

@test "an HTTP server decides, and names the client" {
    auth_up
    serve --auth-url "$AUTH/boot/" --auth-remember 0
    fails_with 1 udhcpc
    event discover '.message == "the HTTP server refuses this client"'
    grep -qx 'GET /boot/dhcp?mac=B8:27:EB:64:24:7D' auth/.log
    mkdir auth/boot
    echo 'client: n7' >auth/boot/dhcp
    [[ $(udhcpc) == 10.9.0.*' n7' ]]
    rom
    event discover '.profile == "pi-3b-plus" and .message == "the HTTP server refuses this client"'
    grep -q 'GET /boot/pxe?mac=B8:27:EB:64:24:7D&uuid=7D246455-7D24-6455-7D24-64557D246455&ip=10.9.0' auth/.log
    echo >auth/boot/pxe
    rom
    event offer '.profile == "pi-3b-plus"'
}

@test "a renewal that the HTTP server refuses is refused to the client" {
    auth_up
    echo >auth/dhcp
    serve --auth-url "$AUTH" --auth-remember 0
    address=$(udhcpc)
    rm auth/dhcp
    in_client "$PIFARM_SOURCE/tests/lib/dhcp-say" nb1 request "${address% }"
    event nak '.message == "the HTTP server refuses this client"'
}

@test "while the HTTP server is silent others are served, and then it is said" {
    root_up
    put file 100
    auth_up
    touch auth/.stall
    serve --root "$ROOT" --auth-url "$AUTH" --auth-timeout 2
    udhcpc >got &
    until grep -q GET auth/.log 2>/dev/null; do :; done
    in_client ip address add 10.9.0.2/24 dev nb1
    in_client curl -s -m 1 -o got-file tftp://10.9.0.1/file
    cmp got-file "$ROOT/file"
    event failed '.service == "http"'
    event discover '.message | test("did not say")'
    wait $! || true
    [ ! -s got ]
}

@test "an HTTP server that is not there refuses nobody for good" {
    serve --auth-url http://127.0.0.1:1/
    fails_with 1 udhcpc
    event failed '.message | test("127.0.0.1:1/")'
    event discover '.message | test("did not say")'
}

@test "boots, leases and releases are told by UDP and by HTTP" {
    auth_up
    socat -u UDP4-RECV:7777,bind=127.0.0.1 CREATE:told 3>&- &
    cleanup kill $!
    until ss -Hlun 'sport = 7777' | grep -q 7777; do :; done
    serve --notify 127.0.0.1:7777 --notify "$AUTH/told"
    rom
    event offer
    address=$(udhcpc) address=${address% }
    in_client "$PIFARM_SOURCE/tests/lib/dhcp-say" nb1 release "$address"
    event release
    until [ "$(wc -l <auth/.log)" -ge 3 ]; do :; done
    client=7D246455-7D24-6455-7D24-64557D246455,B8:27:EB:64:24:7D,$address
    [ "$(cat told)" = "BOOT,${client}LEASE,${client}RELEASE,$client" ]
    for name in BOOT LEASE RELEASE; do
        grep -q "POST /told {\"event\":\"$name\",\"mac\":\"b8:27:eb:64:24:7d\",\"address\":\"$address\"" auth/.log
    done
}

@test "without its HTTP client the server ends and says why" {
    auth_up
    serve --auth-url "$AUTH"
    kill -9 "$(pgrep -P "$NETBOOTD" -f pifarm-netboot-ask)"
    event failed '.message | test("HTTP client has ended")'
    status=0
    wait "$NETBOOTD" || status=$?
    [ "$status" = 1 ]
}

@test "the HTTP client ends with a server that is killed" {
    auth_up
    serve --auth-url "$AUTH"
    broker=$(pgrep -P "$NETBOOTD" -f pifarm-netboot-ask)
    kill -9 "$NETBOOTD"
    while kill -0 "$broker" 2>/dev/null; do :; done
}

@test "wrong options are refused with the reason" {
    fails_with 2 pifarm-netbootd --interface nb0 --dhcp static --allow b8:27:e
    says "--allow: 'b8:27:e' is no MAC"
    fails_with 2 pifarm-netbootd --interface nb0 --dhcp static --unknown some
    says "--unknown: 'some' is none of ignore, offer and adopt"
    fails_with 2 pifarm-netbootd --interface nb0 --dhcp static --auth-url 10.9.0.1
    says "--auth-url wants http://"
    fails_with 2 pifarm-netbootd --interface nb0 --dhcp static --auth-url http://10.9.0.1 --auth-paths pxe
    says "--auth-paths wants"
    fails_with 2 pifarm-netbootd --interface nb0 --dhcp static --notify 10.9.0.1
    says "--notify wants ADDRESS:PORT"
}
