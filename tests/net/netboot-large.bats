#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# A file of 5 GiB: larger than any number of 32 bits.
load ../lib/common.bash
load ../lib/netboot.bash

setup() {
    [ "$(id -u)" -eq 0 ] || require root false
    root_up
    truncate -s 4294967290 "$ROOT/disk"
    echo 'across the border' >>"$ROOT/disk"
    truncate -s 5G "$ROOT/disk"
    echo end >>"$ROOT/disk"
    chmod a+r "$ROOT/disk"
}

@test "over TFTP, in blocks of 65464 bytes and past 65535 of them" {
    netbootd --interface lo --root "$ROOT"
    curl -s --tftp-blksize 65464 tftp://127.0.0.1/disk | cmp - "$ROOT/disk"
    event sent '.size == 5368709124 and .blksize == 65464 and .resent < 100'
}

@test "over HTTP, past the border of 32 bits and to its end" {
    netbootd --interface lo --root "$ROOT" --http
    [ "$(curl -s -o /dev/null -w '%{http_code} %{size_download}' http://127.0.0.1/disk)" = '200 5368709124' ]
    event sent '.size == 5368709124'
    [ "$(curl -s -r 4294967290-4294967306 http://127.0.0.1/disk)" = 'across the border' ]
    curl -s -r 4290000000-4300000000 http://127.0.0.1/disk | cmp - <(tail -c +4290000001 "$ROOT/disk" | head -c 10000001)
    [ "$(curl -s -r -4 http://127.0.0.1/disk)" = end ]
}
