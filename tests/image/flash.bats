#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# pifarm image flash, on loop devices: what may be written and what not, zeros, small and broken cards, being killed.
# shellcheck disable=SC2154 # make_farm and loop_device set them
load ../lib/common
load ../lib/export
load ../lib/store

setup() {
    make_farm
}

# card SIZE: a loop device on a file full of old data, in $device.
card() {
    yes 'old data' | head -c "$1" >card || true
    loop_device card
}

flash() {
    pifarm image flash "$1" "$device" --device-is "$device" -y "${@:2}"
}

# is_on_card DISK: the device holds the disk, in its first bytes.
is_on_card() {
    cmp -n "$(stat -c %s "$1")" "$1" "$device"
}

is_unchanged() {
    ! tr -d 'old at\n' <"$device" | grep -q .
}

@test "an image is on the card, its holes as zeros" {
    card 80M
    fails_with 0 flash disk
    [ "$output" = "disk is on $device and was read back; the card can be taken out" ]
    is_on_card disk.img
    [ "$(dd if="$device" bs=1M skip=79 status=none | tr -d '\0' | wc -c)" -eq 0 ]
    store_is_untouched
}

@test "a node's card is on the card with what the node wrote" {
    card 128M
    fails_with 0 flash n1
    is_on_card n1.expected
    store_is_untouched
}

@test "the partitions on the card are what they are in the image, clean" {
    card 80M
    flash disk
    [ "$(sfdisk -d "$device" | grep -c 'start=')" -eq 2 ]
    e2fsck -fn "$device?offset=$((41 * 1024 * 1024))"
}

@test "a disk that is not removable has to be named twice" {
    card 80M
    fails_with 2 pifarm image flash disk "$device" -y
    says "--device-is $device"
    says 'no card or stick'
    fails_with 2 pifarm image flash disk "$device" -y --device-is /dev/null
    is_unchanged
    ln -s "$device" by-id
    fails_with 0 pifarm image flash disk by-id -y --device-is "$device"
    is_on_card disk.img
}

@test "without a terminal and -y nothing is written" {
    card 80M
    fails_with 2 pifarm image flash disk "$device" --device-is "$device" </dev/null
    says '-y'
    is_unchanged
}

@test "on a terminal it shows what will be lost, and takes y only" {
    card 80M
    flash n1 2>/dev/null || flash disk
    ask() {
        script -qec "pifarm image flash disk $device --device-is $device" /dev/null <<<"$1"
    }
    yes 'old data' | head -c 60M | dd of="$device" bs=1M seek=1 conv=notrunc iflag=fullblock status=none
    fails_with 2 ask n
    says "$device"
    says '80.0'
    says '2 partitions'
    says 'Write disk to'
    says 'nothing was written'
    grep -q 'old data' "$device"
    fails_with 2 script -qec "pifarm image flash disk $device --device-is $device" /dev/null <<<$'\x04'
    says $'[y/N] \r\npifarm: nothing was written'
    fails_with 0 ask y
    is_on_card disk.img
}

@test "--dry-run shows what would be lost, and writes nothing" {
    card 80M
    fails_with 0 pifarm image flash disk "$device" --device-is "$device" --dry-run
    says "$device"
    says '65.0'
    is_unchanged
}

@test "a card that is too small is refused, one that the partitions fit on is not" {
    card 64M
    fails_with 2 flash disk
    says 'too small'
    says 'pifarm image shrink'
    is_unchanged
    losetup -d "$device"
    card 66M # n1 has 128 MiB, its partitions end at 65
    fails_with 0 flash n1
    cmp -n $((66 * 1024 * 1024)) n1.expected "$device"
}

@test "what is written behind the partitions is not cut off" {
    qemu-io -c 'write -P 1 100M 512' "$cards/n1.qcow2" >/dev/null
    card 80M
    fails_with 2 flash n1
    says 'too small'
    is_unchanged
}

@test "a device that is mounted is refused" {
    local offset=$((41 * 1024 * 1024))
    card 80M
    flash disk
    mkdir "mount point"
    cleanup umount "$BATS_TEST_TMPDIR/mount point"
    mount -o "loop,offset=$offset" "$device" "mount point"
    fails_with 7 flash disk
    says 'in use by /dev/loop'
    umount "mount point"
    mke2fs -q -F "$device" 60M
    mount "$device" "mount point"
    fails_with 7 flash disk
    says "$BATS_TEST_TMPDIR/mount point"
    says 'umount'
    umount "mount point"
    fails_with 0 flash disk
}

@test "a device that somebody else holds is refused" {
    card 80M
    python3 -c 'import os, sys; f = os.open(sys.argv[1], os.O_RDONLY | os.O_EXCL); print("held", flush=True); sys.stdin.read()' \
        "$device" > >(head -n 1 >held) < <(exec sleep 60) 3>&- &
    cleanup kill $!
    until [ -s held ]; do sleep 0.05; done
    fails_with 7 flash disk
    says 'in use'
    is_unchanged
}

@test "what is no whole disk, not there or write-protected is refused" {
    card 80M
    fails_with 2 pifarm image flash disk ./card -y --device-is ./card
    says 'is no disk'
    fails_with 2 pifarm image flash disk /dev/null -y
    fails_with 4 pifarm image flash disk /dev/missing -y
    fails_with 4 pifarm image flash disk $'/dev/new\nline' -y
    fails_with 2 pifarm image flash disk
    losetup -d "$device"
    loop_device card --read-only
    fails_with 6 flash disk
    says 'write-protected'
}

# with_partitions: a card that the disk is on, with its partitions as devices.
with_partitions() {
    card 80M
    flash disk
    cleanup partx --delete "$device"
    partx --add "$device" || true
    [ -b "${device}p2" ]
}

@test "a partition is no card" {
    with_partitions
    fails_with 2 pifarm image flash disk "${device}p1" -y --device-is "${device}p1"
    says 'partition 1'
}

@test "a device with a partition that is mounted or swapped to is refused" {
    with_partitions
    mkdir "mount point"
    cleanup umount "$BATS_TEST_TMPDIR/mount point"
    mount "${device}p2" "mount point"
    fails_with 7 flash disk
    says "is mounted on $BATS_TEST_TMPDIR/mount point"
    umount "mount point"
    mkswap -q "${device}p1"
    cleanup swapoff "${device}p1"
    swapon "${device}p1"
    fails_with 7 flash disk
    says "swapoff ${device}p1"
    swapoff "${device}p1"
    fails_with 0 flash disk
}

@test "a card that fails while it is written is told, and left without a partition table" {
    mkdir memory
    cleanup umount "$BATS_TEST_TMPDIR/memory"
    mount -t tmpfs -o size=5M tmpfs memory
    truncate -s 80M memory/card
    loop_device memory/card
    fails_with 1 flash disk
    says "cannot write $device"
    [ "$(head -c 512 "$device" | tr -d '\0' | wc -c)" -eq 0 ]
    store_is_untouched
    losetup -d "$device"
}

@test "a node that is on is refused, and the device left alone" {
    card 128M
    hold_open "$cards/n1.qcow2"
    fails_with 7 flash n1
    says 'in use'
    is_unchanged
}

# forget_nothing: the card does not know how to discard.
forget_nothing() {
    local limit
    limit=/sys/block/$(basename "$device")/queue/discard_max_bytes
    cleanup sh -c "echo $(cat "$limit") >$limit"
    echo 0 >"$limit"
}

# has_clean_file_systems: the card, both of its partitions.
has_clean_file_systems() {
    local start size
    dd if="$device" of=boot.part bs=1M skip=1 count=40 status=none
    fsck.vfat -n boot.part
    read -r start size < <(sfdisk -J "$device" | jq -r '.partitiontable.partitions[1] | "\(.start) \(.size)"')
    dd if="$device" of=root.part bs=512 skip="$start" count="$size" conv=sparse status=none
    e2fsck -fn root.part
}

# on_root PATH: what the file on the card's root has; has_clean_file_systems before it.
on_root() {
    debugfs -R "cat $1" root.part 2>/dev/null
}

@test "--grow gives the root all of the card, without writing what is free in it" {
    card 400M
    forget_nothing
    fails_with 0 flash disk --grow
    says 'was read back'
    grep -q 'old data' "$device"
    [ "$(sfdisk -J "$device" | jq '.partitiontable.partitions[1] | (.start + .size) / 2048')" -eq 400 ]
    [ "$(sfdisk -J "$device" | jq -r '.partitiontable.id')" = "$(sfdisk -J disk.img | jq -r '.partitiontable.id')" ]
    has_clean_file_systems
    [ "$(dumpe2fs -h root.part 2>/dev/null | awk -F: '/^Block count/ { n = $2 } /^Block size/ { print n * $2 / 1048576 }')" -eq 359 ]
    on_root /etc/numbers | cmp - root/etc/numbers
    cmp <(head -c 41M disk.img | tail -c +1M) <(head -c 41M "$device" | tail -c +1M)
    [ "$(tail -c 1M "$device" | tr -d '\0' | wc -c)" -eq 0 ]
    mkdir mnt
    cleanup umount "$BATS_TEST_TMPDIR/mnt"
    mount -o "loop,offset=$((41 << 20))" "$device" mnt
    yes 'new data' | head -c 200M >mnt/new
    umount mnt
    has_clean_file_systems
    store_is_untouched
}

@test "--grow of a node's card, after a power cut too" {
    local root=$((41 << 20))
    cp n1.expected dirty
    printf '%s\n' 'ssv state 0' | debugfs -w -f - "dirty?offset=$root" 2>/dev/null
    qemu-img convert -O qcow2 dirty "$cards/n2.qcow2"
    card 150M
    fails_with 0 flash n2 --grow
    has_clean_file_systems
    [ "$(sfdisk -J "$device" | jq '.partitiontable.partitions[1] | (.start + .size) / 2048')" -eq 150 ]
    fails_with 0 flash n1 --grow --no-verify
    has_clean_file_systems
}

@test "--grow on a card without room to grow, and of a disk whose root cannot" {
    card 65M
    fails_with 0 flash disk --grow
    has_clean_file_systems
    cp disk.img odd.img
    sfdisk -q --part-type odd.img 2 82
    pifarm image import odd.img
    fails_with 3 flash odd --grow
    says 'flash it without --grow'
    losetup -d "$device"
    card 60M
    fails_with 2 flash disk --grow
    says 'too small'
    is_unchanged
}

@test "--as makes an image the card of a node that has none" {
    card 80M
    fails_with 0 flash disk --as n2 --grow
    says "disk is on $device as n2 and was read back"
    has_clean_file_systems
    [ "$(on_root /etc/hostname)" = n2 ]
    [[ $(on_root /etc/machine-id) =~ ^[0-9a-f]{32}$ ]]
    on_root /etc/pifarm/node.env | grep -x NODE=n2
    on_root /etc/ssh/ssh_host_ed25519_key >key && chmod 600 key
    [ "$(ssh-keygen -y -f key | cut -d ' ' -f 2)" = "$(cut -d ' ' -f 2 "$cards/n2.qcow2.pub")" ]
    on_root /etc/ssh/ssh_host_ed25519_key.pub | cmp - "$cards/n2.qcow2.pub"
    on_root /etc/numbers | cmp - root/etc/numbers
    [ "$(ls "$cards")" = "$(printf '%s\n' n1.qcow2 n2.qcow2.pub)" ]
    rm "$cards/n2.qcow2.pub"
    store_is_untouched
    first=$(on_root /etc/machine-id)
    flash n1 --as n2 # as good as any image
    has_clean_file_systems
    [ "$(on_root /etc/hostname)" = n2 ] && [ "$(on_root /etc/machine-id)" != "$first" ]
}

@test "--as wants one node that has no card, and nobody starts it meanwhile" {
    card 80M
    fails_with 5 flash disk --as n1
    says 'pifarm image flash n1'
    says 'pifarm clone reset n1'
    fails_with 2 flash disk --as 'n[1-2]'
    fails_with 4 flash disk --as n9
    exec 8>"$cards/n2.qcow2.lock"
    flock 8
    fails_with 7 flash disk --as n2
    exec 8>&-
    fails_with 0 flash disk --as n2 --dry-run
    says 'it becomes the card of node n2'
    is_unchanged
    [ -z "$(find "$cards" -name 'n2*')" ]
    rm farm.yaml
    fails_with 4 flash disk --as n2
    says 'farm.yaml'
}

@test "what was changed behind our back is not flashed" {
    card 128M
    damage "$(path_of disk)"
    for subject in disk n1; do
        fails_with 3 flash $subject
        says "image 'disk' was changed behind our back"
    done
    is_unchanged
}

@test "stopped while it writes it says what has become of the card" {
    local pid
    card 128M
    for _ in $(seq 20); do
        flash n1 >/dev/null
        pifarm image flash n1 "$device" --device-is "$device" -y 2>said &
        pid=$!
        until [ "$(head -c 512 "$device" | tr -d '\0' | wc -c)" -eq 0 ] || [ ! -e "/proc/$pid" ]; do :; done
        kill "$pid" || true
        wait "$pid" || true
        [ ! -s said ] || break # else it was quicker
    done
    [ "$(cat said)" = "pifarm: stopped; $device is half written and has no partition table now: flash it again" ]
    [ "$(head -c 512 "$device" | tr -d '\0' | wc -c)" -eq 0 ]
    fails_with 0 flash n1
    is_on_card n1.expected
    gc_clears_all
}

@test "killed at any moment it leaves a card without partitions, or the whole" {
    card 128M
    for _ in $(seq 10); do
        kill_at $((RANDOM % 600 + 5)) pifarm image flash n1 "$device" --device-is "$device" -y
        if [ "$(head -c 512 "$device" | tail -c 2 | od -An -tx1)" = ' 55 aa' ]; then
            is_on_card n1.expected
        fi
        gc_clears_all
    done
    store_is_untouched
    fails_with 0 flash n1
    is_on_card n1.expected
}
