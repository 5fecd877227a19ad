#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# firmware explain as typed: a folder of boot files, what is decided, and why.
load ../lib/common.bash

# make_boot FOLDER: the boot files of a card that boots.
make_boot() {
    mkdir -p "$1/overlays"
    dtc -q -@ -I dts -O dtb -o "$1/bcm2710-rpi-3-b-plus.dtb" "$PIFARM_SOURCE/tests/data/overlays/base.dts"
    dtc -q -@ -I dts -O dtb -o "$1/overlays/types.dtbo" "$PIFARM_SOURCE/tests/data/overlays/types.dts"
    touch "$1/kernel8.img" "$1/initramfs8"
    echo 'console=serial0,115200 root=/dev/mmcblk0p2 rootwait' >"$1/cmdline.txt"
    cat >"$1/config.txt" <<'EOF'
# A comment
arm_64bit=1
auto_initramfs=1
dtparam=audio=on
dtoverlay=types,text=bye
[pi4]
kernel=kernel7l.img
[all]
hdmi_mode=4
kernal=mine
[gpio17=1]
cmdline=other.txt
EOF
}

setup() {
    own_folders
    cd "$BATS_TEST_TMPDIR"
    make_boot boot
}

# decided WHAT: "value from why" of each decision about it.
decided() {
    pifarm firmware explain "${@:2}" boot --json |
        jq -r --arg what "$1" '.decisions[] | select(.what == $what) |
            "\(.value) \(if .file then "\(.file):\(.line)" else "-" end) \(.why)"'
}

@test "explain shows each decision with the line that made it" {
    fails_with 0 pifarm firmware explain boot
    [[ $output =~ kernel\ +kernel8.img\ +config.txt:2 ]]
    [[ $output =~ initramfs\ +initramfs8\ +config.txt:3\ +beside\ the\ kernel ]]
    [[ $output =~ parameter\ +audio=on\ +config.txt:4\ +of\ the\ device\ tree ]]
    [[ $output =~ parameter\ +text=bye\ +config.txt:5\ +of\ the\ overlay ]]
    [[ $output =~ "boots on a Pi 3 B+:"\ +yes ]]
    [[ $output =~ "boots in QEMU:"\ +yes ]]
}

@test "explain says of each line without a part in it why" {
    fails_with 0 pifarm firmware explain boot
    [[ $output =~ config.txt:7\ +kernel=kernel7l.img\ +"[pi4] does not hold" ]]
    [[ $output =~ config.txt:9\ +hdmi_mode=4\ +"kept; about hardware" ]]
    [[ $output =~ config.txt:10\ +kernal=mine\ +"unknown key 'kernal'; is it 'kernel'?" ]]
    [[ $output =~ config.txt:12\ +cmdline=other.txt\ +"[gpio17=1] does not hold" ]]
}

@test "explain lists what QEMU needs on top" {
    fails_with 0 pifarm firmware explain boot
    says 'FOR QEMU'
    for argument in watchdog_disarm=0 systemd.watchdog_sec=0 dwc_otg.fiq_fsm_enable=0 console=ttyS1,115200; do
        says "argument $argument"
        [[ $(pifarm firmware explain boot --json | jq -r .qemu.command_line) == *" $argument"* ]]
        [[ $(pifarm firmware explain boot --json | jq -r .plan.command_line) != *" $argument"* ]]
    done
}

@test "the JSON has the plan, the lines and nothing else on standard output" {
    pifarm firmware explain boot --json >json
    [ "$(jq -c '[.plan.kernel, .plan.is_64bit, .plan.initramfs, .plan.device_tree, .problem]' json)" = \
        '["kernel8.img",true,["initramfs8"],"bcm2710-rpi-3-b-plus.dtb",null]' ]
    [ "$(jq -c '.lines[] | select(.key == "kernal") | [.line, .counts, .known]' json)" = '[10,true,false]' ]
    [ "$(jq -c '[.lines[] | select(.key == "kernel") | .counts]' json)" = '[false]' ]
}

@test "the board can be another one" {
    [ "$(decided "command line" --gpio 17=1)" = '' ]
    echo 'other' >boot/other.txt
    [ "$(decided "command line" --gpio 17=1)" = 'other.txt config.txt:12 its first line' ]
    echo '[0xabc]' >>boot/config.txt
    echo 'cmdline=other.txt' >>boot/config.txt
    sed -i '/gpio17/d' boot/config.txt
    [ "$(decided "command line" --serial abc)" = 'other.txt config.txt:13 its first line' ]
    [ "$(decided property --serial abc | head -1)" = '0000000000000abc - /serial-number' ]
}

@test "a folder that boots nothing is explained up to where it ends, with status 3" {
    rm boot/kernel8.img
    fails_with 3 pifarm firmware explain boot
    says 'configuration config.txt'
    says "no kernel8.img in boot, and config.txt names no kernel"
    [ "$(pifarm firmware explain boot --json | jq -r .problem)" = \
        "no kernel8.img in boot, and config.txt names no kernel" ]
}

@test "a 32-bit kernel boots a box but not QEMU" {
    sed -i 1,3d boot/config.txt
    touch boot/kernel7.img
    fails_with 3 pifarm firmware explain boot
    [[ $output =~ "boots on a Pi 3 B+:"\ +yes ]]
    [[ $output =~ "boots in QEMU:"\ +no ]]
    says 'arm_64bit=1'
}

@test "upper and lower case are one, as on a FAT, and nothing outside the folder is read" {
    mv boot/kernel8.img boot/KERNEL8.IMG
    [ "$(decided kernel | cut -d ' ' -f 1)" = KERNEL8.IMG ]
    echo 'root=secret' >outside.txt
    echo 'cmdline=../outside.txt' >>boot/config.txt
    sed -i '/gpio17/d' boot/config.txt
    fails_with 3 pifarm firmware explain boot
    says "the kernel's command line '../outside.txt' is not in boot"
    rm boot/cmdline.txt
    ln -s ../outside.txt boot/cmdline.txt
    sed -i '/outside/d; /other/d' boot/config.txt
    fails_with 3 pifarm firmware explain boot
    says "the kernel's command line 'cmdline.txt' is not in boot"
}

@test "words of a stranger do not drive the terminal" {
    printf 'ker\033[31mnal=1\n' >>boot/config.txt
    fails_with 0 pifarm firmware explain boot
    [[ $output != *$'\033'* ]]
}

@test "what cannot be asked is said" {
    fails_with 4 pifarm firmware explain nowhere
    says nowhere
    fails_with 2 pifarm firmware explain
    fails_with 2 pifarm firmware explain boot --gpio 54=1
    says "'54=1' is no level of a pin"
    fails_with 2 pifarm firmware explain boot --serial xyz
    says "'xyz' is no serial number"
}
