#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# image import, list, inspect, rm and prepare as typed: good files, bad files, names and answers; no root.
load ../lib/common.bash
load lib/user.bash

setup_file() {
    cd "$BATS_FILE_TMPDIR"
    make_disk disk.img
    xz -k disk.img
    zip -q disk.zip disk.img
    qemu-img convert -O qcow2 disk.img disk.qcow2
    sha256sum disk.img | cut -d ' ' -f 1 >"hash"
}

# make_disk FILE: 16 MiB with a FAT that has no kernel, and an ext4 that says what system it is.
make_disk() {
    local PATH=$PATH:/usr/sbin
    truncate -s 16M "$1"
    printf '%s\n' 'label: dos' 'start=2048, size=8192, type=c' 'start=10240, type=83' | sfdisk -q "$1"
    mformat -i "$1@@1M" -v BOOTFS -T 8192 ::
    echo 'arm_64bit=1' | mcopy -i "$1@@1M" - ::config.txt
    mkdir -p root/etc
    echo 'PRETTY_NAME="Small Linux 1"' >root/etc/os-release
    mke2fs -q -t ext4 -L rootfs -d root -E offset=$((10240 * 512)) "$1" 11M 2>/dev/null
}

setup() {
    own_folders
    cd "$BATS_TEST_TMPDIR"
    disk=$BATS_FILE_TMPDIR/disk
    hash=$(cat "$BATS_FILE_TMPDIR/hash")
}

# store_is_empty: no image, nothing half made.
store_is_empty() {
    [ "$(pifarm image list --json | jq '.images | length')" -eq 0 ]
    [ -z "$(find "$PIFARM_STATE_DIR" -type f ! -name lock)" ]
}

@test "import names an image after its file, and tells its hash" {
    fails_with 0 pifarm image import "$disk.img.xz"
    [ "$output" = "disk  sha256:${hash:0:12}" ]
    fails_with 0 pifarm image import "$disk.zip" --name other.1
    [ "$output" = "other.1  sha256:${hash:0:12}" ]
    fails_with 0 pifarm image import "$disk.qcow2" -n third
    [ "$output" = "third  sha256:${hash:0:12}" ]
}

@test "import checks the hash of the file, or of the disk in it" {
    fails_with 0 pifarm image import "$disk.img.xz" --sha256 "$hash"
    fails_with 0 pifarm image import "$disk.zip" -n zipped --sha256 "$(sha256sum <"$disk.zip" | cut -d ' ' -f 1)"
}

@test "import of a wrong hash leaves nothing" {
    fails_with 9 pifarm image import "$disk.img" --sha256 "${hash:1}0"
    says "$hash"
    says "${hash:1}0"
    fails_with 2 pifarm image import "$disk.img" --sha256 abc
    says '64'
    store_is_empty
}

@test "import of what is no image says so, and leaves nothing" {
    mkdir folder.img
    : >empty.img
    echo 'hello' >text.img
    head -c 900 "$disk.img.xz" >cut.img.xz
    fails_with 2 pifarm image import folder.img
    says 'folder.img'
    says 'folder'
    fails_with 9 pifarm image import empty.img
    says 'empty'
    fails_with 9 pifarm image import text.img
    says 'text.img: it is no disk image'
    fails_with 9 pifarm image import cut.img.xz
    says 'cut off'
    fails_with 4 pifarm image import missing.img
    says 'missing.img'
    store_is_empty
}

@test "import of more than --max-size leaves nothing" {
    fails_with 2 pifarm image import "$disk.img.xz" --max-size 8MiB
    says 'larger than the limit of 8MiB'
    store_is_empty
    pifarm image import "$disk.img.xz" --name known
    fails_with 2 pifarm image import "$disk.img.xz" --name small --max-size 8MiB
    says 'larger than the limit of 8MiB'
    fails_with 2 pifarm image import "$disk.img.xz" --max-size much
    [ "$output" = "pifarm: --max-size wants a size like 4GiB or 512MiB, not 'much'" ]
}

@test "import without a file or with a bad name is refused" {
    fails_with 2 pifarm image import
    [ "$output" = 'pifarm: import what? pifarm image import FILE|URL|-' ]
    fails_with 2 pifarm image import "$disk.img" --name 'no good'
    says "'no good'"
    store_is_empty
}

@test "a name that is taken is given away only when told" {
    make_disk second.img
    pifarm image import "$disk.img"
    fails_with 5 pifarm image import second.img --name disk
    says "'disk'"
    says '--replace'
    [ "$(pifarm image list --json | jq -r '.images[].sha256')" = "$hash" ]
    fails_with 0 pifarm image import second.img --name disk --replace
    pifarm image list --json | jq -e --arg old "$hash" '.images[] | select(.name == "disk") | .sha256 != $old'
}

@test "list has a line for each name, and an empty store says how to fill it" {
    fails_with 0 pifarm image list
    says 'pifarm image import FILE'
    pifarm image import "$disk.img"
    pifarm image import "$disk.img" --name again
    fails_with 0 pifarm image list
    [ "$(awk '{ print $1, $2 }' <<<"$output" | sort)" = "NAME SHA256
again ${hash:0:12}
disk ${hash:0:12}" ]
}

@test "list --json is whole" {
    pifarm image import "$disk.img.xz"
    pifarm image list --json | jq -e --arg hash "$hash" --arg state "$PIFARM_STATE_DIR" '.images == [.images[0]] and (.images[0] |
        .name == "disk" and .sha256 == $hash and .size == 16777216 and .allocated < .size and .prepared == false and
        .path == $state + "/images/" + $hash + ".img" and (.created | test("^[0-9-]{10}T[0-9:]{8}Z$")))'
}

@test "inspect shows partitions, and why an image does not boot" {
    pifarm image import "$disk.img"
    fails_with 0 pifarm image inspect disk
    says "sha256:      $hash"
    says 'boots here:  no'
    says 'no kernel8.img on the boot partition'
    grep -qE '^ +1 1\.0.MiB +4\.0.MiB 0x0c vfat +BOOTFS boot$' <<<"$output"
    grep -qE '^ +2 5\.0.MiB +11\.0.MiB 0x83 ext4 +rootfs root$' <<<"$output"
}

@test "inspect finds its programs for a user, whose PATH has no sbin" {
    PATH=$PIFARM_BUILD/bin:/usr/bin:/bin fails_with 0 pifarm image inspect "$disk.img"
    says 'system:      Small Linux 1'
}

@test "inspect takes a name, a hash, a file, and says the same of all" {
    pifarm image import "$disk.img"
    facts() { pifarm image inspect --json "$1" | jq -c '{table, partitions, boots, problem}'; }
    local of_name
    of_name=$(facts disk)
    [ "$(facts "${hash:0:6}")" = "$of_name" ]
    [ "$(facts "$hash")" = "$of_name" ]
    [ "$(facts "$disk.img")" = "$of_name" ]
    jq -e '.table == "dos" and .boots == false and (.partitions | map(.filesystem) == ["vfat", "ext4"]) and
        (.partitions | map(.role) == ["boot", "root"])' <<<"$of_name"
}

@test "inspect of what is not there, a folder or a compressed file says what to do" {
    pifarm image import "$disk.img"
    fails_with 4 pifarm image inspect dsik
    says "'dsik'"
    says 'disk'
    fails_with 4 pifarm image inspect ./disk
    says 'there is no file ./disk'
    fails_with 2 pifarm image inspect /
    says 'folder'
    fails_with 0 pifarm image inspect "$disk.img.xz"
    says 'pifarm image import FILE'
}

@test "rm takes a name away, and the image with its last" {
    pifarm image import "$disk.img"
    pifarm image import "$disk.img" --name again
    fails_with 0 pifarm image rm disk
    [ -z "$output" ]
    [ "$(pifarm image list --json | jq -r '.images[].name')" = again ]
    fails_with 0 pifarm image rm "${hash:0:8}"
    store_is_empty
}

@test "rm removes nothing when one of several is unknown" {
    pifarm image import "$disk.img"
    fails_with 4 pifarm image rm disk unknown
    says "'unknown'"
    [ "$(pifarm image list --json | jq -r '.images[].name')" = disk ]
    fails_with 2 pifarm image rm
    says 'rm what?'
}

@test "prepare refuses options that make no sense before it begins" {
    pifarm image import "$disk.img"
    fails_with 2 pifarm image prepare
    says 'prepare what?'
    fails_with 4 pifarm image prepare unknown
    says "'unknown'"
    fails_with 2 pifarm image prepare disk --name 'no good'
    says "'no good'"
    fails_with 2 pifarm image prepare disk --size large
    says "not 'large'"
    fails_with 3 pifarm image prepare disk --user pi --ssh-key missing.pub
    says 'missing.pub'
    fails_with 2 pifarm image prepare disk --user pi --password-hash hunter2
    says 'hash'
    fails_with 2 pifarm image prepare disk --user 'Pi!'
    says "'Pi!'"
    fails_with 2 pifarm image prepare disk --hostname 'my host'
    says "'my host'"
    [ "$(pifarm image list --json | jq '.images | length')" -eq 1 ]
}

@test "prepare --dry-run prints the steps of recipe and options, in their order" {
    pifarm image import "$disk.img"
    mkdir -p tree/etc
    printf '%s\n' 'hostname: h' 'user: pi' 'timezone: Europe/Berlin' 'copy: tree' >r.yaml
    fails_with 0 pifarm image prepare disk --recipe r.yaml --wifi lab --dry-run
    [ "$(awk '{ print $1 }' <<<"$output" | paste -sd ' ')" = 'check launch grow mount hostname user ssh-enable wifi timezone copy machine-id host-keys finish' ]
    [ "$(pifarm image list --json | jq '.images | length')" -eq 1 ]
}

@test "prepare shows a recipe's mistakes with their places" {
    pifarm image import "$disk.img"
    printf '%s\n' 'user: pi' 'timezon: UTC' >r.yaml
    fails_with 3 pifarm image prepare disk --recipe r.yaml
    [ "$output" = "r.yaml:2:1: unknown key 'timezon' in this recipe; did you mean 'timezone'?
timezon: UTC
^~~~~~~" ]
    fails_with 4 pifarm image prepare disk --recipe missing.yaml
    says 'there is no recipe missing.yaml'
}

@test "prepare refuses hostile values and files, and leaves the store as it was" {
    pifarm image import "$disk.img"
    mkdir -p tree/etc
    ln -s ../../secret tree/etc/link
    printf '[Install]\nWantedBy=../../x.target\n' >bad.service
    touch ./-rf.service no.txt
    for option in '--wifi=a
b' --wifi-psk=short --locale=../../x --timezone=../UTC --keyboard=-rf --unit=./-rf.service --unit=no.txt --copy=tree; do
        fails_with 2 pifarm image prepare disk --wifi-country=DE "$option"
    done
    fails_with 3 pifarm image prepare disk --unit=bad.service
    says "'../../x.target' in [Install] is no name of a unit"
    fails_with 4 pifarm image prepare disk --firstboot=missing
    fails_with 4 pifarm image prepare disk --copy=missing
    [ "$(pifarm image list --json | jq '.images | length')" -eq 1 ]
    [ -z "$(find "$PIFARM_STATE_DIR"/images/tmp -type f)" ]
}

@test "prepare takes a password of standard input only with a user, and only a good one" {
    pifarm image import "$disk.img"
    fails_with 2 pifarm image prepare disk --password-stdin <<<secret
    says '--user'
    fails_with 2 pifarm image prepare disk --user pi --password-stdin </dev/null
    says 'empty'
    fails_with 2 pifarm image prepare disk --user pi --password-stdin <<<$'tab\there'
    says 'control character'
    fails_with 2 pifarm image prepare disk --user pi --password-stdin --password-hash "\$6\$x\$y" <<<secret
    says '--password-hash'
}

@test "a store that may not be written is denied, with sudo as the way" {
    require_user
    mkdir -m 555 "$PIFARM_STATE_DIR/shut"
    PIFARM_STATE_DIR=$PIFARM_STATE_DIR/shut fails_with 6 as_user pifarm image import "$disk.img"
    says 'Permission denied'
    says 'try again with sudo'
}
