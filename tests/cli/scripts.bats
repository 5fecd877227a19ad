#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The scripts that people and CI start with: what they say when they are used wrongly or cannot work.
load ../lib/common.bash

setup() {
    cd "$PIFARM_SOURCE"
}

# as_nobody COMMAND...: without root's rights; the tree must be readable to it.
as_nobody() {
    setpriv --reuid=nobody --regid=nogroup --clear-groups "$@"
}

# list PACKAGE...: a list with a comment and these packages.
list() {
    printf '%s\n' '# a comment' "$@" >"$BATS_TEST_TMPDIR/list"
    chmod -R a+rX "$BATS_TEST_TMPDIR" "$BATS_RUN_TMPDIR"
}

@test "nothing is installed, and nothing said, when nothing is missing" {
    list 'bash   # the shell' coreutils ''
    run examples/install-packages "$BATS_TEST_TMPDIR/list"
    [ "$status" -eq 0 ]
    [ -z "$output" ]
}

@test "without root the missing packages are named, with the command that installs them" {
    require root [ "$(id -u)" -eq 0 ]
    list bash no-such-package-a no-such-package-b
    cp examples/install-packages "$BATS_TEST_TMPDIR/"
    fails_with 6 as_nobody "$BATS_TEST_TMPDIR/install-packages" "$BATS_TEST_TMPDIR/list"
    says 'sudo apt-get install --no-install-recommends no-such-package-a no-such-package-b'
}

@test "tests/run refuses labels and options that are not there" {
    fails_with 2 tests/run nonsense
    says "unknown label 'nonsense'; there are: lint unit"
    fails_with 2 tests/run --nonsense
    says "unknown option '--nonsense'"
}

@test "tests/run fails in CI rather than leave out what it cannot run" {
    require root [ "$(id -u)" -eq 0 ]
    cp -r tests/run "$BATS_TEST_TMPDIR/" && mkdir "$BATS_TEST_TMPDIR/tests" && mv "$BATS_TEST_TMPDIR/run" "$BATS_TEST_TMPDIR/tests/"
    chmod -R a+rX "$BATS_RUN_TMPDIR"
    fails_with 1 as_nobody env CI=true "$BATS_TEST_TMPDIR/tests/run"
    says "cannot run net image boot: they need root"
}

@test "the help of the scripts fits a screen" {
    local script
    for script in tests/run examples/quickstart examples/build-card-image examples/install-packages; do
        run "$script" --help
        [ "$status" -eq 0 ]
        [ "${#lines[@]}" -le 30 ]
    done
}

@test "quickstart needs root, and says so before it does anything" {
    require root [ "$(id -u)" -eq 0 ]
    mkdir -p "$BATS_TEST_TMPDIR/tree/examples"
    cp examples/quickstart "$BATS_TEST_TMPDIR/tree/examples/"
    chmod -R a+rX "$BATS_TEST_TMPDIR" "$BATS_RUN_TMPDIR"
    fails_with 6 as_nobody "$BATS_TEST_TMPDIR/tree/examples/quickstart"
    says "sudo examples/quickstart"
    fails_with 2 examples/quickstart --flavour=vanilla
    says "only standard and tiny"
}
