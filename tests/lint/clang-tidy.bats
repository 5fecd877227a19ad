#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# clang-tidy has nothing to say on any C file (what it looks for: .clang-tidy).
load ../lib/common.bash

@test "clang-tidy finds nothing" {
    require clang-tidy command -v clang-tidy
    "$PIFARM_SOURCE/tests/lint/tidy" "$PIFARM_BUILD"
}
