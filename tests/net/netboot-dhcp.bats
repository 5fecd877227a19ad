#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The DHCP server as clients of other people see it, and as a Pi's boot ROM does.
load ../lib/common.bash
load ../lib/netboot.bash

setup() {
    network_up
    cd "$BATS_TEST_TMPDIR"
}

serve() { netbootd --interface nb0 "$@"; }

# udhcpc OPTION...: asks once; prints address/prefix, router, DNS server, domain and time.
udhcpc() {
    # shellcheck disable=SC2016 # expanded by the script
    printf '%s\n' '#!/bin/sh' '[ "$1" = bound ] || exit 0' \
        'echo "$ip/$mask $router $dns $domain $lease"' >"$BATS_TEST_TMPDIR/script"
    chmod +x "$BATS_TEST_TMPDIR/script"
    in_client busybox udhcpc -f -q -n -t 3 -T 1 -i nb1 -s "$BATS_TEST_TMPDIR/script" "$@" 2>/dev/null
}

@test "udhcpc gets the address of its MAC, with router, name server and domain" {
    serve --dhcp static --host b8:27:eb:64:24:7d=10.9.0.11 --router 10.9.0.1 --dns 10.9.0.2 --domain lab
    [ "$(udhcpc)" = '10.9.0.11/24 10.9.0.1 10.9.0.2 lab 3600' ]
    event ack '.mac == "b8:27:eb:64:24:7d" and .address == "10.9.0.11"'
}

@test "a stranger gets an address from the range, and none when all are taken" {
    serve --dhcp 10.9.0.50-10.9.0.51
    first=$(udhcpc)
    [[ $first == 10.9.0.5[01]/24* ]]
    [ "$(udhcpc)" = "$first" ]
    in_client ip link set nb1 address b8:27:eb:00:00:02
    second=$(udhcpc)
    [[ $second == 10.9.0.5[01]/24* ]]
    [ "$second" != "$first" ]
    in_client ip link set nb1 address b8:27:eb:00:00:03
    fails_with 1 udhcpc
    event discover '.message == "no address is left"'
}

@test "dhclient and dhcpcd get the same address as udhcpc, though they name themselves otherwise" {
    serve --dhcp 10.9.0.50-10.9.0.99
    address=$(udhcpc) address=${address%%/*}
    in_client timeout 20 dhclient -1 -d -v -sf /bin/true -lf "$PWD/lf" -pf "$PWD/pf" nb1 >log 2>&1 &
    cleanup kill $!
    event ack ".hostname != null or .address == \"$address\"" >/dev/null
    until grep -q 'bound to' log; do kill -0 $! || break; done
    grep -q "bound to $address " log
    kill $!
    # in a PID namespace, because its helpers outlive it
    in_client timeout 6 unshare --pid --fork --mount-proc --kill-child dhcpcd -4 -T -t 5 -c /bin/true nb1 >said 2>&1 3>&- || true
    grep -q "offered $address from 10.9.0.1" said
}

@test "the ROM's DISCOVER gets its OFFER as a frame to its MAC, and the next file by its serial" {
    root_up
    put 5564247d/start.elf 100
    serve --root "$ROOT" --dhcp static --host b8:27:eb:64:24:7d=10.9.0.11
    # heard before the client has any address
    in_client tcpdump -i nb1 -c 1 -w offer 'udp dst port 68' 2>heard &
    until grep -q listening heard; do :; done
    in_client socat -u - UDP4-DATAGRAM:255.255.255.255:67,broadcast,so-bindtodevice=nb1,bind=0.0.0.0:68 \
        <"$PIFARM_SOURCE/tests/data/fuzz-dhcp/rom"
    wait $!
    # past the heads of file and packet: to the Pi's MAC
    [ "$(od -An -tx1 -j40 -N6 offer | tr -d ' ')" = b827eb64247d ]
    tcpdump -nvvr offer | grep -q '10.9.0.1.67 > 10.9.0.11.68: \[udp sum ok\]'
    grep -qa 'Raspberry Pi Boot   ' offer
    event offer '.profile == "pi-3b-plus" and .serial == "5564247d" and .address == "10.9.0.11"'
    in_client ip address add 10.9.0.11/24 dev nb1
    in_client curl -s -o elf tftp://10.9.0.1/start.elf
    cmp elf "$ROOT/5564247d/start.elf"
    event sent '.serial == "5564247d"'
}

@test "leases outlive a server that is killed" {
    serve --dhcp 10.9.0.50-10.9.0.99 --leases "$PWD/leases"
    address=$(udhcpc) address=${address%%/*}
    kill -9 "$NETBOOTD"
    wait "$NETBOOTD" || true
    grep -q "b8:27:eb:64:24:7d $address\$" leases
    netbootd --interface nb0 --dhcp 10.9.0.50-10.9.0.99 --leases "$PWD/leases"
    in_client ip link set nb1 address b8:27:eb:00:00:02
    [[ "$(udhcpc -r "$address")" != "$address"/* ]]
}

@test "three thousand clients of perfdhcp get their addresses" {
    require perfdhcp command -v perfdhcp
    serve --dhcp 10.9.0.50-10.9.0.250 >/dev/null
    stop_netbootd
    ip address add 10.8.0.1/16 dev nb0
    ip address del 10.9.0.1/24 dev nb0
    in_client ip address add 10.8.0.2/16 dev nb1
    netbootd --interface nb0 --dhcp 10.8.1.0-10.8.60.255
    in_client perfdhcp -4 -l nb1 -R 3000 -n 3000 -r 500 -d 10 -W 2000000 10.8.0.1 >perf 2>&1 || true
    awk '/^drops:/ { drops += $2 } /^received packets:/ { got += $3 } END { exit !(got >= 5990 && drops <= 10) }' perf
}

@test "10,000 malformed datagrams later it still serves" {
    serve --dhcp 10.9.0.50-10.9.0.99
    in_client ip address add 10.9.0.2/24 dev nb1
    in_client malformed 10.9.0.1 67 "$PIFARM_SOURCE/tests/data/fuzz-dhcp/rom"
    in_client ip address flush dev nb1
    [[ "$(udhcpc)" == 10.9.0.* ]]
}

@test "a range that does not fit is refused with the reason" {
    fails_with 2 pifarm-netbootd --interface nb0 --dhcp 10.8.0.1-10.8.0.9
    says '10.8.0.1 is not in the network of nb0, which has 10.9.0.1'
    fails_with 2 pifarm-netbootd --interface nb0 --dhcp 10.9.0.9-10.9.0.2
    fails_with 2 pifarm-netbootd --interface nb0 --dhcp some
    says 'FIRST-LAST'
    fails_with 2 pifarm-netbootd --dhcp 10.9.0.2-10.9.0.9
    says '--interface'
    fails_with 2 pifarm-netbootd --interface nb0 --dhcp static --host b8:27=10.9.0.2
    says 'b8:27:eb:12:34:56=10.77.0.11'
    ip address flush dev nb0
    fails_with 2 pifarm-netbootd --interface nb0 --dhcp static
    says 'nb0 has no address'
}
