#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Help: there for every command, no larger than a screen, and what is said to who mistypes one.
load ../lib/common.bash

setup() {
    own_folders
    cd "$BATS_TEST_TMPDIR"
}

# commands NAME...: those that a help lists.
commands() {
    pifarm help "$@" | sed -n '/^Commands:$/,/^$/s/^  \([a-z-]*\) .*/\1/p'
}

# all_commands: "init", ..., "image import", ...
all_commands() {
    commands
    commands image | sed 's/^/image /'
    commands clone | sed 's/^/clone /'
    commands net | sed 's/^/net /'
    commands netboot | sed 's/^/netboot /'
    commands firmware | sed 's/^/firmware /'
}

# fits_screen LINES: standard input has no more, and none wider than 80 columns.
fits_screen() {
    awk -v most="$1" '{ text = text $0 "\n" }
        length($0) > 80 { print "too wide: " $0; bad = 1 }
        END { if (NR > most) { print NR " lines:\n" text; bad = 1 }; exit bad }' >&2
}

@test "help names the commands that there are" {
    [ "$(commands | tr '\n' ' ')" = \
        'init check up down list show console ssh ssh-config run cp wait log image clone audit net wlan netboot firmware doctor help ' ]
    [ "$(commands image | tr '\n' ' ')" = \
        'import fetch list inspect prepare verify export flash shrink shell rm gc ' ]
}

@test "help names the commands of clone" {
    [ "$(commands clone | tr '\n' ' ')" = 'list reset commit rebase flatten diff ' ]
}

@test "every help has at most 40 lines of 80 columns" {
    local command topic
    pifarm help | LC_ALL=C.UTF-8 fits_screen 40
    while read -r command; do
        # shellcheck disable=SC2086 # a command of two words
        LC_ALL=C.UTF-8 pifarm $command --help | LC_ALL=C.UTF-8 fits_screen 40
        # shellcheck disable=SC2086
        while read -r topic; do
            LC_ALL=C.UTF-8 pifarm $command "$topic" | LC_ALL=C.UTF-8 fits_screen 40
        done < <(pifarm $command --help | grep -oE -e '--help-[a-z]+')
    done < <(all_commands)
}

@test "every command answers --help, -h and help with the same, without a farm and with status 0" {
    local command
    while read -r command; do
        # shellcheck disable=SC2086
        fails_with 0 pifarm $command --help
        says 'Usage:'
        says "pifarm $command"
        # shellcheck disable=SC2086
        [ "$output" = "$(pifarm $command -h)" ] && [ "$output" = "$(pifarm help $command)" ]
    done < <(all_commands)
}

@test "help goes to standard output, and pifarm alone shows it with status 2" {
    [ "$(pifarm --help)" = "$(pifarm help)" ]
    fails_with 2 pifarm
    [ "$output" = "$(pifarm help)" ]
    fails_with 2 pifarm image
    [ "$output" = "$(pifarm image --help)" ]
}

@test "--version names program and version" {
    fails_with 0 pifarm --version
    [[ $output =~ ^pifarm\ [0-9]+\.[0-9]+\.[0-9]+$ ]]
}

@test "a mistyped command is met with the nearest one" {
    fails_with 2 pifarm chekc
    [ "$output" = "pifarm: there is no command 'chekc'; did you mean 'check'?" ]
    fails_with 2 pifarm image inpect
    [ "$output" = "pifarm: there is no command 'image inpect'; did you mean 'image inspect'?" ]
    fails_with 2 pifarm help chekc
    says "did you mean 'check'?"
}

@test "a command that is near to none is met with where to look" {
    fails_with 2 pifarm frobnicate
    [ "$output" = "pifarm: there is no command 'frobnicate'; see: pifarm help" ]
    fails_with 2 pifarm image frobnicate
    says 'see: pifarm help image'
}

@test "an unknown option is named, and the help that lists the known ones" {
    local command
    while read -r command; do
        # shellcheck disable=SC2086
        fails_with 2 pifarm $command --frobnicate
        says 'frobnicate'
        says "see: pifarm $command --help"
    done < <(all_commands | grep -vxE 'image|clone|net|netboot|firmware')
    fails_with 2 pifarm --frobnicate list
    says 'see: pifarm help'
}

@test "an argument too many is refused by its name" {
    fails_with 2 pifarm check other.yaml
    [ "$output" = "pifarm: 'other.yaml' is one argument too many; usage: pifarm check" ]
    fails_with 2 pifarm init lab more
    says "'more' is one argument too many; usage: pifarm init [FARM]"
    fails_with 2 pifarm image import one.img two.img
    says "'two.img' is one argument too many; usage: pifarm image import FILE|URL|-"
}
