# SPDX-License-Identifier: MIT
# What every bats file loads: the programs under test first in PATH, folders of its own, a cleanup stack.
# shellcheck disable=SC2154 # status and output: bats sets them

: "${PIFARM_BUILD:?run the tests through ctest or tests/run, or set PIFARM_BUILD to the build folder}"
: "${PIFARM_SOURCE:=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)}"
bats_require_minimum_version 1.5.0
PATH="$PIFARM_BUILD/bin:$PATH"

# cleanup COMMAND...: runs when the test ends, last registered first. Register before creating.
cleanup() {
    local line
    printf -v line '%q ' "$@"
    CLEANUPS=("$line" "${CLEANUPS[@]}")
}

run_cleanups() {
    local line
    for line in "${CLEANUPS[@]}"; do
        eval "$line" || true
    done
    CLEANUPS=()
}

# own_folders: a state and a runtime folder for this test alone.
own_folders() {
    export PIFARM_STATE_DIR="$BATS_TEST_TMPDIR/state" PIFARM_RUNTIME_DIR="$BATS_TEST_TMPDIR/run"
    mkdir -p "$PIFARM_STATE_DIR" "$PIFARM_RUNTIME_DIR"
}

# require WHAT COMMAND...: skips the test when the command fails; in CI (PIFARM_REQUIRE=1) that is a failure.
require() {
    local what=$1
    shift
    "$@" >/dev/null 2>&1 && return
    if [ "${PIFARM_REQUIRE:-}" = 1 ]; then
        echo "this test needs $what" >&2
        return 1
    fi
    skip "needs $what"
}

# fails_with STATUS COMMAND...: the command must end with that exit status; its output is in $output.
fails_with() {
    local expected=$1
    shift
    run "$@"
    [ "$status" -eq "$expected" ] || {
        echo "exit status $status, not $expected, of: $*" >&2
        echo "$output" >&2
        return 1
    }
}

# says TEXT: $output has the text.
says() {
    [[ $output == *"$1"* ]] || {
        echo "expected to read: $1" >&2
        echo "but it says: $output" >&2
        return 1
    }
}

teardown() {
    run_cleanups
}
