#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# What every source file looks like: its heading, its format, what must not be in it.
load ../lib/common.bash
load lib/files.bash

setup() {
    cd "$PIFARM_SOURCE"
}

headings() {
    printf '%s\n' "$@" | "$PIFARM_SOURCE/tests/lint/headings"
}

@test "every source file begins with its licence and a sentence on what it is for" {
    { project_files '*.[ch]' && project_scripts; } | sort -u | tests/lint/headings
}

@test "every build file names its licence" {
    local path bad=0
    while IFS= read -r path; do
        head -n 1 "$path" | grep -q 'SPDX-License-Identifier: MIT' || { echo "$path" && bad=1; }
    done < <(project_files '*CMakeLists.txt' '*.cmake')
    [ "$bad" -eq 0 ]
}

@test "a heading without licence, or without sentence, is found" {
    cd "$BATS_TEST_TMPDIR"
    printf '%s\n' '// SPDX-License-Identifier: MIT' '// The good one.' 'int x;' >good.c
    printf '%s\n' '#!/bin/sh' '# SPDX-License-Identifier: MIT' '# The other good one.' 'x=1' >good
    printf '%s\n' '// The good one.' 'int x;' >bare.c
    printf '%s\n' '// SPDX-License-Identifier: MIT' 'int x;' >mute.c
    headings good.c good
    fails_with 1 headings good.c bare.c mute.c
    says 'bare.c: line 1'
    says 'mute.c: no sentence'
}

@test "C sources are as clang-format writes them" {
    require clang-format command -v clang-format
    project_files '*.[ch]' | xargs -r clang-format --dry-run -Werror
}

@test "shellcheck finds nothing in the scripts" {
    require shellcheck command -v shellcheck
    project_scripts | xargs -r shellcheck
}

# The patterns are written so that they do not match themselves.
@test "no package mirror and no path of somebody's machine is written down" {
    local hosts='(deb|security|archive|snapshot|ftp)[.]([a-z.]*)(debian|raspbian|raspberrypi|ubuntu)[.](org|com)'
    local machine='(^|[^[:alnum:]_.-])/([w]ork|[r]oot/wt|[t]mp/helpers|home/[a-z]+)/'
    run xargs -a <(project_files '*') -d '\n' grep -nIE "$hosts|$machine"
    echo "$output"
    [ "$status" -eq 123 ]
}
