# SPDX-License-Identifier: MIT
# The boot partition's files, under the names that RaspiOS has for them.
# shellcheck shell=bash disable=SC2154 # build sets the variables they share

# bootfs_write_settings BOOTFS DISK_ID: config.txt, cmdline.txt and overlays/README.
bootfs_write_settings() {
    cp -r "$recipes"/bootfs/. "$1"
    sed -i "s/@DISK_ID@/$2/" "$1/cmdline.txt"
}

# bootfs_write_firmware BOOTFS FIRMWARE: what the boot ROM and the GPU run on a Pi 3, from raspi-firmware's folder.
bootfs_write_firmware() {
    local file
    for file in bootcode.bin start.elf fixup.dat; do
        cp "$2/$file" "$1/$file"
    done
}

# bootfs_write_device_trees BOOTFS DIRECTORY: the kernel's, named as the firmware looks for them on a Pi 3.
bootfs_write_device_trees() {
    local file name
    for file in "$2"/bcm2837-rpi-3-*.dtb; do
        name=${file##*/}
        cp "$file" "$1/bcm2710${name#bcm2837}"
    done
}
