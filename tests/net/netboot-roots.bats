#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Where served files come from: disks, roots of one node, filters.
load ../lib/common.bash
load ../lib/netboot.bash

setup() {
    network_up
    root_up
    in_client ip address add 10.9.0.2/24 dev nb1
    cd "$BATS_TEST_TMPDIR"
    export MTOOLS_SKIP_CHECK=1 PATH=$PATH:/usr/sbin:/sbin
}

serve() { netbootd --interface nb0 --tftp --http "$@"; }

# gets NAME FILE: over TFTP and over HTTP alike.
gets() {
    in_client curl -s -f --tftp-no-options -o tftp.got "tftp://10.9.0.1/$1"
    cmp tftp.got "$2"
    in_client curl -s -f -o http.got "http://10.9.0.1/$1"
    cmp http.got "$2"
}

# says_text NAME TEXT: the same, of a text.
says_text() {
    printf '%b' "$2" >expected
    gets "$1" expected
}

# make_disk FILE: a raw disk with an empty FAT of 64 MiB in its first partition.
make_disk() {
    truncate -s 128M "$1"
    echo 'start=8192, size=131072, type=c' | sfdisk -q "$1"
    mkfs.vfat -F 32 -s 1 --offset 8192 "$1" 61440 >/dev/null 2>&1
    mmd -i "$1@@4M" ::/overlays
    chmod a+r "$1"
}

# give DISK FILE NAME
give() { mcopy -o -i "$1@@4M" "$2" "::/$3"; }

@test "a raw disk's boot partition is served, and what is written to it later too" {
    make_disk disk.img
    head -c 3000001 /dev/urandom >kernel
    echo 'arm_64bit=1' >config
    give disk.img kernel kernel8.img
    give disk.img config config.txt
    give disk.img config overlays/a-long-name-of-one.dtbo
    : >empty
    give disk.img empty empty
    serve --root disk.img
    gets kernel8.img kernel
    gets CONFIG.TXT config
    gets 5564247d/overlays/a-long-name-of-one.dtbo config
    gets empty empty
    fails_with 22 in_client curl -s -f http://10.9.0.1/nothing
    fails_with 22 in_client curl -s -f http://10.9.0.1/overlays
    [ "$(in_client curl -s -r 1000000-1000009 http://10.9.0.1/kernel8.img | od -An -tx1)" = \
        "$(tail -c +1000001 kernel | head -c 10 | od -An -tx1)" ]
    head -c 2000000 /dev/urandom >kernel
    give disk.img kernel kernel8.img
    gets kernel8.img kernel
}

@test "a clone's boot partition is served by its node's name alone, the image's to all others" {
    [ -c /dev/fuse ] || require /dev/fuse false
    make_disk image.img
    echo image >config
    give image.img config config.txt
    echo shared >shared
    give image.img shared shared.txt
    cp image.img clone.raw
    echo clone >config.clone
    give clone.raw config.clone config.txt
    head -c 3000001 /dev/urandom >kernel
    give clone.raw kernel kernel8.img
    qemu-img create -q -f qcow2 -b image.img -F raw clone.qcow2
    qemu-img convert -O qcow2 -B image.img -F raw clone.raw clone.qcow2
    serve --root image.img --node b8:27:eb:64:24:7d=clone.qcow2 --node 12345678=image.img
    gets config.txt config.clone
    gets kernel8.img kernel
    gets shared.txt shared
    in_client ip link set nb1 address b8:27:eb:00:00:99
    ip neigh flush dev nb0
    gets config.txt config
    fails_with 22 in_client curl -s -f http://10.9.0.1/kernel8.img
    run mount
    [[ $output != *pifarm-netboot* ]]
    keepers=$(pgrep -d, -P "$NETBOOTD")
    programs=$(pgrep -P "$keepers")
    [ -n "$programs" ]
    kill -9 "$NETBOOTD"
    wait "$NETBOOTD" || true
    for program in $programs; do
        while kill -0 "$program" 2>/dev/null && ! grep -q '^State:.Z' "/proc/$program/status"; do :; done
    done
}

@test "a disk without a FAT, a broken clone, an unknown node are told apart" {
    truncate -s 1M zeros
    fails_with 9 pifarm-netbootd --root zeros
    says 'zeros has no FAT partition to boot from; look: fdisk -l zeros'
    printf 'QFI\xfbbroken' >broken
    fails_with 1 pifarm-netbootd --root broken
    says 'cannot export broken'
    fails_with 2 pifarm-netbootd --root "$ROOT" --node n7=zeros
    says "--node wants b8:27:eb:12:34:56=ROOT or 0c36778e=ROOT, not 'n7=zeros'"
    fails_with 2 pifarm-netbootd --root "$ROOT" --map nonsense
    says "--map wants GLOB=PATH, not 'nonsense'"
    [ -z "$(find /tmp -maxdepth 1 -name 'pifarm-netboot-*' -newer zeros ! -path "$ROOT")" ]
}

@test "roots are asked one after the other" {
    put a 10
    put second/a 20
    put second/b 30
    serve --root "$ROOT" --root "$ROOT/second"
    gets a "$ROOT/a"
    gets b "$ROOT/second/b"
}

@test "names lead to other files, and to texts made for who asks" {
    put kernels/b8-27-eb-64-24-7d.img 100
    put plain.txt 10
    printf 'root=/dev/nbd0 nbdroot={server},{mac} {unknown}\n' >template
    serve --root "$ROOT" --map 'kernel*.img=kernels/{mac}.img' --template "cmdline.txt=$PWD/template" \
        --text 'config.txt=# {filename} of {serial}' --text 'config.txt=# {filename} of somebody' --text 'autoboot*='
    gets kernel8.img "$ROOT/kernels/b8-27-eb-64-24-7d.img"
    gets 5564247d/kernel7.img "$ROOT/kernels/b8-27-eb-64-24-7d.img"
    says_text cmdline.txt 'root=/dev/nbd0 nbdroot=10.9.0.1,b8-27-eb-64-24-7d {unknown}\n'
    says_text 5564247d/config.txt '# config.txt of somebody'
    says_text autoboot.txt ''
    gets plain.txt "$ROOT/plain.txt"
    event sent '.service == "tftp" and .path == "(text)" and .file == "cmdline.txt"'
}

@test "texts name a node that has its address from here" {
    serve --pxe --dhcp static --host b8:27:eb:64:24:7d=10.9.0.50,n7 --text 'cmdline.txt=host={node}'
    in_client busybox udhcpc -i nb1 -f -n -q -s /bin/true
    in_client ip address flush dev nb1
    in_client ip address add 10.9.0.50/24 dev nb1
    says_text cmdline.txt 'host=n7'
}

@test "without a folder the server is confined to nothing" {
    serve --text 'a=b'
    says_text a b
    [[ $(readlink "/proc/$NETBOOTD/root") == */pifarm-*' (deleted)' ]]
    grep -q '^Uid:.65534.65534.65534.65534$' "/proc/$NETBOOTD/status"
    [ "$(awk '/^Threads/ { print $2 }' "/proc/$NETBOOTD/status")" -eq 1 ]
}
