#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The development cycle: a node set up by hand becomes an image, and the next node boots from it as itself.
load ../lib/common
load ../lib/farm
load ../lib/store

setup_file() {
    own_farm tiny 2 root
    sed -i 's/n\[1-2\]", id: 1, port: "sw0\/\[1-2\]"/n1", id: 1, port: "sw0\/1"/' farm.yaml
    echo '  - { name: n2, id: 2, port: sw0/2, image: developed }' >>farm.yaml
    sed -i '/^switches:/i\  developed: { enrol: { user: root, ssh-key: key.pub } }' farm.yaml
    pifarm up n1 --wait=ssh --timeout 240
}

teardown_file() {
    farm_down
}

setup() {
    cd "$FARM_DIR"
    cards=$PIFARM_STATE_DIR/farms/bats/cards
}

# who NODE: all that no two nodes may have in common.
who() {
    pifarm ssh "$1" 'hostname; cat /etc/hostname /etc/machine-id /etc/ssh/ssh_host_ed25519_key.pub /etc/pifarm/node.env'
}

@test "what a running node has changed is seen with --force, and no other command takes its card" {
    pifarm ssh n1 'mkdir -p /srv/app && echo by hand >/srv/app/made && echo welcome >/etc/motd && rm /etc/profile; sync'
    who n1 >"$BATS_FILE_TMPDIR/n1"
    fails_with 7 pifarm clone diff n1
    says "node 'n1' is ready; first: pifarm down n1, or give --force"
    pifarm clone diff n1 --force --json | jq -r '.changes[] | "\(.change) \(.path)"' >changes
    grep -x 'added /srv/app/made' changes
    grep -x '[a-z,]* /etc/motd' changes
    grep -x 'removed /etc/profile' changes
    fails_with 7 pifarm clone commit n1 --name developed
    [[ $output == *'first: pifarm down n1' ]]
    [ "$(pifarm ssh n1 cat /srv/app/made)" = 'by hand' ]
}

@test "an image committed from a node boots on another, with the changes, and as that other" {
    run -0 pifarm down n1
    run -0 pifarm clone diff n1
    run -0 pifarm clone commit n1 --name developed
    run -0 pifarm up n2 --wait=ssh --timeout 240
    [ "$(pifarm ssh n2 'cat /srv/app/made /etc/motd')" = $'by hand\nwelcome' ]
    who n2 >second
    [ "$(head -n 2 second)" = $'n2\nn2' ]
    [ "$(wc -l <second)" -eq "$(wc -l <"$BATS_FILE_TMPDIR/n1")" ]
    [[ $(sed -n 3p second) =~ ^[0-9a-f]{32}$ ]]
    [ "$(sed -n 4p second)" = "$(cat "$cards/n2.qcow2.pub")" ]
    run -1 grep -xFf "$BATS_FILE_TMPDIR/n1" <(grep -vx FARM=bats second)
    run -0 pifarm audit
}

@test "reset --force cuts the power of a node that is on, and throws its card away" {
    fails_with 7 pifarm clone reset n2
    says 'or give --force'
    run -0 pifarm clone reset n2 --force
    [ -z "$output" ]
    [ "$(state_of n2)" = off ]
    [ ! -e "$cards/n2.qcow2" ] && [ -e "$cards/n1.qcow2" ]
    fails_with 4 pifarm clone reset n2 --force
}
