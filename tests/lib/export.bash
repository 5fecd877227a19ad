# SPDX-License-Identifier: MIT
# What tests of image export, flash and shrink share: a farm with an image and one node's card, made without booting.
# shellcheck disable=SC2154,SC2034 # own_folders and the tests

# make_farm: in the test's folder: image 'disk' (65 MiB: FAT, ext4), node n1 with a card that differs from it.
make_farm() {
    own_folders
    unset PIFARM_FILE
    PATH=$PATH:/usr/sbin:/sbin
    cd "$BATS_TEST_TMPDIR" || return
    mkdir -p boot root/etc/ssh
    echo 'arm_64bit=1' >boot/config.txt
    seq 300000 >boot/kernel8.img
    echo 'raspberrypi' >root/etc/hostname
    : >root/etc/machine-id
    head -c 3M /dev/zero >root/etc/zeros
    seq 400000 >root/etc/numbers
    "$PIFARM_SOURCE/tests/lib/make-small-card" disk.img boot root
    pifarm image import disk.img >/dev/null
    printf '%s\n' 'farm: outagain' 'images: { disk: {} }' 'nodes:' '  - { name: "n[1-2]", id: 1, image: disk }' >farm.yaml
    cards=$PIFARM_STATE_DIR/farms/outagain/cards
    mkdir -p "$cards"
    qemu-img create -q -f qcow2 -F raw -b "$(echo "$PIFARM_STATE_DIR"/images/*.img)" "$cards/n1.qcow2" 128M
    qemu-io -c 'write -P 0xa5 50M 1M' -c 'write -z 42M 64k' -c 'write -P 0x5a 54525952 512' "$cards/n1.qcow2" >/dev/null
    qemu-img convert -O raw "$cards/n1.qcow2" n1.expected
    store_before=$(store_state)
}

# store_state: all of the store and the cards, with hashes.
store_state() {
    find "$PIFARM_STATE_DIR" -type f ! -name lock ! -name '*.lock' -exec sha256sum {} + | sort
}

store_is_untouched() {
    [ "$(store_state)" = "$store_before" ]
}

# hold_open CARD: as QEMU does, until the test ends.
hold_open() {
    qemu-storage-daemon --daemonize --pidfile "$BATS_TEST_TMPDIR/pid" \
        --blockdev "driver=qcow2,node-name=card,file.driver=file,file.filename=$1"
    cleanup kill "$(cat "$BATS_TEST_TMPDIR/pid")"
}

# kill_at MILLISECONDS COMMAND...: SIGKILL after that time, if the command still runs.
kill_at() {
    local after
    after=$(printf '%d.%03d' $(($1 / 1000)) $(($1 % 1000)))
    shift
    timeout -s KILL "$after" "$@" >/dev/null 2>&1 || true
}

# loop_device FILE [OPTION...]: a loop device on the file, in $device.
loop_device() {
    device=$(losetup --find --show "${@:2}" "$1")
    cleanup losetup -d "$device"
}
