#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# pifarm net: plan, up, show and down, without nodes.
load ../lib/common.bash

setup() {
    own_folders
    cd "$BATS_TEST_TMPDIR"
    write_farm lab
    cleanup ip link delete dev pf-lab
    cleanup ip link delete dev pf-office
    cleanup nft flush ruleset # of this test's own namespace
}

# write_farm NAME [LAN]: NAME.yaml, whose lan has these keys.
write_farm() {
    cat >"$1.yaml" <<YAML
farm: $1
lan: { ${2:-mtu: 1500} }
images: { card: }
switches: { sw0: { virtual: true } }
nodes:
  - { name: n1, id: 1, port: sw0/1, image: card }
YAML
    export PIFARM_FILE=$PWD/$1.yaml
}

@test "what plan prints does what up does, and then plan prints nothing" {
    pifarm net plan >commands
    [ "$(tail -n 1 commands)" = 'ip link set dev pf-lab up' ]
    sh -e commands
    [ -z "$(pifarm net plan)" ]
    pifarm net up
    pifarm net plan --down >commands
    [ "$(cat commands)" = "ip link delete dev pf-lab
nft delete table bridge pifarm_lab" ]
    sh -e commands
    [ -n "$(pifarm net plan)" ]
}

@test "with NAT and exceptions, too, plan prints what up does, and down undoes it" {
    write_farm lab 'nat: true, bridge-nf: accept, isolate-groups: [g]'
    sed -i 's/image: card }/image: card, group: g }/' lab.yaml
    iptables-nft -P FORWARD DROP
    echo 0 >/proc/sys/net/ipv4/ip_forward
    nft list ruleset >before
    pifarm net plan >commands
    sh -e commands >/dev/null
    [ -z "$(pifarm net plan)" ]
    nft list table bridge pifarm_lab | grep -q 'elements = { "q0tap1" }'
    nft list table ip pifarm_lab | grep -q 'ip saddr 10.77.0.0/24 oifname != "pf-lab" masquerade'
    pifarm net down
    nft list ruleset | diff before -
    [ "$(cat /proc/sys/net/ipv4/ip_forward)" = 0 ]
}

@test "show lists the farm's links and what others put into its bridge" {
    pifarm net up
    cleanup ip link delete dev other
    ip link add name other type bridge
    ip link add name stranger type veth peer name strange
    ip link set dev stranger master pf-lab
    [ "$(pifarm net show --json | jq -r '.links[] | "\(.link) \(.role) \(.up) \(.mtu) \(.addresses)"')" = \
        "pf-lab bridge true 1500 10.77.0.1/24
stranger port false 1500 null" ]
    ip link delete dev stranger
    pifarm net down
    [ "$(pifarm net show --json | jq -c .links)" = '[]' ]
}

@test "show --forwards lists the ports of this host that lead to nodes, list the nodes with theirs" {
    printf 'forward: [ "0.0.0.0:8000+id:80", "5300+id:53/udp" ]\n' >>lab.yaml
    [ "$(pifarm net show --forwards | tr -s ' ')" = "NODE LISTEN PROTOCOL TO OVER
n1 127.0.0.1:5701 tcp 10.77.0.11:22 lan
n1 0.0.0.0:8001 tcp 10.77.0.11:80 lan
n1 127.0.0.1:5301 udp 10.77.0.11:53 lan" ]
    [ "$(pifarm net show --forwards --json | jq -r '.forwards[1].listen')" = 0.0.0.0:8001 ]
    [ "$(pifarm list --json | jq -r '.nodes[0].forwards')" = '0.0.0.0:8001:80 5301:53/udp' ]
    pifarm list | grep -q FORWARDS
    write_farm lab
    [ "$(pifarm list | grep -c FORWARDS)" = 0 ]
}

@test "down leaves what is not the farm's" {
    ip link add name pf-lab type bridge
    pifarm net down
    ip link show dev pf-lab
}

@test "a subnet that another farm has is refused with that farm's name, and status 7" {
    pifarm net up
    write_farm office
    fails_with 7 pifarm net up
    says "10.77.0.1/24 on pf-lab of farm 'lab'"
    write_farm office 'subnet: 10.78.0.0/24'
    pifarm net up
}

@test "of two farms that want one subnet at the same moment one gets it" {
    local _
    write_farm office
    for _ in 1 2 3 4 5 6 7 8; do
        pifarm -f lab.yaml net up 2>lab.err &
        pifarm -f office.yaml net up 2>office.err || true
        wait $! || true
        [ "$(ip -o -4 address show to 10.77.0.1 | wc -l)" = 1 ]
        cat lab.err office.err | grep -q "of farm '"
        pifarm -f lab.yaml net down
        pifarm -f office.yaml net down
    done
}

@test "without root plan works, and up says that it needs root" {
    chmod -R a+rX "$BATS_RUN_TMPDIR"
    setpriv --reuid 65534 --regid 65534 --clear-groups pifarm net plan | grep -q 'ip link add name pf-lab'
    mkdir nobody && chown 65534 nobody
    PIFARM_RUNTIME_DIR=$PWD/nobody fails_with 6 setpriv --reuid 65534 --regid 65534 --clear-groups pifarm net up
    says 'sudo'
}

@test "an uplink that carries the default route joins by force only" {
    write_farm lab 'uplink: up0'
    ip link add name up0 type veth peer name peer0
    cleanup ip link delete dev up0
    ip link set dev peer0 up
    ip link set dev up0 up
    ip address add 192.168.9.2/24 dev up0
    ip route add default via 192.168.9.1
    fails_with 7 pifarm net up
    says 'pifarm net up --force'
    pifarm net up --force
    [ "$(pifarm net show --json | jq -r '.links[] | select(.role == "uplink").link')" = up0 ]
    [ -z "$(pifarm net plan)" ]
    pifarm net down
    [ "$(ip route show default)" = 'default via 192.168.9.1 dev up0 ' ]
}

@test "capture writes what crosses the node's link, to a file and through a pipe" {
    pifarm net up
    fails_with 4 pifarm net capture n1 -w none.pcapng
    says "node 'n1' is not on"
    [ ! -e none.pcapng ]
    cleanup ip link delete dev q0tap1
    ip link add name q0tap1 type veth peer name box1
    ip link set dev q0tap1 alias 'pifarm:lab node n1' master pf-lab up
    ip link set dev box1 up
    pifarm net capture n1 -w n1.pcapng &
    # ARP for an address that nobody has: a broadcast, from the host to the node
    until od -An -v -tx1 n1.pcapng | tr -d ' \n' | grep -q 'ffffffffffff............0806'; do
        ping -q -c 1 -W 0.2 10.77.0.11 >/dev/null || true
    done
    kill -INT $!
    wait $!
    [ "$(od -An -tx1 -N4 n1.pcapng)" = ' 0a 0d 0d 0a' ]
    grep -q q0tap1 n1.pcapng
    ping -q -i 0.2 -c 50 -W 1 10.77.0.11 >/dev/null &
    pifarm net capture n1 -c 1 | cmp -n 4 - n1.pcapng
    wait || true
}
