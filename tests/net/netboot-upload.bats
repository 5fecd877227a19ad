#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Files that nodes write over TFTP.
load ../lib/common.bash
load ../lib/netboot.bash

setup() {
    network_up
    root_up
    in_client ip address add 10.9.0.2/24 dev nb1
    UPLOADS=$ROOT/uploads OWN=$ROOT/uploads/b8-27-eb-64-24-7d
    mkdir -p "$OWN/logs"
    chown -R nobody "$UPLOADS"
    cd "$BATS_TEST_TMPDIR"
    head -c 300001 /dev/urandom >file
}

serve() { netbootd --interface nb0 --root "$ROOT" --upload "$UPLOADS" "$@"; }

# is_clean: no half file is left.
is_clean() { [ -z "$(find "$UPLOADS" -name '*.part')" ]; }

@test "curl, tftp-hpa, atftp and busybox write into their node's folder, byte by byte" {
    serve
    in_client curl -s -T file tftp://10.9.0.1/curl
    in_client tftp -m binary 10.9.0.1 -c put file hpa
    in_client atftp --put --local-file file --remote-file atftp 10.9.0.1
    in_client atftp --option 'blksize 1428' --option 'windowsize 8' --put -l file -r window 10.9.0.1
    in_client busybox tftp -p -l file -r busybox 10.9.0.1
    in_client curl -s -T file tftp://10.9.0.1/5564247d/logs/deep
    for copy in curl hpa atftp window busybox logs/deep; do cmp file "$OWN/$copy"; done
    event received '.file == "curl" and .path == "b8-27-eb-64-24-7d/curl" and .size == 300001'
    : >empty
    in_client tftp -m binary 10.9.0.1 -c put empty nothing
    [ -f "$OWN/nothing" ]
    is_clean
}

@test "what is there stays, unless it may be replaced" {
    serve
    echo old >"$OWN/file"
    run in_client curl -s -T file tftp://10.9.0.1/file
    [ "$status" -eq 73 ]
    [ "$(cat "$OWN/file")" = old ]
    event refused '.message | endswith("is there already")'
    stop_netbootd
    serve --upload-replace
    in_client curl -s -T file tftp://10.9.0.1/file
    cmp file "$OWN/file"
    is_clean
}

@test "a file that is too large is refused, at once when its size is told" {
    serve --upload-max 200KiB
    run in_client curl -s -T file tftp://10.9.0.1/file
    [ "$status" -ne 0 ]
    run in_client curl -s --tftp-no-options -T file tftp://10.9.0.1/plain
    [ "$status" -ne 0 ]
    event failed '.message == "the file is too large" and .size == 0'
    event failed '.message == "the file is too large" and .size > 100000'
    [ -z "$(find "$UPLOADS" -type f)" ]
}

@test "a node without a folder, names that lead out of it, and a full disk" {
    serve
    mkdir "$UPLOADS/elsewhere"
    ln -s ../elsewhere "$OWN/link"
    for name in ../file ../../file link/file nothing/file; do
        run in_client curl -s --path-as-is -m 5 -T file "tftp://10.9.0.1/$name"
        [ "$status" -ne 0 ]
    done
    run in_client busybox tftp -p -l file -r .. 10.9.0.1
    [ "$status" -ne 0 ]
    rm "$OWN/link"
    rmdir "$OWN/logs" "$UPLOADS/elsewhere"
    [ -z "$(find "$ROOT" -type f)" ]
    mount -t tmpfs -o size=64k,mode=777 tmpfs "$OWN"
    cleanup umount "$OWN"
    run in_client curl -s -T file tftp://10.9.0.1/file
    [ "$status" -ne 0 ]
    event failed '.message | endswith("No space left on device")'
    is_clean
    umount "$OWN"
    rmdir "$OWN"
    run in_client curl -s -T file tftp://10.9.0.1/file
    [ "$status" -ne 0 ]
    event refused '.message == "there is no folder for files of this node"'
}

@test "without --upload nothing is written" {
    netbootd --interface nb0 --root "$ROOT"
    run in_client curl -s -T file tftp://10.9.0.1/file
    [ "$status" -ne 0 ]
    event refused '.message == "files are only read here"'
    [ -z "$(find "$ROOT" -type f)" ]
}
