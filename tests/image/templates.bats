#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Files with a node's own values in them: kept in the image, made on cards, taken back by a commit. Nothing boots.
load ../lib/common

setup_file() {
    PATH=$PATH:/usr/sbin
    export PATH PIFARM_STATE_DIR="$BATS_FILE_TMPDIR/state" PIFARM_RUNTIME_DIR="$BATS_FILE_TMPDIR/run"
    require 'root and /dev/fuse' test -w /dev/fuse -a "$(id -u)" -eq 0
    cd "$BATS_FILE_TMPDIR"
    make_base
    make_files
    cat >farm.yaml <<'END'
farm: lab
lan: { subnet: 10.78.0.0/24 }
images: { image: {} }
nodes:
  - { name: "n[1-3]", id: 1, image: image }
END
    mkdir -p "$PIFARM_STATE_DIR/farms/lab/cards"
    pifarm image import base.img --name base >/dev/null
    pifarm -v image prepare base --no-ssh --name image --copy all --expand own --unit app.service --firstboot first.sh >notes 2>&1 ||
        { cat notes && false; }
    make_node n1 1 image
    make_node n2 2 image
}

# A system with systemd, as far as a preparation looks at it.
make_base() {
    mkdir -p boot root/{bin,etc/ssh,usr/lib/systemd,boot/firmware}
    printf '\177ELF\2\1\1\1\1\1\1\1\1\1\1\1\3\1\267\0' >root/bin/sh
    printf '%s\n' root:x:0:0::/root:/bin/sh >root/etc/passwd
    printf '%s\n' root:x:0: shadow:x:42: >root/etc/group
    ln -s usr/lib root/lib
    touch root/usr/lib/systemd/systemd root/etc/hostname root/etc/machine-id
    echo console=ttyS1 >boot/cmdline.txt
    "$PIFARM_SOURCE/tests/lib/make-small-card" base.img boot root
}

make_files() {
    mkdir -p all/etc own/{etc,lib/new}
    # shellcheck disable=SC2016 # for shells on the node
    printf '#!/bin/sh\necho {farm}-{id} ${node}\n' >first.sh
    printf '[Service]\nExecStart=/bin/true {id}\n[Install]\nWantedBy=multi-user.target\n' >app.service
    echo 'for all {node}' >all/etc/plain
    echo 'name {node}, not {{node}}' >own/etc/app.conf
    echo 'for all' >own/etc/same
    printf '{id}\0' >own/etc/program
    echo 'at {address}' >own/lib/new/app.conf
    echo 'etc/app.conf root:shadow 0640' >own.permissions
}

# make_node NAME ID IMAGE: its card, as its first start would make it.
make_node() {
    jq -nc --arg store "$PIFARM_STATE_DIR/images" --arg image "$(hash_of "$3")" --arg clone "$(card "$1")" --arg name "$1" --arg id "$2" \
        '{store: $store, image: $image, clone: $clone, size: 0, hostname: $name,
          node_env: "NODE=\($name)\nID=\($id)\nADDRESS=10.78.0.1\($id)\nFARM=lab\n"}' | pifarm-card | tee answer
    grep -q is_new answer
}

card() {
    echo "$PIFARM_STATE_DIR/farms/lab/cards/$1.qcow2"
}

hash_of() {
    pifarm image list --json | jq -r --arg name "$1" '.images[] | select(.name == $name).path' | xargs -d '\n' basename -s .img
}

# describe DISK: the files that matter, mode, owner and content; and that the root is clean.
describe() {
    local file root
    qemu-img convert -O raw "$1" raw.img
    root="raw.img?offset=$((41 << 20))"
    e2fsck -fn "$root" >/dev/null 2>&1 || echo damaged
    for file in /etc/app.conf /etc/plain /etc/program /etc/same /etc/systemd/system/app.service /usr/lib/new/app.conf \
        /usr/lib/pifarm/firstboot.d/01-first.sh; do
        debugfs -R "stat $file" "$root" 2>/dev/null | awk -v file="$file" '/Mode:/ {mode = $6} /^User:/ {print file, mode, $2, $4}'
        debugfs -R "cat $file" "$root" 2>/dev/null | tr '\0' '\n'
    done
}

# change NODE REQUEST...: debugfs' requests on the root of its card.
change() {
    qemu-img convert -O raw "$(card "$1")" raw.img
    printf '%s\n' "${@:2}" | debugfs -w -f /dev/stdin "raw.img?offset=$((41 << 20))" >/dev/null 2>&1
    qemu-img convert -O qcow2 raw.img "$(card "$1")"
}

# files_of NAME ID: what describe is to say of that node.
files_of() {
    cat <<END
/etc/app.conf 0640 0 42
name $1, not {node}
/etc/plain 0644 0 0
for all {node}
/etc/program 0644 0 0
{id}
/etc/same 0644 0 0
for all
/etc/systemd/system/app.service 0644 0 0
[Service]
ExecStart=/bin/true $2
[Install]
WantedBy=multi-user.target
/usr/lib/new/app.conf 0644 0 0
at 10.78.0.1$2
/usr/lib/pifarm/firstboot.d/01-first.sh 0755 0 0
#!/bin/sh
echo lab-$2 \${node}
END
}

# What an image has of them.
files_of_all() {
    files_of x 0 | awk '/^\// {is_kept = /etc.(plain|program|same)/} is_kept'
}

setup() {
    cd "$BATS_FILE_TMPDIR"
}

@test "what has a node's values in it is not in the image, and -v says so" {
    diff <(describe "$PIFARM_STATE_DIR/images/$(hash_of image).img") <(files_of_all)
    grep '/usr/lib/new/app.conf is made on each node' notes
}

@test "each node has its own" {
    diff <(describe "$(card n1)") <(files_of n1 1)
    diff <(describe "$(card n2)") <(files_of n2 2)
    run -0 pifarm audit
}

@test "an image committed from a node has none of that node's, and its clones have theirs" {
    change n1 'rm /etc/same'
    run -0 pifarm clone commit n1 --name committed
    diff <(describe "$PIFARM_STATE_DIR/images/$(hash_of committed).img") <(files_of_all | sed '/etc.same/,+1d')
    make_node n3 3 committed
    diff <(describe "$(card n3)") <(files_of n3 3 | sed '/etc.same/,+1d')
}

@test "audit finds files of nodes on other nodes, and in images" {
    run -0 pifarm clone commit n2 --name kept --keep-identity
    rm -f "$(card n3)" && make_node n3 3 image
    echo 'name n2, not {node}' >other
    change n3 'rm /etc/app.conf' 'write other /etc/app.conf'
    run -1 pifarm audit --json
    [ "$(jq -r '.findings[] | "\(.problem)|\(.what)|\(.value[:13])|\(.nodes | join(" "))"' <<<"$output")" = \
        'shared|file of a template|/etc/app.conf|n2 n3' ] || { echo "$output" && false; }
    sed -i 's/{ image: {} }/{ image: {}, kept: {} }/; $a\  - { name: n9, id: 9, image: kept }' farm.yaml
    make_node n9 9 kept
    run -1 pifarm audit
    [[ $output =~ in\ the\ image\ +file\ of\ a\ template\ +/usr/lib/new/app.conf ]] || { echo "$output" && false; }
}

@test "what was written into such a file is not lost by a commit, which says where it goes" {
    make_node n4 4 image
    echo mine >mine
    change n4 'rm /etc/app.conf' 'write mine /etc/app.conf'
    sed -i '$a\  - { name: n4, id: 4, image: image }' farm.yaml
    fails_with 3 pifarm clone commit n4 --name changed
    says '/etc/app.conf was changed on the node'
    says '/etc/pifarm/templates/etc/app.conf'
}

@test "a later preparation replaces templates by files, and files by templates" {
    mkdir -p later/etc after/etc
    echo 'later {node}' >later/etc/same
    echo 'plain {node}' >after/etc/app.conf
    run -0 pifarm image prepare image --no-ssh --name second --expand later --copy after --firstboot first.sh
    make_node n5 5 second
    qemu-img convert -O raw "$(card n5)" raw.img
    root="raw.img?offset=$((41 << 20))"
    [ "$(debugfs -R 'cat /etc/app.conf' "$root" 2>/dev/null)" = 'plain {node}' ]
    [ "$(debugfs -R 'cat /etc/same' "$root" 2>/dev/null)" = 'later n5' ]
    [ "$(debugfs -R 'ls -p /usr/lib/pifarm/firstboot.d' "$root" 2>/dev/null | cut -d / -f 6 | grep -v '^\.')" = $'01-first.sh\n02-first.sh' ]
}

@test "a file that cannot be a template is refused, with the reason" {
    mkdir -p space/etc boots/boot/firmware large/etc
    echo '{node}' | tee 'space/etc/a b' >boots/boot/firmware/config.txt
    { echo '{node}'; head -c 70000 /dev/zero | tr '\0' x; } >large/etc/large
    fails_with 3 pifarm image prepare base --no-ssh --expand space
    says '/etc/a b has a node'
    fails_with 3 pifarm image prepare base --no-ssh --expand boots
    says 'is on the boot partition'
    fails_with 3 pifarm image prepare base --no-ssh --expand large
    says 'larger than 64 KiB'
}
