#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The first command that a stranger types, from no farm to two nodes that talk, and back to nothing.
load ../lib/common.bash
load ../lib/ordinary-user.bash

quickstart() {
    "$PIFARM_SOURCE/examples/quickstart" --flavour tiny "$@"
}

setup() {
    own_folders
    export PIFARM_QUICKSTART_DIR="$BATS_TEST_TMPDIR/farm"
    chmod a+x "$BATS_RUN_TMPDIR" "$BATS_TEST_TMPDIR"
    cleanup quickstart --down --purge
}

@test "quickstart starts two nodes that talk, again in seconds, and takes them away" {
    run quickstart
    [ "$status" -eq 0 ]
    says 'PING n2'
    says '3 packets transmitted, 3 packets received, 0% packet loss'
    says 'aarch64 GNU/Linux'
    says './pifarm down --all'
    [ "$(grep -cE '^n[12] .* ready ' <<<"$output")" -eq 2 ]

    # its words on how to go on are true
    cd "$PIFARM_QUICKSTART_DIR"
    run ./pifarm list
    [ "$status" -eq 0 ]

    # nothing is made anew the second time
    local before=$SECONDS
    run quickstart
    [ "$status" -eq 0 ]
    says 'ninja: no work to do'
    says '3 packets received'
    [ $((SECONDS - before)) -lt 30 ]

    run quickstart --down --purge
    [ "$status" -eq 0 ]
    [ ! -e "$PIFARM_QUICKSTART_DIR" ]
    [ -z "$(ip -brief link show type bridge)" ]
    run pgrep -f "$PIFARM_STATE_DIR"
    [ "$status" -eq 1 ]
}

@test "quickstart --rootless runs the farm as an ordinary user, whom --down finds again" {
    unset PIFARM_STATE_DIR PIFARM_RUNTIME_DIR
    ordinary_user
    cleanup no_ordinary_user
    install_for_user
    give_kernel_to_user
    cleanup env SUDO_USER=ordinary "$PIFARM_SOURCE/examples/quickstart" --down --purge
    let_user_reach "$PIFARM_SOURCE" "$PIFARM_BUILD" "${XDG_CACHE_HOME:-$HOME/.cache}/pifarm"
    mkdir -p "$USER_HOME/.cache/pifarm/appliance-kernel"
    mount --bind "$BATS_FILE_TMPDIR/kernel" "$USER_HOME/.cache/pifarm/appliance-kernel"
    cleanup umount "$USER_HOME/.cache/pifarm/appliance-kernel"
    chown "$ORDINARY_UID:$ORDINARY_UID" "$USER_HOME/.cache" "$USER_HOME/.cache/pifarm"

    fails_with 2 quickstart --rootless
    says '--rootless=USER'
    fails_with 0 quickstart --rootless=ordinary
    says '3 packets transmitted, 3 packets received, 0% packet loss'
    says $'\n  ./pifarm ssh n1 '
    run -0 pgrep -u "$ORDINARY_UID" -c qemu-system
    [ "$output" = 2 ]
    run -1 pgrep -u root qemu-system
    [ -z "$(ip -brief link show type bridge)" ]

    SUDO_USER=ordinary fails_with 0 quickstart --down --purge
    [ ! -e "$PIFARM_QUICKSTART_DIR" ]
    run -1 pgrep --runstates DRSTI -u "$ORDINARY_UID"
}
