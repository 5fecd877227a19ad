#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# pifarm ssh-config, with a real client and a real server at a node's address.
load ../lib/common.bash
load ../lib/ordinary-user.bash

setup() {
    ordinary_user
    cleanup no_ordinary_user
    # paths as people have them, and as ssh would expand them
    export PIFARM_STATE_DIR="$BATS_TEST_TMPDIR/100% ours" PIFARM_RUNTIME_DIR="$BATS_TEST_TMPDIR/run"
    mkdir -p "$PIFARM_STATE_DIR/farms/lab" "$BATS_TEST_TMPDIR/my farm %h" "$USER_HOME/.ssh"
    cd "$BATS_TEST_TMPDIR/my farm %h"
    ssh-keygen -q -t ed25519 -N '' -f key
    ssh-keygen -q -t ed25519 -N '' -f other
    cp key.pub "$USER_HOME/.ssh/authorized_keys"
    chown -R "$ORDINARY_UID:$ORDINARY_UID" "$USER_HOME/.ssh"
    cat >farm.yaml <<'YAML'
farm: lab
images: { card: { source: card.img, enrol: { user: ordinary, ssh-key: key.pub } } }
nodes:
  - { name: "n[1-3]", id: 1, image: card }
YAML
    unset PIFARM_FILE
    pifarm ssh-config >config
    start_node n1 10.77.0.11
}

# start_node NAME ADDRESS: an SSH server there, and its key where the daemon would record it.
start_node() {
    ip address add "$2/32" dev lo
    cleanup ip address del "$2/32" dev lo
    dropbearkey -t ed25519 -f "$BATS_TEST_TMPDIR/$1" | grep '^ssh-' >"$BATS_TEST_TMPDIR/$1.pub"
    printf '%s,%s.lab,%s,[127.0.0.1]:5701 %s\n' "$1" "$1" "$2" "$(cut -d ' ' -f 1,2 "$BATS_TEST_TMPDIR/$1.pub")" \
        >>"$PIFARM_STATE_DIR/farms/lab/known_hosts"
    dropbear -F -E -s -p "$2:22" -P "$BATS_TEST_TMPDIR/$1.pid" -r "$BATS_TEST_TMPDIR/$1" 3>&- &
    cleanup kill $!
    timeout 10 sh -c "until ss -Hltn | grep -q '$2:22 '; do :; done"
}

@test "ssh logs in by the node's name, short or long, without a question and without a word" {
    for name in n1 n1.lab; do
        run -0 --separate-stderr ssh -F config "$name" 'echo "$USER on $0"' </dev/null
        [ "$output" = 'ordinary on sh' ]
        [ -z "$stderr" ]
    done
}

@test "a node with another key than its own is not talked to" {
    ip address add 10.77.0.12/32 dev lo
    cleanup ip address del 10.77.0.12/32 dev lo
    dropbear -F -E -s -p 10.77.0.12:22 -P "$BATS_TEST_TMPDIR/n2.pid" -r "$BATS_TEST_TMPDIR/n1" 3>&- &
    cleanup kill $!
    timeout 10 sh -c "until ss -Hltn | grep -q '10.77.0.12:22 '; do :; done"
    run -255 ssh -F config n2 true
    says 'No ED25519 host key is known for n2'
    # n3's key under n1's name
    sed -i 's/^n1,n1.lab,10.77.0.11/n3/' "$PIFARM_STATE_DIR/farms/lab/known_hosts"
    run -255 ssh -F config n1 true
    says 'known for n1'
}

@test "it lists the nodes that are asked for, and all without a word" {
    [ "$(pifarm ssh-config 'n[2-3]' | grep '^Host ')" = 'Host n2 n2.lab
Host n3 n3.lab' ]
    [ "$(pifarm ssh-config | grep -c '^Host ')" = 3 ]
    fails_with 4 pifarm ssh-config n7
}

@test "pifarm ssh and pifarm cp go the same way" {
    run -0 pifarm ssh n1 pwd
    [ "$output" = "$USER_HOME" ]
    run -0 pifarm cp farm.yaml n1:copy.yaml
    cmp farm.yaml "$USER_HOME/copy.yaml"
}
