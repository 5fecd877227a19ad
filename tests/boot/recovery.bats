#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# What goes wrong while nodes come up: the daemon killed, a port taken, a disk full, a guest that dies.

load ../lib/common
load ../lib/farm

setup_file() {
    own_farm tiny 2
    # imported and prepared once, so that the kills below hit the start and not the preparation
    pifarm up n1 --wait --timeout 240
    pifarm down --all --now --purge
}

teardown_file() {
    farm_down
}

setup() {
    cd "$FARM_DIR"
}

teardown() {
    run_cleanups
    cd "$FARM_DIR" && pifarm down --all --now --purge
}

@test "up survives a daemon killed at any stage of it" {
    for stage in preparing starting booting; do
        pifarm up --all --wait --timeout 240 &
        up=$!
        cleanup kill "$up"
        timeout 60 tail -n +1 -F "$PIFARM_STATE_DIR/farms/bats/logs/pifarmd.log" 2>/dev/null | grep -q -m1 ": $stage"
        pkill -KILL -f "pifarmd --farm $FARM_DIR/farm.yaml"
        wait "$up"
        [ "$(state_of n1) $(state_of n2)" = "ready ready" ]
        [ "$(pgrep -c -f "qemu-system-aarch64.*$BATS_FILE_TMPDIR")" -eq 2 ]
        pifarm down --all --now --purge
    done
}

@test "a busy forward port is named, and nothing is left behind" {
    socat TCP-LISTEN:5701,bind=127.0.0.1,fork /dev/null &
    cleanup kill $!
    timeout 10 sh -c 'until ss -Hltn | grep -q 127.0.0.1:5701; do :; done'
    fails_with 7 pifarm up n1
    says "5701"
    says "socat"
    run -0 ip -brief link
    [ "$(wc -l <<<"$output")" -eq 1 ]
    run -1 daemon_pid
}

@test "a machine that dies is failed, with the reason, and up starts it again" {
    pifarm up n1 --wait --timeout 120
    pkill -KILL -f "qemu-system-aarch64.*$BATS_FILE_TMPDIR"
    await_event n1 failed
    fails_with 1 pifarm wait n1
    says "n1: failed"
    pifarm up n1 --wait --timeout 120
    pifarm down --all --now
}

@test "a node that is on cannot lose its place in farm.yaml" {
    pifarm up n1 --wait --timeout 120
    cp farm.yaml before.yaml
    cleanup cp before.yaml farm.yaml
    sed -i 's/id: 1/id: 3/' farm.yaml
    fails_with 7 pifarm up n2
    says "n1"
    says "pifarm down n1"
    cp before.yaml farm.yaml
    pifarm down --all --now
}
