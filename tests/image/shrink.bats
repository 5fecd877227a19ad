#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# pifarm image shrink: smaller images with the same files, and images that cannot be shrunk.
# shellcheck disable=SC2154,SC2034 # make_farm sets them, store_is_untouched reads one
load ../lib/common
load ../lib/export
load ../lib/store

setup() {
    make_farm
    root=$((41 * 1024 * 1024)) # where disk.img has it
}

size_of() {
    stat -c %s "$(path_of "$1")"
}

# has_the_files IMAGE: those of disk.img, in clean file systems.
has_the_files() {
    local image
    image=$(path_of "$1")
    e2fsck -fn "$image?offset=$root"
    debugfs -R "dump /etc/numbers numbers" "$image?offset=$root"
    cmp root/etc/numbers numbers
    cmp <(tail -c +513 disk.img | head -c $((root - 512))) <(tail -c +513 "$image" | head -c $((root - 512)))
}

# nothing_new: the store is as it was, also its folder for what is being made.
nothing_new() {
    store_is_untouched
    [ -z "$(ls -A "$PIFARM_STATE_DIR/images/tmp")" ]
}

@test "a shrunk image is smaller, has the same files and partitions, and the source stays" {
    fails_with 0 pifarm image shrink disk --name small --margin 1MiB
    [[ $output =~ ^small\ \ sha256:[0-9a-f]{12}$ ]]
    [ "$(size_of small)" -lt $((60 * 1024 * 1024)) ]
    has_the_files small
    cmp disk.img "$(path_of disk)"
    [ "$(sfdisk -d "$(path_of small)" | grep -E 'label-id|start= *83968')" != '' ]
    [ "$(sfdisk --disk-id "$(path_of small)")" = 0x5066a001 ]
    [ "$(pifarm image inspect small --json | jq -r '.partitions[1] | .start + .size')" -eq "$(size_of small)" ]
}

@test "the margin is free in the root" {
    pifarm image shrink disk --name small --margin 1MiB
    pifarm image shrink disk --name roomy --margin 6MiB
    [ "$(size_of roomy)" -ge $(($(size_of small) + 4 * 1024 * 1024)) ]
    has_the_files roomy
}

@test "the same image is shrunk once, and gets more names" {
    pifarm image shrink disk --name small --margin 1MiB
    before=$(store_state | grep -c '\.img$')
    fails_with 0 pifarm image shrink disk --name other --margin 1MiB
    [ "$(path_of small)" = "$(path_of other)" ]
    [ "$(store_state | grep -c '\.img$')" -eq "$before" ]
}

@test "an image that cannot become smaller is the answer itself" {
    pifarm image shrink disk --name small --margin 0MiB
    fails_with 0 pifarm image shrink small --name again --margin 0MiB
    [ "$(size_of again)" -le "$(size_of small)" ]
    fails_with 0 pifarm image shrink disk --name whole --margin 1GiB
    [ "$(path_of whole)" = "$(path_of disk)" ]
}

@test "without a name it is called after the image" {
    fails_with 0 pifarm image shrink disk --margin 1MiB
    [[ $output =~ ^disk-[0-9a-f]{8}\ \ sha256: ]]
}

@test "what deleted files held is gone" {
    debugfs -w -R 'rm /etc/numbers' "disk.img?offset=$root" 2>/dev/null
    e2fsck -fy "disk.img?offset=$root" || true
    grep -q '^345678$' disk.img
    pifarm image import disk.img --name deleted
    pifarm image shrink deleted --name gone --margin 1MiB
    fails_with 1 grep -q '^345678$' "$(path_of gone)"
}

@test "a shrunk image is exported as it is" {
    pifarm image shrink disk --name small --margin 1MiB
    pifarm image export small small.img
    cmp "$(path_of small)" small.img
}

# damaged SCRIPT: a copy of the disk called bad, changed by the script, imported as 'bad'.
damaged() {
    cp disk.img bad.img
    bash -euc "$1" bash bad.img "$root"
    pifarm image import bad.img --name bad
    store_before=$(store_state)
}

@test "a root that is not the last partition is refused" {
    damaged 'truncate -s 70M "$1"; echo "start=65MiB, size=4MiB, type=83" | sfdisk -q -a "$1"'
    fails_with 3 pifarm image shrink bad
    says 'partition 2, is not the last one'
    nothing_new
}

@test "a GPT, and a disk without a root, are refused" {
    damaged 'echo label: gpt | sfdisk -q "$1"; echo "start=2048, size=8192" | sfdisk -q -a "$1"'
    fails_with 3 pifarm image shrink bad
    says 'GPT'
    nothing_new
    pifarm image rm bad
    damaged 'echo "start=2048, size=8192, type=c" | sfdisk -q --label dos "$1"'
    fails_with 3 pifarm image shrink bad
    says 'no Linux partition'
    nothing_new
}

@test "a root that is no ext4 is refused" {
    damaged 'dd if=/dev/urandom of="$1" bs=1M seek=41 count=24 conv=notrunc status=none'
    fails_with 3 pifarm image shrink bad
    says 'no ext4 root'
    nothing_new
}

@test "a root with errors that e2fsck does not mend by itself is refused" {
    damaged 'debugfs -w -R "clri /etc" "$1?offset=$2" 2>/dev/null'
    fails_with 3 pifarm image shrink bad
    says 'e2fsck'
    nothing_new
}

@test "wrong arguments are refused, and a name that is taken" {
    fails_with 2 pifarm image shrink
    fails_with 4 pifarm image shrink unknown
    fails_with 2 pifarm image shrink disk --name 'no good'
    fails_with 2 pifarm image shrink disk --margin lots
    nothing_new
    pifarm image import n1.expected --name taken
    store_before=$(store_state)
    fails_with 5 pifarm image shrink disk --name taken
    nothing_new
}

@test "killed at any moment it leaves the store as it was, or with the whole" {
    for _ in $(seq 10); do
        kill_at $((RANDOM % 400 + 5)) pifarm image shrink disk --name small --margin 1MiB
        pifarm image list >/dev/null # clears what was left
        [ -z "$(ls -A "$PIFARM_STATE_DIR/images/tmp")" ]
        if pifarm image inspect small >/dev/null 2>&1; then
            has_the_files small
            pifarm image rm small
        fi
        store_is_untouched
    done
    pifarm image shrink disk --name small
    has_the_files small
}
