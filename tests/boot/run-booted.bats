#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# pifarm image prepare --run-booted: an image boots once for a command, and becomes a new one.
# shellcheck disable=SC2016 # what is in quotes runs in the guest

load ../lib/common
load ../lib/prepare
load ../lib/store

setup() {
    tiny_to_prepare
}

@test "commands run in the booted system, which is shut down, and nothing of ours stays in the image" {
    local file start size
    prepare --name made --run-booted 'uname -r >/root/kernel; grep -c Raspberry /proc/device-tree/model
        echo booted >/boot/firmware/booted.txt' --run-booted 'ls /sys/class/mmc_host >>/root/kernel'
    run -0 pifarm image shell made -- sh -c 'cat /root/kernel /boot/firmware/booted.txt; wc -c </etc/machine-id
        ls /etc/ssh; ls -d /usr/lib/pifarm /etc/inittab; grep -c pifarm /etc/inittab; true'
    [[ ${lines[0]} == *-arm64 ]]
    [ "${lines[1]}" = mmc0 ]
    [ "${lines[2]}" = booted ]
    [ "${lines[3]}" = 0 ]
    [[ $output != *ssh_host* && $output != *$'\n/usr/lib/pifarm'* ]]
    [ "${lines[-1]}" = 0 ]
    file=$(pifarm image list --json | jq -r '.images[] | select(.name == "made").path')
    read -r start size < <(sfdisk -J "$file" | jq -r '.partitiontable.partitions[0] | "\(.start) \(.size)"')
    e2fsck -fn "$file?offset=$(((start + size) * 512))"
    dd if="$file" of="$BATS_TEST_TMPDIR/fat" bs=512 skip="$start" count="$size" conv=sparse status=none
    fsck.vfat -n "$BATS_TEST_TMPDIR/fat"
}

@test "a command that fails in the booted system is named with its status and last words, and leaves no image" {
    fails_with 1 prepare --name made --run-booted 'echo no such thing >&2; exit 4' --run-booted 'echo not reached'
    says "'echo no such thing >&2; exit 4' failed in the image with exit status 4: no such thing"
    fails_with 4 pifarm image inspect made
    [ -z "$(ls -A "$PIFARM_STATE_DIR/images/tmp")" ]
}

@test "one that does not end in time is ended, with the machine" {
    fails_with 8 prepare --run-booted 'sleep 1000' --boot-timeout 20
    says "was not through with its commands 20 s after it was booted"
    run pgrep -f "qemu-system-aarch64.*$PIFARM_STATE_DIR"
    [ "$status" -eq 1 ]
    [ -z "$(ls -A "$PIFARM_STATE_DIR/images/tmp")" ]
}

# start_booting: a preparation that boots, for ever, in a session of its own: PREPARE, with its machine QEMU.
start_booting() {
    env --default-signal=INT setsid pifarm image prepare tiny --no-ssh --name made --run-booted 'sleep 1000' \
        >"$BATS_TEST_TMPDIR/words" 2>&1 3>&- &
    PREPARE=$!
    cleanup kill -KILL -- "-$PREPARE"
    QEMU=$(timeout 240 sh -c 'until pgrep -s "$0" qemu-system-aar; do sleep 0.1; done' "$PREPARE") ||
        { cat "$BATS_TEST_TMPDIR/words" && false; }
}

# ends_without_a_trace: what start_booting began, and has been told to end.
ends_without_a_trace() {
    timeout 30 tail --pid="$PREPARE" -f /dev/null
    timeout 30 tail --pid="$QEMU" -f /dev/null
    fails_with 4 pifarm image inspect made
    gc_clears_all
}

@test "the machine has no rights on this host, and dies with a preparation that is killed" {
    start_booting
    run -0 cat "/proc/$QEMU/status"
    [[ ! $output =~ [UG]id:[[:space:]]+0 ]]
    [[ $output =~ Groups:[[:space:]]*$'\n' ]]
    [[ $output =~ NoNewPrivs:[[:space:]]+1 && $output =~ CapEff:[[:space:]]+0+$'\n' ]]
    kill -KILL "$PREPARE"
    ends_without_a_trace
}

@test "the machine ends with a preparation that is interrupted" {
    start_booting
    kill -INT -- "-$PREPARE"
    ends_without_a_trace
}

@test "an image whose init runs nothing once is refused" {
    fails_with 3 prepare --run 'rm /etc/inittab' --run-booted true
    says "no init that can run something once"
}
