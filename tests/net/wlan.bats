#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# pifarm wlan: clients of access points that all have one address, namespaces in the role of their nodes.
load ../lib/common.bash

setup() {
    own_folders
    cd "$BATS_TEST_TMPDIR"
    cat >farm.yaml <<'YAML'
farm: lab
wlan: true
images: { card: }
nodes:
  - { name: "n[1-2]", id: 1, image: card }
  - { name: n3, id: 3, image: card, wlan: false }
YAML
    export PIFARM_FILE=$PWD/farm.yaml
}

# in_node ID COMMAND...
in_node() {
    local id=$1
    shift
    ip netns exec "wan-n$id" "$@"
}

# access_point ID: what is at the other end of q1tap<ID>: 192.168.4.1, with DHCP, names and a page that says who it is.
access_point() {
    cleanup ip netns delete "wan-n$1"
    cleanup ip link delete dev "q1tap$1"
    ip netns add "wan-n$1"
    ip link add name "q1tap$1" type veth peer name ap0 netns "wan-n$1"
    ip link set dev "q1tap$1" alias "pifarm:lab wlan n$1" up
    in_node "$1" ip address add 192.168.4.1/24 dev ap0
    in_node "$1" ip link set dev ap0 up
    in_node "$1" ip link set dev lo up
}

# servers ID
servers() {
    mkdir -p "page$1"
    echo "this is n$1" >"page$1/index.html"
    ip netns exec "wan-n$1" dnsmasq --keep-in-foreground --conf-file=/dev/null --bind-interfaces --interface=ap0 \
        --no-resolv --no-hosts --pid-file= --dhcp-leasefile="$PWD/leases$1" --dhcp-range=192.168.4.50,192.168.4.99 \
        --address=/who.test/192.168.4.1 --dhcp-authoritative 3>&- &
    cleanup kill $!
    ip netns exec "wan-n$1" busybox httpd -f -p 80 -h "page$1" 3>&- &
    cleanup kill $!
    timeout 20 sh -c "until ip netns exec wan-n$1 busybox wget -q -O /dev/null http://192.168.4.1/; do sleep 0.1; done"
}

# links: all of this host that are no access point's, and namespaces.
links() {
    ip -o link | sed 's/:.*//;s/^[0-9]*//' | wc -l
    lsns -t net -n -o NS | sort
}

@test "two commands are clients of two nodes with one address at the same time" {
    access_point 1 && servers 1
    access_point 2 && servers 2
    pifarm wlan n1 -- sh -c 'wait_for=2; busybox wget -q -O - http://192.168.4.1/ >got1; touch met1; until [ -e met2 ]; do sleep 0.05; done' &
    pifarm wlan n2 -- sh -c 'busybox wget -q -O - http://192.168.4.1/ >got2; touch met2; until [ -e met1 ]; do sleep 0.05; done'
    wait $!
    [ "$(cat got1 got2)" = "this is n1
this is n2" ]
}

@test "two clients of one node have an address each" {
    access_point 1 && servers 1
    pifarm wlan n1 -- sh -c 'ip -4 -o addr show dev wlan0 >one; until [ -e two ]; do sleep 0.05; done' &
    pifarm wlan n1 -- sh -c 'ip -4 -o addr show dev wlan0 >two.new; mv two.new two; until [ -s one ]; do sleep 0.05; done'
    wait $!
    [ "$(cat one two | grep -o '192.168.4.[0-9]*/24' | sort -u | wc -l)" = 2 ]
}

@test "a client resolves by the node's server, and the host goes on with its own" {
    access_point 1 && servers 1
    before=$(cat /etc/resolv.conf)
    run -0 pifarm wlan n1 -- cat /etc/resolv.conf
    [ "$output" = 'nameserver 192.168.4.1' ]
    run -0 pifarm wlan n1 -- busybox wget -q -O - http://who.test/
    [ "$output" = 'this is n1' ]
    run -0 pifarm wlan n1 -- ip route
    says 'default via 192.168.4.1 dev wlan0'
    [ "$(cat /etc/resolv.conf)" = "$before" ]
}

@test "the exit status and the arguments are the command's own" {
    access_point 1
    run -7 pifarm wlan --address 192.168.4.20/24 n1 -- sh -c 'exit 7'
    run -0 pifarm wlan --address 192.168.4.20/24 n1 printf '%s|' 'a b' --help
    [ "$output" = 'a b|--help|' ]
    fails_with 4 pifarm wlan --address 192.168.4.20/24 n1 -- no-such-program
}

@test "without a command there is a shell, that reads what it is told" {
    access_point 1
    run -0 env SHELL=/bin/sh pifarm wlan -A 192.168.4.20/24 -G 192.168.4.1 n1 <<<'ip -4 -o addr show dev wlan0; ip route; exit 0'
    says '192.168.4.20/24'
    says 'default via 192.168.4.1'
    SHELL=/bin/sh run -5 pifarm wlan -A 192.168.4.20/24 n1 <<<'exit 5'
}

@test "Ctrl-C reaches the command, and nothing is left of it; nor after kill -9" {
    access_point 1
    before=$(links)
    for signal in INT KILL; do
        rm -f ready # in the background INT is ignored, unless it is said that it is not
        env --default-signal=INT pifarm wlan --address 192.168.4.20/24 n1 -- sh -c 'trap "exit 3" INT; touch ready; while :; do sleep 0.05; done' 3>&- &
        client=$!
        until [ -e ready ]; do sleep 0.05; done
        [ "$(links)" != "$before" ]
        kill "-$signal" "$client"
        status=0
        wait "$client" || status=$?
        [ "$signal $status" = 'INT 3' ] || [ "$signal $status" = 'KILL 137' ]
        timeout 20 bash -c "$(declare -f links); until [ \"\$(links)\" = \"$before\" ]; do sleep 0.05; done"
    done
}

@test "a node that gives no address is told after the time, with what to do" {
    access_point 1
    before=$(links)
    fails_with 8 pifarm wlan --timeout 1 n1 -- true
    says "wlan of node 'n1': no DHCP server answered in 1 s"
    says '--address'
    timeout 20 bash -c "$(declare -f links); until [ \"\$(links)\" = \"$before\" ]; do sleep 0.05; done"
}

@test "a node that is off, has no wlan or is several, and who is not root, are told so" {
    fails_with 4 pifarm wlan n1 -- true
    says "node 'n1' is not on"
    pifarm net up
    cleanup pifarm net down
    fails_with 4 pifarm wlan n1 -- true
    says "node 'n1' is not on"
    fails_with 4 pifarm wlan n3 -- true
    says "node 'n3' has no wlan"
    fails_with 2 pifarm wlan 'n[1-2]' -- true
    fails_with 2 pifarm wlan
    fails_with 2 pifarm wlan --address 192.168.4.20 n1 -- true
    pifarm net down
    access_point 1
    chmod -R a+rX "$BATS_RUN_TMPDIR"
    fails_with 6 setpriv --reuid 65534 --regid 65534 --clear-groups pifarm wlan n1 -- true
    says sudo
}

@test "what plan prints makes the TAPs, up finds them made, and down takes them away" {
    nft list ruleset >rules
    pifarm net plan >commands
    grep -q 'ip tuntap add dev q1tap1 mode tap' commands
    [ "$(grep -c q1tap3 commands)" = 0 ]
    sh -e commands
    [ -z "$(pifarm net plan)" ]
    [ "$(pifarm net show --json | jq -r '.links[] | select(.role == "wlan") | "\(.link) \(.node)"')" = "q1tap1 n1
q1tap2 n2" ]
    sed -i 's/^wlan: true/wlan: false/' farm.yaml
    pifarm net up
    [ "$(pifarm net show --json | jq '[.links[] | select(.role == "wlan")] | length')" = 0 ]
    pifarm net down
    [ "$(ip -o link | wc -l)" = 1 ]
    nft list ruleset | diff rules -
}

@test "what comes from a node's access point does not reach this host" {
    access_point 1
    ip address add 192.168.4.9/24 dev q1tap1
    run -0 ip netns exec wan-n1 ping -q -c 1 -W 5 192.168.4.9
    pifarm net up
    cleanup pifarm net down
    nft list table inet pifarm_lab | grep -q '"q1tap1"'
    fails_with 1 ip netns exec wan-n1 ping -q -c 1 -W 1 192.168.4.9
}
