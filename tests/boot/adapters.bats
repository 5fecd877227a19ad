#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# A node with wan and wlan: its adapters, and the ports of this host that lead to it.

load ../lib/common
load ../lib/farm

setup_file() {
    own_farm tiny 1 root
    sed -i 's/image: card }/image: card, wan: true, wlan: true }/' farm.yaml
    printf 'forward: [ "2200+id:wan:22", "2300+id:22" ]\n' >>farm.yaml
    pifarm up n1 --wait=ssh --timeout 240
}

teardown_file() {
    farm_down
}

setup() {
    cd "$FARM_DIR"
}

# on_port PORT COMMAND...: on the node, by that port of this host.
on_port() {
    local port=$1
    shift
    ssh -n -o BatchMode=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR \
        -i key -p "$port" root@127.0.0.1 "$@"
}

@test "lan is eth0 with the node's MAC, wan and wlan others with MACs of their own" {
    mac=$(pifarm list n1 --json | jq -r '.nodes[0].mac')
    [ "$(pifarm ssh n1 cat /sys/class/net/eth0/address)" = "$mac" ]
    [ "$(pifarm ssh n1 cat /sys/class/net/usb0/address)" = "be:${mac#*:}" ] # b8, but locally administered
    [ "$(pifarm ssh n1 cat /sys/class/net/usb1/address)" = "b2:${mac#*:}" ]
    [ "$(pifarm ssh n1 ls /sys/class/net | sort | xargs)" = 'eth0 lo usb0 usb1' ]
}

@test "the lan's adapter is at the place that it has without the others" {
    run -0 pifarm ssh n1 readlink /sys/class/net/eth0/device
    says '/1-1.1:1.'
}

@test "the node can read its ID from its address in the wan" {
    run -0 pifarm ssh n1 ip -4 addr show dev usb0
    says 'inet 100.65.1.15/24'
}

@test "forwards lead to the node over the wan and over the lan" {
    [ "$(on_port 2201 hostname)" = n1 ]
    [ "$(on_port 2301 hostname)" = n1 ]
    [ "$(on_port 5701 hostname)" = n1 ]
}

@test "what goes over the wan does so without the lan" {
    on_port 2201 ip link set eth0 down
    [ "$(on_port 2201 hostname)" = n1 ]
    on_port 2201 ip link set eth0 up
    run -0 pifarm wait n1 --for=ping --timeout 30
}

@test "a client of the node's access point gets its page" {
    pifarm ssh n1 'killall udhcpc; ip address flush dev usb1; ip address add 192.168.4.1/24 dev usb1
        mkdir -p /tmp/page; echo "this is n1" >/tmp/page/index.html; httpd -p 192.168.4.1:80 -h /tmp/page'
    run -0 pifarm wlan --address 192.168.4.20/24 n1 -- busybox wget -q -O - http://192.168.4.1/
    [ "$output" = 'this is n1' ]
}

@test "a port that somebody else has is named with who has it, and the node stays off" {
    pifarm down n1 --now
    python3 -c 'import socket, signal; s = socket.create_server(("127.0.0.1", 2201)); print(flush=True); signal.pause()' \
        >ready 3>&- &
    cleanup kill $!
    until [ -s ready ]; do sleep 0.1; done
    fails_with 1 pifarm up n1
    says 'TCP port 2201 of this host is in use by python3'
}
