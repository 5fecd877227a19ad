#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The card images of examples/build-card-image: partitions, file systems, names, nobody's identity in them.
load ../lib/common

bats_require_minimum_version 1.5.0

setup_file() {
    PATH=$PATH:/usr/sbin:/sbin
    TINY=$("$PIFARM_SOURCE/examples/build-card-image" --flavour tiny)
    STANDARD=$("$PIFARM_SOURCE/examples/build-card-image" --flavour standard)
    export PATH TINY STANDARD
}

build() {
    "$PIFARM_SOURCE/examples/build-card-image" "$@"
}

# each_image COMMAND...: runs it with the image of each flavour as its last argument.
each_image() {
    local image
    for image in "$TINY" "$STANDARD"; do
        "$@" "$image" || { echo "that was $image" >&2 && return 1; }
    done
}

# partition IMAGE NUMBER FIELD: of sfdisk's JSON, numbers in sectors.
partition() {
    sfdisk --json "$1" | jq -r ".partitiontable.partitions[$(($2 - 1))].$3"
}

# in_rootfs IMAGE REQUEST: what debugfs says to it, read-only.
in_rootfs() {
    debugfs -R "$2" "$1?offset=$(($(partition "$1" 2 start) * 512))" 2>/dev/null
}

# in_bootfs IMAGE COMMAND ARGUMENT...: an mtools command on the FAT.
in_bootfs() {
    local image=$1 command=$2
    shift 2
    "$command" -i "$image@@$(($(partition "$image" 1 start) * 512))" "$@"
}

# copy_partition IMAGE NUMBER FILE
copy_partition() {
    dd if="$1" of="$3" bs=512 skip="$(partition "$1" "$2" start)" count="$(partition "$1" "$2" size)" \
        conv=sparse status=none
}

has_two_partitions() {
    [ "$(sfdisk --json "$1" | jq -r .partitiontable.label)" = dos ] &&
        [ "$(partition "$1" 1 type) $(partition "$1" 2 type) $(partition "$1" 3 type)" = "c 83 null" ] &&
        [ "$(partition "$1" 1 start)" -eq 8192 ]
}

is_a_power_of_two() {
    local size
    size=$(stat -c %s "$1")
    [ $((size & (size - 1))) -eq 0 ]
}

has_clean_file_systems() {
    local part=$BATS_TEST_TMPDIR/part
    copy_partition "$1" 1 "$part"
    [ "$(blkid -p -o value -s LABEL "$part") $(blkid -p -o value -s VERSION "$part")" = "bootfs FAT32" ] &&
        fsck.vfat -n "$part" || return
    copy_partition "$1" 2 "$part"
    [ "$(blkid -p -o value -s LABEL "$part") $(blkid -p -o value -s TYPE "$part")" = "rootfs ext4" ] &&
        e2fsck -fn "$part" && [[ $(dumpe2fs -h "$part") == *"Filesystem state:         clean"* ]]
}

has_boot_files() {
    local name
    for name in bootcode.bin start.elf fixup.dat config.txt cmdline.txt kernel8.img initramfs8 \
        bcm2710-rpi-3-b-plus.dtb overlays/README; do
        in_bootfs "$1" mdir -b "::$name" >/dev/null || { echo "no $name on the FAT" >&2 && return 1; }
    done
}

has_settings_for_a_board() {
    local config cmdline id
    config=$(in_bootfs "$1" mtype ::config.txt)
    cmdline=$(in_bootfs "$1" mtype ::cmdline.txt)
    id=$(sfdisk --disk-id "$1")
    grep -qx 'arm_64bit=1' <<<"$config" && grep -qx 'kernel=kernel8.img' <<<"$config" &&
        grep -qx 'initramfs initramfs8 followkernel' <<<"$config" && grep -qx 'enable_uart=1' <<<"$config" &&
        [ "$(wc -l <<<"$cmdline")" -eq 1 ] && [[ " $cmdline " == *" root=PARTUUID=${id#0x}-02 "* ]]
}

has_a_linux_kernel() {
    # "ARM\x64" at 56: Documentation/arm64/booting.rst
    [ "$(in_bootfs "$1" mcopy ::kernel8.img - | gunzip 2>/dev/null | head -c 60 | tail -c 4 | od -An -tx1)" = ' 41 52 4d 64' ]
}

has_no_identity() {
    local machine_id=$BATS_TEST_TMPDIR/machine-id
    rm -f "$machine_id"
    in_rootfs "$1" "dump /etc/machine-id $machine_id"
    [ -e "$machine_id" ] && [ ! -s "$machine_id" ] &&
        [ "$(in_rootfs "$1" 'cat /etc/hostname')" = raspberrypi ] &&
        [[ $(in_rootfs "$1" 'ls /etc/ssh') != *ssh_host_* ]]
}

has_no_password() {
    local shadow
    shadow=$(in_rootfs "$1" 'cat /etc/shadow')
    grep -q '^root:' <<<"$shadow" && grep -q '^pi:' <<<"$shadow" && ! grep -vE '^[^:]+:[!*]+:' <<<"$shadow"
}

mounts_the_boot_partition() {
    local id
    id=$(sfdisk --disk-id "$1")
    in_rootfs "$1" 'cat /etc/fstab' | grep -qE "^PARTUUID=${id#0x}-01 +/boot/firmware +vfat "
}

@test "the disk has an MBR with a FAT32 and a Linux partition, as Raspberry Pi OS has" {
    each_image has_two_partitions
}

@test "its size is one that QEMU takes for an SD card" {
    each_image is_a_power_of_two
}

@test "the file systems are labelled bootfs and rootfs and are clean" {
    each_image has_clean_file_systems
}

@test "the boot files have Raspberry Pi OS's names" {
    each_image has_boot_files
}

@test "config.txt and cmdline.txt name what is on the card" {
    each_image has_settings_for_a_board
}

@test "kernel8.img is a compressed 64-bit ARM kernel" {
    each_image has_a_linux_kernel
}

@test "there is no machine-id, no host key and no name of its own in an image" {
    each_image has_no_identity
}

@test "nobody has a password" {
    each_image has_no_password
}

@test "the boot partition is mounted on /boot/firmware" {
    each_image mounts_the_boot_partition
}

@test "nothing of the apt that fetched the packages stays in the standard image" {
    run in_rootfs "$STANDARD" 'ls /etc/apt/apt.conf.d'
    says "01autoremove"
    [[ $output != *mmdebstrap* ]]
}

@test "a second run finds the image and prints its path only" {
    local before=$SECONDS
    run --separate-stderr build --flavour tiny
    [ "$status" -eq 0 ]
    [ "$output" = "$TINY" ]
    [ -z "$stderr" ]
    [ $((SECONDS - before)) -le 2 ]
}

@test "--output writes a copy, compressed by its name" {
    local name
    for name in card.img card.img.zst; do
        run --separate-stderr build --flavour tiny --output "$BATS_TEST_TMPDIR/$name"
        [ "$status" -eq 0 ]
        [ -z "$output" ]
    done
    cmp "$TINY" "$BATS_TEST_TMPDIR/card.img"
    zstdcat "$BATS_TEST_TMPDIR/card.img.zst" | cmp "$TINY" -
}

@test "wrong options are refused before anything is made" {
    export PIFARM_CACHE=$BATS_TEST_TMPDIR/cache
    fails_with 2 build --flavour huge
    says "there is no flavour 'huge'"
    fails_with 2 build --size 3GiB
    says "no power of two"
    fails_with 2 build --size 1GiB
    says "needs at least 2048MiB"
    fails_with 2 build --size lots
    says "'lots' is no size"
    fails_with 2 build --colour red
    says "unknown argument '--colour'"
    fails_with 2 build --mirror
    says "--mirror needs a value"
    [ ! -e "$PIFARM_CACHE" ]
}

@test "a mirror that does not answer is an error and leaves nothing half made" {
    export PIFARM_CACHE=$BATS_TEST_TMPDIR/cache
    fails_with 1 build --flavour tiny --mirror http://127.0.0.1:9/debian
    says "apt cannot read the package lists"
    says "--mirror URL"
    [ "$(ls -A "$PIFARM_CACHE/card-images")" = .lock-tiny ]
}

@test "a run that is ended leaves nothing half made" {
    export PIFARM_CACHE=$BATS_TEST_TMPDIR/cache
    local pid fd line status=0
    mkfifo "$BATS_TEST_TMPDIR/progress"
    "$PIFARM_SOURCE/examples/build-card-image" --flavour tiny 2>"$BATS_TEST_TMPDIR/progress" 3>&- &
    pid=$!
    cleanup kill -KILL "$pid"
    exec {fd}<"$BATS_TEST_TMPDIR/progress"
    until [[ ${line:-} == *"writing the system"* ]]; do read -r line <&"$fd"; done
    kill -TERM "$pid"
    wait "$pid" || status=$?
    [ "$status" -eq 143 ]
    [ "$(ls -A "$PIFARM_CACHE/card-images")" = .lock-tiny ]
}
