#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# firmware explain of cards: image files, images of the store, nodes' cards in use or not.
# shellcheck disable=SC2154 # make_farm sets cards
load ../lib/common
load ../lib/export

setup() {
    make_farm
}

# plan SUBJECT OPTION...: "kernel initramfs device-tree" of its plan.
plan() {
    pifarm firmware explain --json "$@" | jq -r '[.plan.kernel, (.plan.initramfs | join(",")), .plan.device_tree] | join(" ")'
}

# property SUBJECT PATH: what the firmware writes there.
property() {
    pifarm firmware explain --json "$1" | jq -r --arg path "$2" '.decisions[] | select(.what == "property" and .why == $path).value'
}

@test "explain of the tiny card boots on a box and in QEMU" {
    local image
    image=$("$PIFARM_SOURCE/examples/build-card-image" --flavour tiny)
    fails_with 0 pifarm firmware explain "$image"
    [[ $output =~ kernel\ +kernel8.img\ +config.txt:5 ]]
    [[ $output =~ initramfs\ +initramfs8\ +config.txt:6 ]]
    [[ $output =~ "boots on a Pi 3 B+:"\ +yes ]]
    [[ $output =~ "boots in QEMU:"\ +yes ]]
    [ "$(plan "$image")" = 'kernel8.img initramfs8 bcm2710-rpi-3-b-plus.dtb' ]
    [[ $(pifarm firmware explain "$image" --json | jq -r .qemu.command_line) == *' watchdog_disarm=0 '* ]]
}

# boots CARD: gives it what the made-up card lacks.
boots() {
    dtc -q -@ -I dts -O dtb -o bcm2710-rpi-3-b-plus.dtb "$PIFARM_SOURCE/tests/data/overlays/base.dts"
    echo 'root=/dev/mmcblk0p2' >cmdline.txt
    qemu-storage-daemon --daemonize --pidfile "$PWD/export.pid" \
        --blockdev "driver=qcow2,node-name=card,file.driver=file,file.filename=$1" \
        --export "type=fuse,id=f,node-name=card,mountpoint=$PWD/export,writable=on" 2>&1
    mcopy -i "export@@1M" bcm2710-rpi-3-b-plus.dtb cmdline.txt ::
    kill "$(cat export.pid)"
    timeout 10 sh -c 'while mountpoint -q export; do :; done'
}

@test "explain of an image and of a node's card, each by its name" {
    touch export
    cleanup umount -q -l "$PWD/export"
    fails_with 3 pifarm firmware explain disk
    says 'no device tree of a Pi 3 B+'
    boots "$cards/n1.qcow2"
    fails_with 0 pifarm firmware explain n1
    [ "$(plan n1)" = 'kernel8.img  bcm2710-rpi-3-b-plus.dtb' ]
    serial=$(property n1 /serial-number)
    [ "$(property n1 /soc/ethernet@1/local-mac-address | tr -d :)" = "b827eb${serial:10}" ]
    [ "$serial" != 0000000000000000 ]
}

@test "explain reads the card of a node that is on" {
    hold_open "$cards/n1.qcow2"
    fails_with 3 pifarm firmware explain n1
    says 'no device tree of a Pi 3 B+'
    store_is_untouched
}

@test "explain of what is no card names it" {
    fails_with 4 pifarm firmware explain n2
    says "node 'n2' has no card yet"
    echo hello >file
    fails_with 3 pifarm firmware explain ./file
    says './file: no partition table (MBR) in the first sector'
    fails_with 4 pifarm firmware explain ./missing
    says './missing'
}

@test "a node or image goes before a file of its name" {
    mkdir -p disk folder
    fails_with 3 pifarm firmware explain disk
    says 'no device tree'
    fails_with 3 pifarm firmware explain ./disk
    says 'no kernel8.img in ./disk'
    fails_with 3 pifarm firmware explain folder
    says 'no kernel8.img in folder'
}
