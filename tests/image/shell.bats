#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# pifarm image shell: programs of an image run as root on this host, in a copy that goes or stays.
# shellcheck disable=SC2016 # what is in quotes runs in the image

load ../lib/common.bash
load ../lib/store.bash
load ../cli/lib/user.bash

setup() {
    own_folders
    require "root" [ "$(id -u)" -eq 0 ]
    require "loop devices" [ -e /dev/loop-control ]
    tiny=$("$PIFARM_SOURCE/examples/build-card-image" --flavour tiny)
    pifarm image import "$tiny" --name tiny >/dev/null
}

in_tiny() {
    pifarm image shell tiny -- "$@"
}

# root_of FILE: the second partition as e2fsprogs take it.
root_of() {
    echo "$1?offset=$(($(sfdisk -J "$1" | jq '.partitiontable.partitions[1].start') * 512))"
}

# boot_of FILE: the first partition as mtools take it.
boot_of() {
    echo "$1@@$(($(sfdisk -J "$1" | jq '.partitiontable.partitions[0].start') * 512))"
}

# Loop devices on files of this test, and mounts below its folders, as far as this namespace sees them.
leftovers() {
    losetup -a | grep -F "$BATS_TEST_TMPDIR" || true
    grep -F "$BATS_TEST_TMPDIR" /proc/self/mounts || true
    find "$PIFARM_RUNTIME_DIR/scratch" -mindepth 1 ! -name .lock
}

# The kernel lets go of a loop device a moment after its last user is gone.
nothing_stays() {
    for _ in {1..50}; do
        [ -n "$(leftovers)" ] || return 0
        sleep 0.1 # nothing tells of it
    done
    leftovers >&2
    return 1
}

files_are_clean() {
    local file=$1 start size
    e2fsck -fn "$(root_of "$file")"
    read -r start size < <(sfdisk -J "$file" | jq -r '.partitiontable.partitions[0] | "\(.start) \(.size)"')
    dd if="$file" of="$BATS_TEST_TMPDIR/fat" bs=512 skip="$start" count="$size" conv=sparse status=none
    fsck.vfat -n "$BATS_TEST_TMPDIR/fat"
}

@test "a command runs as root on the image's system, with its own processes, folders and devices" {
    run in_tiny sh -c 'uname -m; id -u; pwd; echo $HOME $LANG $DEBIAN_FRONTEND
        [ $(ls /proc | grep -c "^[0-9]") -lt 10 ] && echo few processes
        echo >/dev/null && head -c 4 /dev/urandom | wc -c
        ls /boot/firmware/config.txt; grep -c . /etc/resolv.conf; touch /sys/x /proc/sys/x 2>/dev/null || echo read-only'
    [ "$status" -eq 0 ]
    [ "${lines[0]}" = aarch64 ]
    [ "${lines[1]}" = 0 ]
    [ "${lines[2]}" = /root ]
    [ "${lines[3]}" = "/root C.UTF-8 noninteractive" ]
    [ "${lines[4]}" = "few processes" ]
    [ "${lines[5]}" = 4 ]
    [ "${lines[6]}" = /boot/firmware/config.txt ]
    [ "${lines[7]}" = "$(grep -c . /etc/resolv.conf)" ]
    [ "${lines[8]}" = read-only ]
    nothing_stays
}

@test "root of the image cannot reach what is the host's" {
    run in_tiny sh -c 'mknod /dev/disk b 8 0 || echo no devices; date -s 2001-01-01
        cat /proc/1/root/proc/kcore /proc/kcore | head -c1; reboot -f || echo no reboot
        [ ! -e /proc/sysrq-trigger ] || [ -c /proc/sysrq-trigger ] && echo no keys'
    says "no devices"
    says "can't set date"
    says "no reboot"
    says "no keys"
    nothing_stays
}

@test "its exit status is the command's, 128 and more for a signal, 127 for what is not there" {
    fails_with 7 in_tiny sh -c 'exit 7'
    fails_with 143 in_tiny sh -c 'kill -TERM $$'
    run -127 in_tiny no-such-program
    says "cannot run no-such-program in the image: No such file"
}

@test "standard input and output are the command's" {
    run bash -c 'echo three little words | pifarm image shell tiny -- wc -w'
    [ "$output" = 3 ]
}

@test "without --name the image and the store stay as they were" {
    local before
    before=$(find "$PIFARM_STATE_DIR" -type f -name '*.img' -exec sha256sum {} +)
    in_tiny sh -c 'echo changed >/etc/hostname; rm -rf /usr/bin /boot/firmware/config.txt'
    [ "$(find "$PIFARM_STATE_DIR" -type f -name '*.img' -exec sha256sum {} +)" = "$before" ]
    [ -z "$(ls -A "$PIFARM_STATE_DIR/images/tmp")" ]
    nothing_stays
}

@test "what was changed behind our back is neither run nor prepared" {
    damage "$(path_of tiny)"
    fails_with 3 pifarm image shell tiny -- true
    says "image 'tiny' was changed behind our back"
    fails_with 3 pifarm image prepare tiny --hostname x --name x
    says "image 'tiny' was changed behind our back"
}

@test "--name keeps what was changed in both partitions, with clean file systems" {
    local new
    run pifarm image shell tiny --name mine -- sh -euc 'echo mine >/etc/hostname
        chown 1000:1000 /etc/motd; ln -s /etc/motd /root/link
        cd /boot/firmware
        echo "# ours" >>config.txt; rm -r overlays; rm cmdline.txt; mkdir -p new/folder
        echo 1 >"new/folder/a long [name].txt"; mv start.elf start4.elf; touch empty'
    [ "$status" -eq 0 ]
    says "mine  sha256:"
    new=$(path_of mine)
    files_are_clean "$new"
    [ "$(debugfs -R 'cat /etc/hostname' "$(root_of "$new")" 2>/dev/null)" = mine ]
    debugfs -R 'stat /etc/motd' "$(root_of "$new")" 2>/dev/null | grep -q 'User:  1000   Group:  1000'
    debugfs -R 'stat /root/link' "$(root_of "$new")" 2>/dev/null | grep -q 'Fast link dest: "/etc/motd"'
    diff <({ mdir -a -b -/ -i "$(boot_of "$tiny")" :: | grep -vE 'overlays|cmdline|start.elf'
        printf '::/%s\n' new/ new/folder/ "new/folder/a long [name].txt" start4.elf empty; } | sort) \
        <(mdir -a -b -/ -i "$(boot_of "$new")" :: | sort)
    [ "$(mtype -i "$(boot_of "$new")" ::config.txt | tail -1)" = "# ours" ]
    mcopy -i "$(boot_of "$new")" ::start4.elf "$BATS_TEST_TMPDIR/new"
    mcopy -i "$(boot_of "$tiny")" ::start.elf "$BATS_TEST_TMPDIR/old"
    cmp "$BATS_TEST_TMPDIR/old" "$BATS_TEST_TMPDIR/new"
}

@test "a command that fails leaves no image, and a name that is taken is refused before it runs" {
    fails_with 3 pifarm image shell tiny --name mine -- sh -c 'exit 3'
    fails_with 4 pifarm image inspect mine
    fails_with 5 pifarm image shell tiny --name tiny -- sh -c 'echo it ran'
    says "there is an image 'tiny' already"
    [[ $output != *"it ran"* ]]
    [ -z "$(ls -A "$PIFARM_STATE_DIR/images/tmp")" ]
}

@test "what a FAT cannot hold is refused by name" {
    fails_with 3 pifarm image shell tiny --name mine -- ln -s config.txt /boot/firmware/link
    says "cannot hold /link, a symbolic link"
    fails_with 3 pifarm image shell tiny --name mine -- touch '/boot/firmware/12:30'
    says "cannot hold the name '/12:30'"
    fails_with 1 pifarm image shell tiny -- dd if=/dev/zero of=/boot/firmware/large bs=1M count=200
    says "No space left on device"
    nothing_stays
}

@test "a shell has a terminal of its own with job control, of the size of ours" {
    run timeout 60 script -qec 'stty rows 30 cols 90; pifarm image shell tiny' /dev/null \
        <<<$'tty; stty size\nsleep 1000 &\nkill -KILL %1; wait; echo status $?\nexit 5'
    [ "$status" -eq 5 ]
    says "what you change is gone when you leave"
    says "/dev/pts/0"
    says "30 90"
    [[ $output != *"can't access tty"* ]]
    nothing_stays
}

@test "what commands leave running ends with them" {
    in_tiny sh -c 'setsid sleep 98765 </dev/null >/dev/null 2>&1 & sleep 0.1'
    run pgrep -f 'sleep 98765'
    [ "$status" -eq 1 ]
}

@test "killed at any moment it leaves no mount, loop device, process or file" {
    local pid delay
    for delay in 0.01 0.03 0.05 0.07 0.09 0.11 0.13 0.15 0.2 0.4; do
        pifarm image shell tiny --name mine -- sh -c 'echo x >/etc/motd; exec sleep 98764' 3>&- &
        pid=$!
        sleep $delay
        kill -KILL $pid
        wait $pid || true
    done
    pifarm image shell tiny -- true # clears what a killed one could not
    nothing_stays
    run pgrep -f 'sleep 98764'
    [ "$status" -eq 1 ]
    [ -z "$(ls -A "$PIFARM_STATE_DIR/images/tmp")" ]
    fails_with 4 pifarm image inspect mine
}

@test "Ctrl-C ends it and leaves nothing" {
    local pid
    setsid bash -c 'trap - INT; exec pifarm image shell tiny -- sh -c "echo ready; exec sleep 98763"' \
        >"$BATS_TEST_TMPDIR/output" 3>&- &
    pid=$!
    cleanup kill -KILL -- "-$pid"
    until grep -q ready "$BATS_TEST_TMPDIR/output"; do sleep 0.05; done # nothing tells of a line in a file
    kill -INT -- "-$pid"
    wait "$pid" || true
    pifarm image shell tiny -- true
    nothing_stays
    run pgrep -f 'sleep 98763'
    [ "$status" -eq 1 ]
}

# small_card ROOT: an image of that root is imported as "small".
small_card() {
    mkdir -p "$BATS_TEST_TMPDIR/boot" "$1"
    "$PIFARM_SOURCE/tests/lib/make-small-card" "$BATS_TEST_TMPDIR/small.img" "$BATS_TEST_TMPDIR/boot" "$1"
}

import_small() {
    pifarm image import "$BATS_TEST_TMPDIR/small.img" --name small --replace >/dev/null
}

@test "an image that no commands can be run in is refused with the reason" {
    local root=$BATS_TEST_TMPDIR/root
    small_card "$root"
    import_small
    fails_with 3 pifarm image shell small -- true
    says "the image has no /bin/sh"

    mkdir "$root/bin"
    echo echo >"$root/bin/sh"
    small_card "$root"
    import_small
    fails_with 3 pifarm image shell small -- true
    says "/bin/sh of the image is no program (ELF)"

    # a header as of a 64-bit program for machine 243, RISC-V
    printf '\177ELF\2\1\1\0\0\0\0\0\0\0\0\0\2\0\363\0' >"$root/bin/sh"
    chmod 755 "$root/bin/sh"
    small_card "$root"
    import_small
    fails_with 3 pifarm image shell small -- true
    says "of a machine (ELF number 243) that nothing here can run"

    ln -s /etc "$root/dev"
    small_card "$root"
    import_small
    fails_with 3 pifarm image shell small -- true
    says "/dev of the image is no folder"
    nothing_stays
}

@test "damaged, foreign and missing root file systems are refused with the reason" {
    local image=$BATS_TEST_TMPDIR/small.img
    small_card "$BATS_TEST_TMPDIR/root"
    debugfs -w -R 'clri <2>' "$image?offset=$((41 << 20))" 2>/dev/null
    import_small
    fails_with 3 pifarm image shell small -- true
    says "errors that e2fsck does not mend by itself"

    printf 'LUKS\272\276\0\1' | dd of="$image" bs=1M seek=41 conv=notrunc status=none
    dd if=/dev/zero of="$image" bs=1 seek=$(((41 << 20) + 1024 + 56)) count=2 conv=notrunc status=none
    import_small
    fails_with 3 pifarm image shell small -- true
    says "has no ext4 file system but: "

    sfdisk -q --delete "$image" 2
    import_small
    fails_with 3 pifarm image shell small -- true
    says "no Linux partition (type 83) for a root"
    nothing_stays
}

@test "only root may" {
    require_user
    fails_with 6 as_user pifarm image shell tiny -- true
    says "only root may mount an image"
}
