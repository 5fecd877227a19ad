#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Commands killed at ten random moments each: nothing half-done is ever seen, and the next command clears the rest.
load ../lib/common

ROUNDS=10

setup_file() {
    TINY=$("$PIFARM_SOURCE/examples/build-card-image" --flavour tiny)
    export TINY
}

setup() {
    own_folders
    images=$PIFARM_STATE_DIR/images
}

# killed_after SECONDS COMMAND...: its exit status when it was quicker; what it started is in its process group.
killed_after() {
    local patience=$1
    shift
    timeout -s KILL "$patience" "$@" >/dev/null 2>&1
}

# random_moment SECONDS: one of the first so many.
random_moment() {
    awk -v top="$1" -v seed="$RANDOM" 'BEGIN { srand(seed); printf "%.3f", 0.01 + rand() * top }'
}

# All that is listed is whole: the content of each file is what its name says.
every_image_is_whole() {
    local path
    pifarm image list --json | jq -r '.images[].path // empty' >"$BATS_TEST_TMPDIR/listed"
    while read -r path; do
        [ "$(sha256sum "$path" | cut -c 1-64)" = "$(basename "$path" .img)" ] || {
            echo "$path is not what its name says" >&2
            return 1
        }
    done <"$BATS_TEST_TMPDIR/listed"
}

# A command opens the store, and with that clears it. Processes of a killed command may take a moment to end.
nothing_is_left() {
    local begun=$SECONDS
    until pifarm image list >/dev/null && [ -z "$(ls -A "$images/tmp")" ] && ! fuser -s "$images"/*.img; do
        [ $((SECONDS - begun)) -lt 10 ] || {
            find "$images" >&2
            fuser -v "$images"/*.img >&2
            return 1
        }
        sleep 0.2 # nobody tells when a stranger's processes are gone
    done
}

@test "an import killed at any moment leaves no half image, and the next one succeeds" {
    zstd -q "$TINY" -o "$BATS_TEST_TMPDIR/card.img.zst"
    local seconds=$EPOCHREALTIME
    pifarm image import "$BATS_TEST_TMPDIR/card.img.zst" --name whole
    seconds=$(awk -v a="$seconds" -v b="$EPOCHREALTIME" 'BEGIN { print b - a }')
    for _ in $(seq "$ROUNDS"); do
        pifarm image rm whole
        killed_after "$(random_moment "$seconds")" pifarm image import "$BATS_TEST_TMPDIR/card.img.zst" --name whole || true
        every_image_is_whole
        pifarm image import "$BATS_TEST_TMPDIR/card.img.zst" --name whole
        nothing_is_left
    done
}

@test "a preparation killed at any moment leaves no half image and no appliance, and its base as it was" {
    pifarm image import "$TINY" --name tiny
    local seconds=$EPOCHREALTIME base
    pifarm image prepare tiny --name first --hostname first
    seconds=$(awk -v a="$seconds" -v b="$EPOCHREALTIME" 'BEGIN { print b - a }')
    base=$(pifarm image list --json | jq -r '.images[] | select(.name == "tiny") | .path')
    for round in $(seq "$ROUNDS"); do
        killed_after "$(random_moment "$seconds")" pifarm image prepare tiny --name "round$round" --hostname "round$round" || true
        nothing_is_left
        every_image_is_whole
    done
    cmp "$base" "$TINY"
    pifarm image prepare tiny --name last --hostname last
}
