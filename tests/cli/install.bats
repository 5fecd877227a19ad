#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# What is installed works from where it is installed.
load ../lib/common.bash

setup() {
    own_folders
    cd "$BATS_TEST_TMPDIR"
    unset PIFARM_FILE
    cmake --install "$PIFARM_BUILD" --prefix "$BATS_TEST_TMPDIR/tree" >/dev/null
    printf '%s\n' 'farm: clitest' 'images: { small: { source: small.img } }' \
        'nodes: [ { name: n1, id: 1, image: small } ]' >farm.yaml
}

@test "an installed pifarm finds the daemon that is installed with it" {
    # in its place one that only says that it was started
    printf '%s\n' '#!/bin/sh' 'printf "busy I am %s" "$0" >&3' >tree/libexec/pifarm/pifarmd
    fails_with 7 tree/bin/pifarm show n1
    [ "$output" = "pifarm: I am $BATS_TEST_TMPDIR/tree/libexec/pifarm/pifarmd" ]
}

@test "programs, manual pages and completion are installed" {
    [ "$(cd tree && find . -type f | grep -vE "/man/|/recipes/" | sort)" = './bin/pifarm
./libexec/pifarm/pifarm-boot
./libexec/pifarm/pifarm-card
./libexec/pifarm/pifarm-chroot
./libexec/pifarm/pifarm-netboot-ask
./libexec/pifarm/pifarm-netbootd
./libexec/pifarm/pifarm-prepare
./libexec/pifarm/pifarm-qemu
./libexec/pifarm/pifarmd
./share/bash-completion/completions/pifarm' ]
    [ -x tree/share/pifarm/recipes/workshop/files/usr/local/sbin/name-tag ]
    [ -s tree/share/pifarm/recipes/server.yaml ]
    [ -s tree/share/man/man5/farm.yaml.5 ] || [ ! -e "$PIFARM_BUILD/docs/farm.yaml.5" ]
}
