#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Commands killed at ten random moments each: nothing half-done is ever seen, and the next command clears the rest.
load ../lib/common
load ../lib/store

ROUNDS=10

setup_file() {
    TINY=$("$PIFARM_SOURCE/examples/build-card-image" --flavour tiny)
    export TINY
}

setup() {
    own_folders
}

@test "an import killed at any moment leaves no half image, and the next one succeeds" {
    zstd -q "$TINY" -o "$BATS_TEST_TMPDIR/card.img.zst"
    local most
    most=$(seconds pifarm image import "$BATS_TEST_TMPDIR/card.img.zst" --name whole)
    for _ in $(seq "$ROUNDS"); do
        pifarm image rm whole
        killed_after "$most" pifarm image import "$BATS_TEST_TMPDIR/card.img.zst" --name whole
        gc_clears_all
        every_image_is_whole
        pifarm image import "$BATS_TEST_TMPDIR/card.img.zst" --name whole
    done
}

@test "a preparation killed at any moment leaves no half image and no appliance, and its base as it was" {
    pifarm image import "$TINY" --name tiny
    local most base
    most=$(seconds pifarm image prepare tiny --name first --hostname first)
    base=$(path_of tiny)
    for round in $(seq "$ROUNDS"); do
        killed_after "$most" pifarm image prepare tiny --name "round$round" --hostname "round$round"
        gc_clears_all
        every_image_is_whole
    done
    cmp "$base" "$TINY"
    pifarm image prepare tiny --name last --hostname last
}
