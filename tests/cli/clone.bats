#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# pifarm clone list and reset, who is kept off a card, and image gc; cards are made by qemu-img, nothing boots; no root.
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

# garbage [OPTION...]: what gc finds, in one line.
garbage() {
    pifarm image gc --dry-run --json "$@" | jq -r '.garbage[] | "\(.what): \(.name)"' | sort | tr '\n' ','
}

# prepared_image NAME: an image that looks as if preparation had made it, called NAME.
prepared_image() {
    truncate -s 16M "$1.img"
    printf '%s\n' 'label: dos' "label-id: 0x$((RANDOM + 4096))" 'start=2048, size=8192, type=c' | sfdisk -q "$1.img"
    pifarm image import "$1.img" >/dev/null
    local record
    record=$PIFARM_STATE_DIR/images/$(sha256sum "$1.img" | cut -d ' ' -f 1).json
    jq '.recipes = ["abcdef12"]' "$record" >edited && cp edited "$record"
}

@test "gc finds nothing where all is in use or named by somebody" {
    [ -z "$(garbage)" ]
    run -0 pifarm image gc
    [ "$output" = 'freed 0 bytes' ]
    pifarm clone reset n1 n2
    [ -z "$(garbage --all)" ] # farm.yaml names the image
    sed -i 's/disk: {}/other: {}/; s/image: disk/image: other/' farm.yaml
    [ -z "$(garbage)" ]
    [ "$(garbage --all)" = 'image: disk,' ]
}

@test "gc removes prepared images that nobody named and no card needs" {
    prepared_image disk-abcdef12
    prepared_image named
    prepared_image used-abcdef12
    sha256=$(sha256sum used-abcdef12.img | cut -d ' ' -f 1)
    qemu-img create -q -f qcow2 -F raw -b "$PIFARM_STATE_DIR/images/$sha256.img" "$cards/n3.qcow2"
    mkdir -p "$PIFARM_STATE_DIR/images/$sha256.users"
    name=$(printf %s "$cards/n3.qcow2" | sha256sum | cut -d ' ' -f 1)
    ln -s "$cards/n3.qcow2" "$PIFARM_STATE_DIR/images/$sha256.users/$name"
    [ "$(garbage)" = 'image: disk-abcdef12,' ]
    run -0 pifarm image gc
    says 'freed '
    [ "$(pifarm image list --json | jq -rc '[.images[].name]')" = '["disk","named","used-abcdef12"]' ]
    pifarm clone reset n3
    [ "$(garbage)" = 'image: used-abcdef12,' ]
}

@test "gc removes what killed commands left, and old downloads; a dry run removes nothing" {
    mkdir -p "$PIFARM_STATE_DIR/images/tmp/dead" "$PIFARM_STATE_DIR/images/downloads"
    head -c 1M /dev/urandom >"$PIFARM_STATE_DIR/images/tmp/dead/file"
    cp "$cards/n1.qcow2" "$cards/n1.qcow2.new"
    : >"$cards/n2.qcow2.lock"
    touch -d '8 days ago' "$PIFARM_STATE_DIR/images/downloads/old.part"
    touch -d '6 days ago' "$PIFARM_STATE_DIR/images/downloads/young.part"
    expected='leftover of a killed command: dead,unfinished card: clitest/n1.qcow2.new,unfinished download: old.part,'
    [ "$(garbage)" = "$expected" ]
    run -0 pifarm image gc --dry-run
    [[ $output =~ would\ free\ 1.[0-9].MiB ]]
    [ "$(garbage)" = "$expected" ]
    run -0 pifarm image gc -y
    [ -z "$(garbage)" ]
    [ -z "$(ls -A "$PIFARM_STATE_DIR/images/tmp")" ]
    [ "$(ls "$PIFARM_STATE_DIR/images/downloads")" = young.part ]
    [ "$(ls "$cards")" = "$(printf '%s\n' n1.qcow2 n1.qcow2.pub n2.qcow2 n2.qcow2.pub)" ]
}

@test "gc leaves alone what somebody works on" {
    cp "$cards/n1.qcow2" "$cards/n1.qcow2.new"
    exec 8>"$cards/n1.qcow2.lock"
    flock 8
    [ -z "$(garbage --all)" ]
    exec 8>&-
    [ "$(garbage)" = 'unfinished card: clitest/n1.qcow2.new,' ]
}

@test "gc --all removes the cards of nodes that this farm.yaml no longer has" {
    sed -i 's/n\[1-3\]/n[2-3]/' farm.yaml
    [ -z "$(garbage)" ]
    [ "$(garbage --all)" = 'card of a vanished node: clitest/n1.qcow2,' ]
    run -0 pifarm image gc --all
    [ "$(ls "$cards")" = "$(printf '%s\n' n2.qcow2 n2.qcow2.pub)" ]
}

@test "gc removes nothing by a farm.yaml that has mistakes" {
    echo 'frobnicate: true' >>farm.yaml
    fails_with 3 pifarm image gc --all
}
