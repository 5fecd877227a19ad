#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# image verify: what it says of good images, and of one that was changed.
load ../lib/common.bash
load ../lib/store.bash

setup() {
    own_folders
    cd "$BATS_TEST_TMPDIR"
    local name
    for name in first second; do
        truncate -s 4M $name.img
        printf '%s\n' 'label: dos' "label-id: 0x$(printf '%08x' ${#name})" 'start=2048, size=2048' |
            PATH=$PATH:/usr/sbin sfdisk -q $name.img
        pifarm image import $name.img
    done
}

@test "good images are listed as good" {
    fails_with 0 pifarm image verify
    [ "$(awk '{ print $1, $3 }' <<<"$output")" = 'NAME GOOD
first yes
second yes' ]
    [ "$(pifarm image verify --all)" = "$output" ]
    [ "$(pifarm image verify second --json | jq -c '.images | map([.name, .good, .problem])')" = '[["second",true,null]]' ]
}

@test "a changed image is named, with what mends it" {
    damage "$(path_of second)"
    fails_with 9 pifarm image verify
    says "image 'second' was changed behind our back"
    says "pifarm image import $PWD/second.img"
    grep -E '^first +[0-9a-f]{12} yes$' <<<"$output"
    grep -E '^second +[0-9a-f]{12} no$' <<<"$output"
    fails_with 0 pifarm image verify first
    run -9 --separate-stderr pifarm image verify --json
    jq -e '.images | map(.good) == [true, false]' <<<"$output"
    jq -e '.images[1].problem | contains("changed")' <<<"$output"
    fails_with 0 pifarm image import second.img
    fails_with 0 pifarm image verify
}

@test "verify of what is not there, and of too much" {
    fails_with 4 pifarm image verify third
    says "'third'"
    fails_with 2 pifarm image verify --all first
    says '--all'
    pifarm image rm first second
    fails_with 0 pifarm image verify
}

@test "an image whose file was restored from a backup is good" {
    local path
    path=$(path_of first)
    cp "$path" backup
    rm -f "$path"
    cp backup "$path"
    fails_with 0 pifarm image verify first
}

# card_job NAME: what pifarm-card says to a job for a node's card on that image.
card_job() {
    jq -n --arg store "$PIFARM_STATE_DIR/images" --arg image "$(basename "$(path_of "$1")" .img)" --arg clone "$PWD/n1.qcow2" \
        '{store: $store, image: $image, clone: $clone, size: 4194304, hostname: "n1", node_env: ""}' | pifarm-card
}

@test "no card is made of a changed image, and none that lies on one is given to a node" {
    damage "$(path_of second)"
    card_job second | jq -e '.error.code == "config" and (.error.message | contains("image '\''second'\'' was changed"))'
    [ ! -e n1.qcow2 ]
    qemu-img create -q -f qcow2 -F raw -b "$(path_of second)" n1.qcow2
    card_job first | jq -e '.error.message | contains("image '\''second'\'' was changed")'
    pifarm image import second.img
    card_job first | jq -e '(.error.message // "") | contains("changed") | not'
}
