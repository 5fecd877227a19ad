#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# A whole Debian with systemd, booted once.

load ../lib/common
load ../lib/farm

setup_file() {
    own_farm standard 1
    pifarm up --all --wait=ssh --timeout 600
}

teardown_file() {
    farm_down
}

setup() {
    cd "$FARM_DIR"
}

@test "systemd has come up without a failed unit" {
    run -0 pifarm ssh n1 systemctl is-system-running --wait
    [ "$output" = running ]
}

@test "the node has its name, its own machine-id and the card's whole size" {
    run -0 pifarm ssh n1 hostname
    [ "$output" = n1 ]
    run -0 pifarm ssh n1 cat /etc/machine-id
    [[ $output =~ ^[0-9a-f]{32}$ ]]
    run -0 pifarm ssh n1 findmnt -bno SIZE /
    [ "$output" -gt $((1 << 30)) ]
}

@test "the node's scripts find what it is in /etc/pifarm/node.env, and its host key is the one made for it" {
    # shellcheck disable=SC2016 # expanded by the node's shell
    run -0 pifarm ssh n1 '. /etc/pifarm/node.env && echo "$NODE $ID $ADDRESS $FARM"'
    [ "$output" = "n1 1 10.78.0.11 bats" ]
    run -0 pifarm ssh n1 'cut -d" " -f2 /etc/ssh/ssh_host_ed25519_key.pub'
    grep -q "^n1,.* ssh-ed25519 $output" "$PIFARM_STATE_DIR/farms/bats/known_hosts"
}

@test "a kernel put on the card by the guest is the one that boots next" {
    pifarm ssh n1 'sudo sed -i "s/$/ made_in_guest=1/" /boot/firmware/cmdline.txt && sync'
    next_boot n1 pifarm ssh n1 sudo reboot
    run -0 pifarm wait n1 --timeout 600
    run -0 pifarm ssh n1 cat /proc/cmdline
    says "made_in_guest=1"
}

@test "down shuts it down instead of cutting its power" {
    run -0 pifarm down --all
    [ -z "$output" ]
    run -0 pifarm log n1 --events
    says " halted "
}
