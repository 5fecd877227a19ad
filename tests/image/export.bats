#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# pifarm image export: forms, names, block maps that bmaptool takes, full disks, being killed.
# shellcheck disable=SC2154,SC2034 # make_farm and loop_device set them, store_is_untouched reads one
load ../lib/common
load ../lib/export
load ../lib/store

setup() {
    make_farm
}

# only FILE...: the folder out has these and nothing else, hidden or not.
only() {
    local expected
    expected=$(printf '%s\n' "$@" | sort)
    [ "$(find out -mindepth 1 -printf '%P\n' | sort)" = "$expected" ] || {
        find out >&2
        return 1
    }
}

# small_disk SIZE: a file system of that size on the folder out.
small_disk() {
    mkdir -p out
    cleanup umount "$BATS_TEST_TMPDIR/out"
    mount -t tmpfs -o "size=$1" tmpfs out
}

@test "an image is exported raw, sparse and byte for byte, and nothing is said" {
    mkdir out
    fails_with 0 pifarm image export disk out/disk.img
    [ -z "$output" ]
    cmp disk.img out/disk.img
    only disk.img disk.img.bmap
    [ $(($(stat -c %b out/disk.img) * 512)) -lt $((20 * 1024 * 1024)) ]
    store_is_untouched
}

@test "a node's card is exported with what the node wrote, and for its owner only" {
    fails_with 0 pifarm image export n1 n1.img
    cmp n1.expected n1.img
    [ "$(stat -c %a n1.img)" = 600 ]
    [ "$(stat -c %a n1.img.bmap)" = 600 ]
    store_is_untouched
}

@test "a card whose chain has compressed clusters, and one without an image, are exported whole" {
    qemu-img convert -c -O qcow2 "$cards/n1.qcow2" flat.qcow2
    mv flat.qcow2 "$cards/n2.qcow2"
    fails_with 0 pifarm image export n2 n2.img
    cmp n1.expected n2.img
}

@test "the ending of the name tells the compression" {
    pifarm image export n1 n1.img.xz
    pifarm image export n1 n1.img.zst --no-bmap
    pifarm image export n1 n1.img.gz --no-bmap
    xz -dc n1.img.xz | cmp n1.expected -
    zstd -dc n1.img.zst | cmp n1.expected -
    gzip -dc n1.img.gz | cmp n1.expected -
    ls n1.img.bmap
}

@test "a compressed export comes back as the same image" {
    pifarm image export disk disk.img.xz
    pifarm image import disk.img.xz --name again
    [ "$(pifarm image list --json | jq '[.images[].sha256] | unique | length')" -eq 1 ]
}

@test "- is the raw disk on standard output" {
    pifarm image export n1 - | cmp n1.expected -
    pifarm image export disk - >disk.out
    cmp disk.img disk.out
}

@test "bmaptool flashes by the block map and finds every hash right" {
    pifarm image export n1 n1.img.xz
    truncate -s 128M card
    bmaptool copy n1.img.xz card
    cmp n1.expected card
    pifarm image export n1 n1.img --force
    rm card && truncate -s 128M card
    bmaptool copy n1.img card
    cmp n1.expected card
}

@test "what a file system uses is in the block map though it is zeros, what is free is not" {
    local offset=$((41 * 1024 * 1024))
    mkdir out
    pifarm image export disk out/disk.img
    # a card with old data on it
    yes 'old data' | head -c 65M >card
    loop_device card
    bmaptool copy out/disk.img "$device"
    e2fsck -fn "card?offset=$offset"
    debugfs -R 'dump /etc/zeros zeros' "card?offset=$offset"
    cmp root/etc/zeros zeros
    mcopy -n -i card@@1M ::kernel8.img kernel8.img
    cmp boot/kernel8.img kernel8.img
    mdir -i card@@1M ::
    grep -q 'old data' card
    [ "$(sed -n 's|.*<MappedBlocksCount> \([0-9]*\) .*|\1|p' out/disk.img.bmap)" -lt $((20 * 256)) ]
}

@test "a file system that was not shut down cleanly is in the block map as a whole" {
    debugfs -w -R 'ssv state 0' "disk.img?offset=$((41 * 1024 * 1024))" 2>/dev/null
    pifarm image import disk.img --name dirty
    pifarm image export dirty dirty.img
    [ "$(sed -n 's|.*<MappedBlocksCount> \([0-9]*\) .*|\1|p' dirty.img.bmap)" -gt $((24 * 256)) ]
    bmaptool copy dirty.img copy
    cmp dirty.img copy
}

@test "a block map is not made with --no-bmap, nor left from another image" {
    mkdir out
    pifarm image export disk out/disk.img
    pifarm image export n1 out/disk.img --force --no-bmap
    only disk.img
    cmp n1.expected out/disk.img
}

@test "what is there is replaced with --force only" {
    mkdir out
    echo precious >out/n1.img
    fails_with 5 pifarm image export n1 out/n1.img
    says '--force'
    [ "$(cat out/n1.img)" = precious ]
    only n1.img
    rm out/n1.img
    echo precious >out/n1.img.bmap
    fails_with 5 pifarm image export n1 out/n1.img
    only n1.img.bmap
    fails_with 0 pifarm image export n1 out/n1.img --force
    cmp n1.expected out/n1.img
    only n1.img n1.img.bmap
}

@test "a node that is on is refused, and none starts meanwhile" {
    hold_open "$cards/n1.qcow2"
    fails_with 7 pifarm image export n1 n1.img
    says 'in use'
    [ ! -e n1.img ]
}

@test "what was changed behind our back is not exported" {
    damage "$(path_of disk)"
    for subject in disk n1; do
        fails_with 3 pifarm image export $subject out.img
        says "image 'disk' was changed behind our back"
        fails_with 3 pifarm image export $subject -
    done
    fails_with 3 pifarm image shrink disk
    [ ! -e out.img ]
    pifarm image import disk.img
    fails_with 0 pifarm image export n1 out.img
    cmp n1.expected out.img
}

@test "--shrink exports no more than the root needs, and what it makes for that does not stay" {
    local end
    cp disk.img roomy.img
    truncate -s 200M roomy.img
    loop_device roomy.img
    pifarm image flash disk "$device" --device-is "$device" -y --grow
    losetup -d "$device"
    pifarm image import roomy.img
    qemu-img create -q -f qcow2 -F raw -b "$(path_of roomy)" "$cards/n2.qcow2" 256M
    store_before=$(store_state)
    for subject in roomy n2; do
        fails_with 0 pifarm image export $subject out.img --shrink --force
        [ -z "$output" ]
        [ "$(stat -c %s out.img)" -lt $((100 << 20)) ]
        end=$(sfdisk -J out.img | jq '.partitiontable.partitions[1] | (.start + .size) * 512')
        [ "$(stat -c %s out.img)" -eq "$end" ]
        e2fsck -fn "out.img?offset=$((41 << 20))"
        debugfs -R 'cat /etc/numbers' "out.img?offset=$((41 << 20))" 2>/dev/null | cmp root/etc/numbers -
        rm -f copy
        bmaptool copy out.img copy
        e2fsck -fn "copy?offset=$((41 << 20))"
        store_is_untouched
        [ -z "$(half_done)" ]
    done
    fails_with 5 pifarm image export roomy out.img --shrink
    pifarm image export roomy - --shrink >streamed
    [ "$(stat -c %s streamed)" -eq "$(stat -c %s out.img)" ]
    e2fsck -fn "streamed?offset=$((41 << 20))"
    fails_with 0 pifarm image export disk small.img --shrink # cannot be smaller
    cmp disk.img small.img
    hold_open "$cards/n2.qcow2"
    fails_with 7 pifarm image export n2 other.img --shrink
    [ ! -e other.img ]
}

@test "a name that a node and an image have wants to be told apart" {
    pifarm image import disk.img --name n1
    fails_with 2 pifarm image export n1 out.img
    says '--node or --image'
    pifarm image export n1 node.img --node
    pifarm image export n1 image.img --image
    cmp n1.expected node.img
    cmp disk.img image.img
    fails_with 2 pifarm image export n1 out.img --node --image
}

@test "what is no node and no image, or a node without card, is not found" {
    fails_with 4 pifarm image export unknown out.img
    says "'unknown'"
    fails_with 4 pifarm image export n2 out.img
    says 'pifarm up n2'
    fails_with 4 pifarm image export $'new\nline' out.img
    says 'new\nline'
    fails_with 4 pifarm image export -- --node out.img
    fails_with 2 pifarm image export 'n[1-2]' out.img --node
    says 'name one'
    rm farm.yaml
    fails_with 4 pifarm image export n1 out.img
    says 'farm.yaml'
    fails_with 0 pifarm image export disk out.img
}

@test "an output that cannot be is refused before anything is read" {
    fails_with 2 pifarm image export disk
    fails_with 4 pifarm image export disk missing/disk.img
    says 'missing'
    mkdir folder
    fails_with 2 pifarm image export disk folder
    fails_with 2 pifarm image export disk folder/
    fails_with 2 pifarm image export disk /dev/null
    fails_with 0 pifarm image export disk -- $'--od\nd.img'
    cmp disk.img ./$'--od\nd.img'
}

@test "a full disk leaves nothing behind" {
    local name
    small_disk 2M
    for name in disk.img disk.img.gz disk.img.zst disk.img.xz; do
        seq 2000000 | head -c 2016K >out/filler
        fails_with 1 pifarm image export disk "out/$name"
        says 'no room'
        rm out/filler
        [ -z "$(ls -A out)" ]
    done
    store_is_untouched
}

@test "killed at any moment it leaves a whole file or none" {
    mkdir out
    for _ in $(seq 10); do
        kill_at $((RANDOM % 400 + 5)) pifarm image export n1 out/n1.img
        if [ -e out/n1.img ]; then cmp n1.expected out/n1.img; else [ -z "$(ls -A out)" ]; fi
        if [ -e out/n1.img.bmap ]; then bmaptool copy out/n1.img copy; fi
        rm -f out/*
        gc_clears_all
        [ -z "$(ls -A out)" ]
    done
    store_is_untouched
    pifarm image export n1 out/n1.img
    cmp n1.expected out/n1.img
    only n1.img n1.img.bmap
}

@test "killed while it replaces a file it leaves the old one or the new" {
    mkdir out
    for _ in $(seq 10); do
        cp disk.img out/n1.img
        kill_at $((RANDOM % 400 + 5)) pifarm image export n1 out/n1.img --force
        cmp -s disk.img out/n1.img || cmp n1.expected out/n1.img
    done
    pifarm image export n1 out/n1.img --force
    only n1.img n1.img.bmap
}

@test "on a file system without unnamed files it is as safe" {
    truncate -s 400M usb
    mke2fs -q -t ext4 -E root_owner=0:0 usb
    mkdir out
    cleanup umount "$BATS_TEST_TMPDIR/out"
    fuse2fs usb out -o fakeroot >/dev/null
    rmdir out/lost+found
    pifarm image export n1 out/n1.img
    cmp n1.expected out/n1.img
    fails_with 5 pifarm image export n1 out/n1.img
    pifarm image export disk out/n1.img --force
    cmp disk.img out/n1.img
    kill_at 60 pifarm image export n1 out/n2.img
    [ ! -e out/n2.img ] || cmp n1.expected out/n2.img
    rm -f out/n2.img out/n2.img.bmap
    pifarm image export n1 out/n2.img
    cmp n1.expected out/n2.img
    only n1.img n1.img.bmap n2.img n2.img.bmap
}
