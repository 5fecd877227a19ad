#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Networks of farms without root, without nodes: made, held, killed at any moment; and what a host may lack for them.
load ../lib/common.bash
load ../lib/ordinary-user.bash

setup() {
    ordinary_user
    cleanup no_ordinary_user
    install_for_user
    FARM_DIR="$USER_HOME/farm"
    mkdir "$FARM_DIR"
    cd "$FARM_DIR"
    write_farm lab
    chown -R "$ORDINARY_UID:$ORDINARY_UID" "$FARM_DIR"
}

# write_farm NAME: NAME.yaml, whose network is the same in all of them.
write_farm() {
    cat >"$1.yaml" <<YAML
farm: $1
lan: { bridge: pf-same, subnet: 10.77.0.0/24 }
images: { card: }
switches: { sw0: { virtual: true } }
nodes: [ { name: n1, id: 1, port: sw0/1, image: card } ]
YAML
}

# net FARM ARGUMENT...: pifarm net, as the user.
net() {
    as_user pifarm --file "$FARM_DIR/$1.yaml" net "${@:2}"
}

# holder FARM: the process that holds its namespaces.
holder() {
    cut -d ' ' -f 1 "$USER_RUNTIME_DIR/pifarm/$1.namespace"
}

nobody_is_left() {
    run -1 pgrep --runstates DRSTI -u "$ORDINARY_UID"
}

@test "farms of one user, and root's, may all have the same names and addresses" {
    write_farm office
    export PIFARM_STATE_DIR="$BATS_TEST_TMPDIR/state" PIFARM_RUNTIME_DIR="$BATS_TEST_TMPDIR/run"
    cleanup pifarm --file lab.yaml net down
    pifarm --file lab.yaml net up
    for farm in lab office; do
        net "$farm" up
        run -0 net "$farm" exec -- ip -brief -4 address show dev pf-same
        says 10.77.0.1/24
    done
    [ "$(holder lab)" != "$(holder office)" ]
    net lab exec -- ip link set dev pf-same mtu 1400
    [ "$(net office exec -- cat /proc/sys/net/ipv6/conf/pf-same/mtu)" = 1500 ]
    net lab down
    run -0 net office show
    says pf-same
    net office down
    nobody_is_left
    run -0 ip -brief link show dev pf-same
}

@test "net up that is killed at any moment leaves nothing that net down does not take" {
    for ms in $(seq 0 3 90); do
        as_user timeout --signal KILL "0.$(printf '%03d' "$ms")1" pifarm --file lab.yaml net up || true
        # as good as new, whatever there is
        [ $((ms % 2)) -eq 0 ] || net lab up
        net lab down
        # who waits at a closed line goes by itself
        timeout 10 sh -c "while pgrep --runstates DRSTI -u $ORDINARY_UID; do :; done"
        [ ! -e "$USER_RUNTIME_DIR/pifarm/lab.namespace" ]
    done
}

@test "a note of a process that is another's by now is not believed" {
    net lab up
    net lab down
    sleep 60 3>&- &
    cleanup kill $!
    echo "$! 1" >"$USER_RUNTIME_DIR/pifarm/lab.namespace"
    fails_with 4 net lab exec -- true
    for note in '' 'x y' '-1 1' '99999999999 1' "$(head -c 100 /dev/zero | tr '\0' 9)"; do
        echo "$note" >"$USER_RUNTIME_DIR/pifarm/lab.namespace"
        fails_with 4 net lab exec -- true
    done
    chown "$ORDINARY_UID" "$USER_RUNTIME_DIR/pifarm/lab.namespace"
    net lab up
    net lab down
    kill -0 $!
}

@test "a shell in a network that is taken down goes on, and the next network is another" {
    net lab up
    mkfifo within
    chown "$ORDINARY_UID" within
    as_user sh -c 'exec pifarm --file lab.yaml net exec -- cat <within' 3>&- &
    cleanup kill $!
    exec 7>within
    timeout 10 sh -c "until pgrep -u $ORDINARY_UID -x cat; do :; done"
    before=$(readlink "/proc/$(pgrep -u "$ORDINARY_UID" -x cat)/ns/net")
    net lab down
    net lab up
    [ "$(net lab exec -- readlink /proc/self/ns/net)" != "$before" ]
    pgrep -u "$ORDINARY_UID" -x cat
    exec 7>&-
    net lab down
}

@test "what the host lacks is named, with the command that mends it" {
    fails_with 6 as_user env PATH="$BATS_FILE_TMPDIR/tree/bin" pifarm --file lab.yaml net up
    says 'the program newuidmap is not installed; try: sudo apt install uidmap'

    echo 'other:100000:65536' >/etc/subuid
    fails_with 6 net lab up
    says 'try: sudo usermod --add-subuids 165536-231071 ordinary'
    run as_user pifarm --file lab.yaml doctor
    says 'sudo usermod --add-subuids 165536-231071 ordinary'
    : >/etc/subgid
    fails_with 6 net lab up
    says 'sudo usermod --add-subuids 165536-231071 --add-subgids 100000-165535 ordinary'
    echo 'ordinary:1000000:65536' | tee /etc/subuid >/etc/subgid

    mknod "$BATS_TEST_TMPDIR/tun" c 10 200
    chmod 600 "$BATS_TEST_TMPDIR/tun"
    mount --bind "$BATS_TEST_TMPDIR/tun" /dev/net/tun
    cleanup umount /dev/net/tun
    fails_with 6 net lab up
    says '/dev/net/tun is closed to this user; try: sudo chmod 666 /dev/net/tun'
    nobody_is_left
}

@test "a setting that forbids user namespaces is named" {
    echo 0 >"$BATS_TEST_TMPDIR/setting"
    mount --bind "$BATS_TEST_TMPDIR/setting" /proc/sys/user/max_user_namespaces
    cleanup umount /proc/sys/user/max_user_namespaces
    fails_with 6 net lab up
    says 'this host lets only root have user namespaces (user/max_user_namespaces is 0)'
    says 'try: sudo sysctl user.max_user_namespaces='
}
