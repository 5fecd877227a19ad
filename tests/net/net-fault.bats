#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# pifarm net fault, on a node whose place is taken by a network namespace.
load ../lib/common.bash

setup() {
    own_folders
    cd "$BATS_TEST_TMPDIR"
    chmod o+x "$BATS_RUN_TMPDIR" # for QEMU's user, whom the daemon looks after
    cat >farm.yaml <<YAML
farm: lab
images: { card: }
switches: { sw0: { virtual: true } }
nodes:
  - { name: "n[1-2]", id: 1, port: "sw0/[1-2]", image: card }
YAML
    export PIFARM_FILE=$PWD/farm.yaml
    pifarm net up
    cleanup pifarm net down
    cleanup pifarm down
    plug_in
}

# plug_in: n1 is a namespace with 10.77.0.11, its TAP one end of a veth pair.
plug_in() {
    unshare --net sleep infinity 3>&- &
    NODE=$!
    cleanup kill "$NODE"
    until [ "$(readlink "/proc/$NODE/ns/net")" != "$(readlink /proc/self/ns/net)" ]; do :; done
    ip link add name q0tap1 type veth peer name eth0 netns "$NODE"
    cleanup ip link delete dev q0tap1
    ip link set dev q0tap1 alias 'pifarm:lab node n1' master pf-lab up
    in_node ip link set eth0 address "$(pifarm list n1 --json | jq -r '.nodes[].mac')" up
    in_node ip address add 10.77.0.11/24 dev eth0
}

in_node() {
    nsenter -t "$NODE" -n "$@"
}

# receive: takes 150 kB from there; serve: offers them. receive prints how many milliseconds it took. What serve is given is
# a program, so that no shell stands between, which would be all that a kill meets.
receive() {
    # shellcheck disable=SC2016 # expanded by python
    "$@" python3 -c '
import socket, time, sys
start, got = time.monotonic(), 0
with socket.create_connection((sys.argv[1], 7000), 10) as stream:
    while chunk := stream.recv(65536):
        got += len(chunk)
assert got == 150000
print(int((time.monotonic() - start) * 1000))' "$FROM"
}

serve() {
    "$@" python3 -c '
import socket
server = socket.create_server(("", 7000))
print("ready", flush=True)
while True:
    stream, _ = server.accept()
    stream.sendall(bytes(150000))
    stream.close()' >served 3>&- &
    cleanup kill $!
    until grep -q ready served; do read -rt 0.05 <> <(:) || true; done
}

pifarm_pid() {
    curl -s --unix-socket "$PIFARM_RUNTIME_DIR/lab.sock" http://pifarm/v1/farm | jq .pid
}

reaches_node() {
    ping -q -c 1 -W 1 10.77.0.11 >/dev/null
}

@test "a rate holds back what goes to the node and what comes from it, until it is cleared" {
    pifarm net fault n1 rate=1mbit
    [ "$(pifarm net fault --json | jq -c '[.faults[].fault]')" = '["rate=1mbit",null]' ]
    FROM=10.77.0.1
    serve env
    [ "$(receive in_node)" -ge 900 ]
    FROM=10.77.0.11
    serve nsenter -t "$NODE" -n
    [ "$(receive env)" -ge 900 ]
    tc qdisc show dev q0tap1 | grep -q 'tbf.* rate 1Mbit'
    tc qdisc show dev fq0tap1 | grep -q 'tbf.* rate 1Mbit'
    pifarm net fault --clear
    receive env
    fails_with 1 ip link show dev fq0tap1
    tc qdisc show dev q0tap1 >queues
    fails_with 1 grep -E 'tbf|ingress' queues
}

@test "down unplugs the node, and up or another fault plugs it in again" {
    reaches_node
    pifarm net fault n1 down
    fails_with 1 reaches_node
    pifarm net fault n1 up
    reaches_node
    pifarm net fault n1 down rate=1mbit
    fails_with 1 reaches_node
    pifarm net fault n1 rate=2mbit
    reaches_node
    tc qdisc show dev q0tap1 | grep -q 'rate 2Mbit'
}

@test "what the kernel has no queue for is refused, and what was before stays" {
    local netem=0
    ip link add name probe0 type ifb
    tc qdisc add dev probe0 root netem loss 1% 2>/dev/null || netem=1
    ip link delete dev probe0
    pifarm net fault n1 rate=1mbit
    fails_with "$netem" pifarm net fault n1 loss=5% delay=1ms±1
    if [ "$netem" = 0 ]; then
        tc qdisc show dev q0tap1 | grep -q 'netem.* loss 5%'
        tc qdisc show dev fq0tap1 | grep -q 'netem.* delay 1ms'
    else
        says "node 'n1': this host's kernel has no queue 'netem'"
        [ "$(pifarm net fault n1 --json | jq -r '.faults[].fault')" = 'rate=1mbit' ]
        tc qdisc show dev q0tap1 | grep -q 'tbf.* rate 1Mbit'
        reaches_node
    fi
}

@test "a fault outlives the daemon, and goes with the farm's network" {
    pifarm net fault n1 rate=1mbit
    kill -KILL "$(pifarm_pid)"
    [ "$(pifarm net fault n1 --json | jq -r '.faults[].fault')" = 'rate=1mbit' ]
    pifarm net show --json | jq -e '.links[] | select(.role == "fault" and .link == "fq0tap1")'
    pifarm down
    fails_with 1 ip link show dev fq0tap1
    [ "$(pifarm net fault n1 --json | jq -r '.faults[].fault')" = null ]
}

@test "a node that is off keeps its fault for later" {
    pifarm net fault n2 rate=1mbit down
    [ "$(pifarm net fault n2 --json | jq -r '.faults[].fault')" = 'rate=1mbit down' ]
    pifarm show n2 | grep -q 'fault: rate=1mbit down'
}

@test "what is no fault, and no node, is refused before anything is changed" {
    fails_with 2 pifarm net fault n1 loss=5
    says "cannot make sense of 'loss=5'; it goes: loss=5%"
    fails_with 2 pifarm net fault n1 lose=5%
    says "'lose=5%' is no fault"
    fails_with 2 pifarm net fault rate=1mbit
    fails_with 2 pifarm net fault n1 rate=1mbit --clear
    fails_with 4 pifarm net fault n9 rate=1mbit
    [ ! -e "$PIFARM_RUNTIME_DIR/lab.sock" ]
}
