#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# ssh-config and net hosts as typed: what they print, and what they leave of a file of others'; no root.
load ../lib/common.bash

setup() {
    own_folders
    cd "$BATS_TEST_TMPDIR"
    unset PIFARM_FILE
    ssh-keygen -q -t ed25519 -N '' -f key
    cat >farm.yaml <<'END'
farm: lab
lan: { subnet: 10.98.7.0/24 }
images:
  keyed: { source: a.img, enrol: { user: pi, ssh-key: key.pub } }
  plain: { source: b.img }
nodes:
  - { name: n1, id: 1, image: keyed }
  - { name: n2, id: 2, image: plain }
END
}

@test "ssh-config has of a node what farm.yaml has, and where its host key is" {
    run -0 pifarm ssh-config
    [ "$output" = "# Farm lab, of $PWD/farm.yaml: by pifarm ssh-config.

Host n1 n1.lab
    HostName 10.98.7.11
    Port 22
    User pi
    IdentityFile \"$PWD/key\"
    HostKeyAlias n1
    UserKnownHostsFile \"$PIFARM_STATE_DIR/farms/lab/known_hosts\"
    GlobalKnownHostsFile /dev/null
    StrictHostKeyChecking yes

Host n2 n2.lab
    HostName 10.98.7.12
    Port 22
    HostKeyAlias n2
    UserKnownHostsFile \"$PIFARM_STATE_DIR/farms/lab/known_hosts\"
    GlobalKnownHostsFile /dev/null
    StrictHostKeyChecking yes" ]
}

@test "ssh reads it without complaint" {
    pifarm ssh-config >config
    run -0 --separate-stderr ssh -T -G -F config n1.lab
    [ -z "$stderr" ]
    says 'hostname 10.98.7.11'
    says 'hostkeyalias n1'
    says "identityfile $PWD/key"
}

@test "net hosts prints the names, and changes nothing" {
    run -0 pifarm net hosts
    [ "$output" = '10.98.7.11 n1.lab n1
10.98.7.12 n2.lab n2' ]
}

@test "net hosts --write is undone by --remove, to the byte" {
    printf '127.0.0.1 localhost\n# no farm\n' >hosts
    chmod 640 hosts
    cp hosts before
    ln -s hosts link
    run -0 pifarm net hosts --write --into link
    [ "$(cat hosts)" = '127.0.0.1 localhost
# no farm
# pifarm: farm lab
10.98.7.11 n1.lab n1
10.98.7.12 n2.lab n2
# pifarm: end of farm lab' ]
    [ -L link ]
    [ "$(stat -c %a hosts)" = 640 ]
    echo '192.0.2.1 added-later' >>hosts
    run -0 pifarm net hosts --write --into hosts
    [ "$(grep -c 'n1.lab' hosts)" = 1 ]
    sed -i '/added-later/d' hosts
    run -0 pifarm net hosts --remove --into hosts
    cmp hosts before
    run -0 pifarm net hosts --remove --into hosts
    cmp hosts before
}

@test "net hosts says what it cannot do" {
    fails_with 2 pifarm net hosts --write --remove
    mkdir folder
    fails_with 1 pifarm net hosts --write --into folder
    says "cannot read $PWD/folder: Is a directory"
    fails_with 4 pifarm net hosts --write --into nowhere/hosts
    says 'nowhere/hosts'
}
