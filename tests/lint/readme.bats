#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# What README.md and docs tell people to type is there: programs, files and pifarm's commands.
load ../lib/common.bash

setup() {
    cd "$PIFARM_SOURCE"
}

# typed FILE...: the lines of indented code, without "sudo" and "$".
typed() {
    sed -n 's/^    \(\$ \)\?\(sudo \)\?//p' "$@"
}

@test "every pifarm command that the README and HACKING type exists" {
    local name bad=0 known
    known=" $(pifarm help | sed -n '/^Commands:/,/^$/s/^  \([a-z-]*\) .*/\1/p' | tr '\n' ' ')"
    for name in $(typed README.md docs/HACKING.md | sed -n 's/^pifarm \(-[^ ]* \)*\([a-z-]*\).*/\2/p' | sort -u); do
        [[ $known == *" $name "* ]] || { echo "there is no 'pifarm $name'" && bad=1; }
    done
    [ "$bad" -eq 0 ]
}

@test "every script of this tree that they type exists" {
    local path bad=0
    for path in $(typed README.md docs/HACKING.md | grep -oE '^(examples|tests)/[a-z-]+' | sort -u); do
        [ -x "$path" ] || { echo "there is no $path" && bad=1; }
    done
    [ "$bad" -eq 0 ]
}

@test "every file that they link to exists" {
    local link bad=0
    for link in $(grep -ohE '\]\([^)]+\)' README.md | tr -d '])('); do
        [ -e "$link" ] || { echo "README.md links to $link, which is not there" && bad=1; }
    done
    [ "$bad" -eq 0 ]
}
