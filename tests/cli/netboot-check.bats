#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# netboot check as typed: a folder that would be served, what a Pi asks of it, whether it boots.
load ../lib/common.bash

setup() {
    own_folders
    cd "$BATS_TEST_TMPDIR"
    mkdir -p boot
    dtc -q -@ -I dts -O dtb -o boot/bcm2710-rpi-3-b-plus.dtb "$PIFARM_SOURCE/tests/data/overlays/base.dts"
    echo 'arm_64bit=1' >boot/config.txt
    echo 'console=serial0,115200' >boot/cmdline.txt
    touch boot/{bootcode.bin,start.elf,fixup.dat,kernel8.img}
}

@test "a folder with all that a Pi needs boots it" {
    fails_with 0 pifarm netboot check boot
    says 'Boots kernel8.img'
    pifarm netboot check boot --json | jq -e '.files[] | select(.file == "bootcode.bin").found == "bootcode.bin"'
    pifarm netboot check boot --json | jq -e '.files[0].file == "bootcode.bin"'
    pifarm netboot check boot --json | jq -e '[.files[] | select(.found == null).file] | index("autoboot.txt")'
}

@test "what is missing and needed is named, with status 3" {
    local file
    for file in bootcode.bin start.elf fixup.dat kernel8.img; do
        mv "boot/$file" .
        fails_with 3 pifarm netboot check boot
        says 'boot does not boot a Pi 3 B+'
        says "$file"
        mv "$file" boot
    done
}

@test "files of a board's own count for that board only" {
    mkdir boot/5564247d
    mv boot/kernel8.img boot/5564247d
    fails_with 3 pifarm netboot check boot
    fails_with 0 pifarm netboot check boot --serial 5564247d
    says '5564247d/kernel8.img'
    fails_with 3 pifarm netboot check boot --serial 5564247e
    fails_with 2 pifarm netboot check boot --serial pi
}

@test "a link out of the folder is as good as nothing, and no folder is an error" {
    mv boot/kernel8.img .
    ln -s ../kernel8.img boot/kernel8.img
    fails_with 3 pifarm netboot check boot
    fails_with 4 pifarm netboot check missing
    says 'missing'
    fails_with 2 pifarm netboot check
}

@test "files lists what a node of the farm would be served, with its own files first" {
    cat >farm.yaml <<YAML
farm: lab
netboot: { root: boot, text: { cmdline.txt: "console=serial0 nfsroot={server}:/srv/{node}" } }
images: { card: }
switches: { sw0: { virtual: true } }
nodes:
  - { name: n1, id: 1, port: sw0/1, image: card }
YAML
    export PIFARM_FILE=$PWD/farm.yaml
    local own
    own=$(pifarm list n1 --json | jq -r '.nodes[].mac' | tr : -)
    mkdir "boot/$own"
    mv boot/kernel8.img "boot/$own"
    fails_with 0 pifarm netboot files n1
    says "$own/kernel8.img"
    rm "boot/$own/kernel8.img"
    fails_with 0 pifarm netboot files n1
    says 'n1 would not boot'
    fails_with 2 pifarm netboot files
    fails_with 4 pifarm netboot files n9
    sed -i /netboot/d farm.yaml
    fails_with 4 pifarm netboot files n1
    says 'netboot: { root: tftp }'
}
