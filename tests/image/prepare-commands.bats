#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# pifarm image prepare: packages and commands, run on the image without booting it.
# shellcheck disable=SC2016 # what is in quotes runs in the image

load ../lib/common
load ../lib/prepare

setup() {
    tiny_to_prepare
}

files_of_store() {
    (cd "$PIFARM_STATE_DIR/images" && find . -name '*.img' -exec sha256sum {} + | sort)
}

@test "commands run in their order after the other steps, and what they made of an identity is removed" {
    local recipe=$BATS_TEST_TMPDIR/recipe.yaml
    cat >"$recipe" <<'END'
hostname: box
ssh-enable: false
run:
  - |
    # a script of several lines
    cat /etc/hostname >/root/log
    echo key >/etc/ssh/ssh_host_ed25519_key
  - echo second >>/root/log
END
    run -0 prepare --dry-run --recipe "$recipe"
    says "run          running commands"
    prepare --recipe "$recipe" --name made \
        --run 'echo from $0 the command line >>/root/log; echo 0123456789abcdef0123456789abcdef >/etc/machine-id'
    run -0 pifarm image shell made -- sh -c 'cat /root/log; ls /etc/ssh; wc -c </etc/machine-id'
    [ "$output" = $'box\nsecond\nfrom /bin/sh the command line\n0' ]
}

@test "the same commands make no second image, others do, and --again does" {
    run -0 prepare --run 'cat /proc/sys/kernel/random/uuid >/root/id'
    local first=$output
    run -0 prepare --run 'cat /proc/sys/kernel/random/uuid >/root/id'
    [ "$output" = "$first" ]
    run -0 prepare --run 'cat /proc/sys/kernel/random/uuid >/root/id' --again
    [ "${output%% *}" = "${first%% *}" ]
    [ "$output" != "$first" ]
    local again=$output
    run -0 prepare --run 'cat /proc/sys/kernel/random/uuid >/root/id'
    [ "$output" = "$again" ]
}

@test "a command that fails fails the preparation and is named with its status and last words" {
    local before
    before=$(files_of_store)
    fails_with 1 prepare --run true --run 'echo words; echo more words >&2; exit 9' --run 'echo not reached'
    says "'echo words; echo more words >&2; exit 9' failed in the image with exit status 9: words; more words"
    [ "$(files_of_store)" = "$before" ]
    [ -z "$(ls -A "$PIFARM_STATE_DIR/images/tmp")" ]
}

@test "an image without room says so" {
    fails_with 1 prepare --run 'dd if=/dev/zero of=/root/large bs=1M count=1000'
    says "No space left on device"
    says "a larger --size gives it more"
}

@test "an image without apt installs nothing" {
    fails_with 1 prepare --install htop
    says "there is no apt-get"
}

@test "what is no name of a package, and an empty command, are refused before anything is made" {
    fails_with 2 prepare --install '-o=evil'
    says "'-o=evil' is no Debian package"
    fails_with 2 prepare --run ' '
    says "is no command"
    fails_with 2 prepare --run-booted true --boot-timeout 0
    says "--boot-timeout wants seconds"
    [ -z "$(ls -A "$PIFARM_STATE_DIR/images/tmp")" ]
}

@test "--install takes packages from where the image's apt does, starts nothing, leaves nothing behind" {
    local standard
    standard=$("$PIFARM_SOURCE/examples/build-card-image" --flavour standard)
    pifarm image import "$standard" --name standard >/dev/null
    require "the package mirror of the image" pifarm image shell standard -- \
        apt-get -q -o APT::Update::Error-Mode=any update
    run -0 pifarm image prepare standard --name installed --install 'hello netcat-openbsd' \
        --run 'hello >/root/said; dpkg -s hello >/dev/null; invoke-rc.d ssh start || echo refused'
    run -0 pifarm image shell installed -- sh -c 'cat /root/said; ls -A /var/lib/apt/lists; ls /var/cache/apt/archives
        ls /usr/sbin/policy-rc.d* /etc/ssh/ssh_host_* /etc/*.pifarm* 2>/dev/null; readlink /etc/resolv.conf; wc -c </etc/machine-id'
    [ "${lines[0]}" = "Hello, world!" ]
    says "0"
    [[ $output != *Packages* && $output != *.deb* && $output != *ssh_host* && $output != *pifarm-kept* ]]
    [[ $output != *policy-rc.d.pifarm* ]]
    fails_with 1 pifarm image prepare standard --install no-such-package-anywhere
    says "'apt-get install no-such-package-anywhere' failed in the image with exit status 100"
    says "Unable to locate package no-such-package-anywhere"
}
