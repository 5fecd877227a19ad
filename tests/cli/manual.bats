#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The manual pages say all that the program knows.
load ../lib/common.bash

setup() {
    own_folders
    page=$PIFARM_BUILD/docs/pifarm.1
    require 'the manual pages (scdoc)' test -e "$page"
    sed 's/\\f.//g; s/\\//g' "$page" >"$BATS_TEST_TMPDIR/page"
}

commands() {
    pifarm help "$@" | sed -n '/^Commands:$/,/^$/s/^  \([a-z-]*\) .*/\1/p'
}

# missing: the words of standard input that the page does not have.
missing() {
    local word
    while IFS= read -r word; do
        grep -qF -e "$word" "$BATS_TEST_TMPDIR/page" || echo "$word"
    done
}

@test "pifarm(1) has every command, with its arguments" {
    run missing < <(
        commands | grep -vxE 'image|clone|net|netboot|firmware' | sed 's/^/pifarm /'
        commands image | sed 's/^/pifarm image /'
        commands clone | sed 's/^/pifarm clone /'
        commands net | sed 's/^/pifarm net /'
        commands netboot | sed 's/^/pifarm netboot /'
        commands firmware | sed 's/^/pifarm firmware /'
    )
    [ -z "$output" ]
}

@test "pifarm(1) has every option of every command" {
    run missing < <({
        pifarm help
        for command in $(commands); do pifarm "$command" --help; done
        for command in $(commands image); do pifarm image "$command" --help; done
        for command in $(commands clone); do pifarm clone "$command" --help; done
        for command in $(commands net); do pifarm net "$command" --help; done
        for command in $(commands netboot); do pifarm netboot "$command" --help; done
        pifarm netboot serve --help-dhcp
        for command in $(commands firmware); do pifarm firmware "$command" --help; done
    } | grep -oE '^ +(-[a-z], )?--[a-z0-9-]+' | grep -v -- --help | sed 's/^ *//' | sort -u)
    [ -z "$output" ]
}

@test "pifarm(1) has every exit status" {
    for status in 0 1 2 3 4 5 6 7 8 9; do
        sed -n '/^.SH EXIT STATUS/,/^.SH ENVIRONMENT/p' "$BATS_TEST_TMPDIR/page" | grep -qx "$status"
    done
}

@test "pifarm(1) has every environment variable that is read" {
    run missing < <(grep -rhoE --include='*.c' '"PIFARM_[A-Z_]+"' \
        "$PIFARM_SOURCE"/{pifarm,images,netsetup,hw} | tr -d '"' | sort -u)
    [ -z "$output" ]
}
