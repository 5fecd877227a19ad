#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# pifarm clone list and reset, and who is kept off a card; cards are made by qemu-img, nothing boots; no root.
load ../lib/common.bash

setup() {
    own_folders
    cd "$BATS_TEST_TMPDIR"
    unset PIFARM_FILE
    PATH=$PATH:/usr/sbin
    cat >farm.yaml <<'END'
farm: clitest
images:
  disk: {}
nodes:
  - { name: "n[1-3]", id: 1, image: disk }
END
    truncate -s 16M disk.img
    printf '%s\n' 'label: dos' 'start=2048, size=8192, type=c' 'start=10240, type=83' | sfdisk -q disk.img
    pifarm image import disk.img >/dev/null
    hash=$(sha256sum disk.img | cut -d ' ' -f 1)
    cards=$PIFARM_STATE_DIR/farms/clitest/cards
    mkdir -p "$cards"
    make_card n1
    make_card n2
}

make_card() {
    qemu-img create -q -f qcow2 -F raw -b "$PIFARM_STATE_DIR/images/$hash.img" "$cards/$1.qcow2" 32M
    : >"$cards/$1.qcow2.pub"
}

# hold_open CARD: as QEMU does, until the test ends.
hold_open() {
    qemu-storage-daemon --daemonize --pidfile "$BATS_TEST_TMPDIR/pid" \
        --blockdev "driver=qcow2,node-name=card,file.driver=file,file.filename=$1"
    cleanup kill "$(cat "$BATS_TEST_TMPDIR/pid")"
}

@test "list shows each node's card, and the image under it" {
    run -0 pifarm clone list
    [[ ${lines[0]} =~ ^NODE\ +IMAGE\ +BASE\ +SIZE\ +ON\ DISK\ +IN\ USE\ +CURRENT ]]
    [[ ${lines[1]} =~ ^n1\ +disk\ +${hash:0:12}\ 32.0.MiB\ [0-9.]+.KiB\ no\ +no ]]
    [[ ${lines[3]} =~ ^n3\ +-\ +- ]]
    run -0 jq -c '.clones[] | [.node, .image, .base, .size, .in_use, .allocated > 0]' <(pifarm clone list --json)
    [ "${lines[0]}" = "[\"n1\",\"disk\",\"$hash\",33554432,false,true]" ]
    [ "${lines[2]}" = '["n3",null,null,null,false,false]' ]
    [ "$(pifarm clone list n2 --json | jq '.clones | length')" -eq 1 ]
}

@test "list shows a card without an image under it" {
    qemu-img convert -O qcow2 "$cards/n1.qcow2" "$cards/n3.qcow2"
    run -0 pifarm clone list n3
    [[ ${lines[1]} =~ ^n3\ +-\ +-\ +32.0.MiB ]]
}

@test "list tells which cards a machine has open" {
    hold_open "$cards/n2.qcow2"
    [ "$(pifarm clone list --json | jq -c '[.clones[].in_use]')" = '[false,true,false]' ]
}

@test "reset throws away the cards named, and no others" {
    run -0 pifarm clone reset n1
    [ -z "$output" ]
    [ "$(ls "$cards")" = "$(printf '%s\n' n2.qcow2 n2.qcow2.pub)" ]
    fails_with 4 pifarm clone reset n1
    says "node 'n1' has no card yet"
    fails_with 2 pifarm clone reset
    says 'which nodes?'
}

@test "reset of several cards refuses when one has no card or is in use, and throws none away" {
    fails_with 4 pifarm clone reset n1 n3
    hold_open "$cards/n2.qcow2"
    fails_with 7 pifarm clone reset --all
    fails_with 7 pifarm clone reset n1 n2
    says "n2.qcow2 is in use by another program"
    [ -e "$cards/n1.qcow2" ] && [ -e "$cards/n2.qcow2" ]
    [ -z "$(find "$cards" -name '*.lock')" ]
}

@test "a card that somebody works on is left alone, and who that is is said" {
    exec 8>"$cards/n1.qcow2.lock"
    flock 8
    printf 'pifarm clone commit (process 4711)' >&8
    fails_with 7 pifarm clone reset n1
    says 'n1.qcow2 is being worked on by pifarm clone commit (process 4711); try again when that has ended'
    exec 8>&-
    run -0 pifarm clone reset n1 # the file alone, left by a killed process, locks nothing
    [ ! -e "$cards/n1.qcow2.lock" ]
}
