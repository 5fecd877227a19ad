#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# ssh, run, cp, console, log and show: what they say when they are used wrongly.
load ../lib/common.bash

setup() {
    own_folders
    cd "$BATS_TEST_TMPDIR"
    unset PIFARM_FILE
    cat >farm.yaml <<'END'
farm: clitest
lan: { bridge: clitest0, subnet: 10.98.7.0/24 }
images:
  small: { source: small.img }
nodes:
  - { name: "n[1-3]", id: 1, image: small }
END
}

@test "ssh wants one node" {
    fails_with 2 pifarm ssh
    says 'pifarm ssh NODE'
    fails_with 2 pifarm ssh 'n[1-2]' uname
    says "ssh takes one node; for many: pifarm run 'n[1-2]' -- COMMAND"
    fails_with 4 pifarm ssh n9
    says "no node 'n9'"
}

@test "run wants nodes, -- and a command" {
    fails_with 2 pifarm run
    says 'pifarm run NODE... -- COMMAND...'
    fails_with 2 pifarm run n1 uname
    says 'pifarm run NODE... -- COMMAND...'
    fails_with 2 pifarm run n1 --
    says 'pifarm run NODE... -- COMMAND...'
    fails_with 2 pifarm run -- uname
    says 'which nodes?'
    fails_with 4 pifarm run n1 n9 -- uname
    says "no node 'n9'"
}

@test "cp wants one place here and one on nodes" {
    fails_with 2 pifarm cp
    says 'pifarm cp SOURCE... TARGET'
    fails_with 2 pifarm cp farm.yaml
    says 'pifarm cp SOURCE... TARGET'
    fails_with 2 pifarm cp farm.yaml /tmp
    says 'write one as NODE:PATH'
    fails_with 2 pifarm cp n1:/etc/hosts n2:/tmp
    says 'both on nodes'
    fails_with 2 pifarm cp 'n[1-2]:/etc/hosts' .
    says 'one node at a time'
    fails_with 4 pifarm cp farm.yaml n9:/tmp
    says "no node 'n9'"
}

@test "console and show want nodes, and console one only" {
    fails_with 2 pifarm console
    says 'which nodes?'
    fails_with 2 pifarm console n1 n2
    says 'usage: pifarm console NODE'
    fails_with 2 pifarm console 'n[1-3]'
    says 'console takes one node, not 3'
    fails_with 2 pifarm show
    says 'which nodes?'
}

@test "log --follow wants one node" {
    fails_with 2 pifarm log --follow n1 n2
    says '--follow takes one node, not 2'
}

@test "none of them has started a daemon" {
    pifarm ssh n9 || true
    pifarm console 'n[1-3]' || true
    pifarm log --follow n1 n2 || true
    [ -z "$(ls -A "$PIFARM_RUNTIME_DIR")" ]
}
