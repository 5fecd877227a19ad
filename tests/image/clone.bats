#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# pifarm clone on small cards: what comes of them, and that a killed command leaves nothing half done. Nothing boots.
load ../lib/common
load ../lib/store

ROUNDS=10

setup_file() {
    PATH=$PATH:/usr/sbin
    cd "$BATS_FILE_TMPDIR"
    mkdir -p boot root/etc/ssh root/var/lib/systemd
    echo arm_64bit=1 >boot/config.txt
    echo card >root/etc/hostname
    echo 0123456789abcdef0123456789abcdef >root/etc/machine-id
    echo kept >root/etc/ssh/sshd_config
    seq 100000 >root/numbers
    "$PIFARM_SOURCE/tests/lib/make-small-card" card.img boot root
    echo newer >root/newer
    "$PIFARM_SOURCE/tests/lib/make-small-card" newer.img boot root
}

setup() {
    own_folders
    cd "$BATS_TEST_TMPDIR"
    unset PIFARM_FILE
    require '/dev/fuse and root' test "$(id -u)" -eq 0 -a -e /dev/fuse
    PATH=$PATH:/usr/sbin
    cat >farm.yaml <<'END'
farm: clones
images: { card: {} }
nodes:
  - { name: "n[1-3]", id: 1, image: card }
END
    images=$PIFARM_STATE_DIR/images cards=$PIFARM_STATE_DIR/farms/clones/cards
    mkdir -p "$cards"
    pifarm image import "$BATS_FILE_TMPDIR/card.img" >/dev/null
    base=$(path_of card)
    make_node n1
    make_node n2
}

# make_node NODE: its card, as its first start would make it.
make_node() {
    "$PIFARM_BUILD/bin/pifarm-card" <<END
{"store": "$images", "image": "$(basename "$base" .img)", "clone": "$cards/$1.qcow2", "size": 134217728, "hostname": "$1",
 "node_env": "NODE=$1"}
END
}

# partition RAW NUMBER FILE: copies it out.
partition() {
    local start size
    read -r start size < <(sfdisk -J "$1" | jq -r ".partitiontable.partitions[$2 - 1] | \"\\(.start) \\(.size)\"")
    dd if="$1" of="$3" bs=512 skip="$start" count="$size" conv=sparse status=none
}

# has_clean_file_systems RAW
has_clean_file_systems() {
    partition "$1" 1 boot && fsck.vfat -n boot
    partition "$1" 2 root && e2fsck -fn root
}

# content CARD: a hash of what a node would see.
content() {
    qemu-img convert -O raw "$1" raw && sha256sum <raw
}

# with_card NODE COMMAND...: the command with the node's card as the raw file mnt, to write.
with_card() {
    local node=$1 pid
    shift
    : >mnt
    qemu-storage-daemon --daemonize --pidfile pid \
        --blockdev "driver=qcow2,node-name=card,file.driver=file,file.filename=$cards/$node.qcow2" \
        --export "type=fuse,id=card,node-name=card,mountpoint=$PWD/mnt,writable=on"
    pid=$(cat pid)
    "$@" >/dev/null 2>&1
    kill "$pid"
    tail --pid="$pid" -f /dev/null
}

# change_root NODE: what debugfs is told on standard input happens to its root.
change_root() {
    local start
    start=$(sfdisk -J "$BATS_FILE_TMPDIR/card.img" | jq '.partitiontable.partitions[1].start * 512')
    cat >script
    with_card "$1" debugfs -w -f script "mnt?offset=$start"
}

# write_into NODE TEXT: as a guest does, into the file /note.
write_into() {
    echo "$2" >note
    printf 'rm note\nwrite note note\n' | change_root "$1"
}

# diff_of NODE...: a line for each change.
diff_of() {
    pifarm clone diff "$@" --json | jq -r '.changes[] | "\(.change) \(.partition):\(.path) \(.old_size) \(.size)"'
}

@test "commit makes an image of what is on the card, of no node in particular" {
    write_into n1 hello
    key=$(strings "$cards/n1.qcow2" | grep -A 2 'BEGIN OPENSSH PRIVATE KEY' | tail -1)
    before=$(content "$cards/n1.qcow2")
    run -0 pifarm clone commit n1 --name gold
    image=$(path_of gold)
    [ "$output" = "gold  sha256:$(basename "$image" .img | cut -c 1-12)" ]
    [ "$(pifarm image list --json | jq -r '.images[] | select(.name == "gold").origin')" = 'committed from n1 of farm clones' ]
    has_clean_file_systems "$image"
    [ "$(debugfs -R 'cat /note' root 2>/dev/null)" = hello ]
    [ "$(debugfs -R 'cat /etc/hostname' root 2>/dev/null)" = n1 ]
    [ -z "$(debugfs -R 'cat /etc/machine-id' root 2>/dev/null)" ]
    run -0 debugfs -R 'ls -p /etc/ssh' root
    [[ $output == */sshd_config/* && $output != *ssh_host* ]]
    [ -n "$key" ]
    run -1 grep -c "$key" "$image" # nor in the blocks of the deleted file
    [ "$(content "$cards/n1.qcow2")" = "$before" ]
    cmp "$base" "$BATS_FILE_TMPDIR/card.img"
}

@test "commit --keep-identity makes an image of that very node" {
    run -0 pifarm clone commit n1 --name twin --keep-identity
    has_clean_file_systems "$(path_of twin)"
    debugfs -R 'cat /etc/ssh/ssh_host_ed25519_key.pub' root 2>/dev/null | cmp - "$cards/n1.qcow2.pub"
}

@test "commit after a power cut mends the new image, and leaves the card as it is" {
    # what Linux leaves when its power is cut: the flag "not shut down" in ext4 and FAT, and a journal not played back
    qemu-img convert -O raw "$cards/n1.qcow2" dirty
    start=$(sfdisk -J dirty | jq '.partitiontable.partitions[1].start * 512')
    head -c 1024 /dev/zero >block
    printf '%s\n' 'ssv state 0' jo "jw -b 20000 $PWD/block" jc | debugfs -w -f - "dirty?offset=$start"
    run -0 dumpe2fs -h "dirty?offset=$start"
    says needs_recovery
    start=$(sfdisk -J dirty | jq '.partitiontable.partitions[0].start * 512')
    printf '\x01' | dd of=dirty bs=1 seek=$((start + 65)) conv=notrunc status=none
    qemu-img convert -O qcow2 dirty "$cards/n3.qcow2"
    before=$(content "$cards/n3.qcow2")
    run -0 pifarm clone commit n3 --name mended
    has_clean_file_systems "$(path_of mended)"
    [ "$(content "$cards/n3.qcow2")" = "$before" ]
}

@test "commit refuses a name that is taken or none, several nodes, and a node without a card" {
    fails_with 5 pifarm clone commit n1 --name card
    says "there is an image 'card' already"
    fails_with 2 pifarm clone commit n1 --name ../card
    fails_with 2 pifarm clone commit n1
    fails_with 2 pifarm clone commit n1 n2 --name two
    fails_with 4 pifarm clone commit n3 --name three
    [ "$(pifarm image list --json | jq '.images | length')" -eq 1 ]
}

@test "a commit killed at any moment leaves whole images only, and the card as it was" {
    before=$(content "$cards/n1.qcow2")
    most=$(seconds pifarm clone commit n1 --name first)
    for round in $(seq "$ROUNDS"); do
        write_into n2 "round $round"
        killed_after "$most" pifarm clone commit n2 --name "round$round"
        gc_clears_all
        every_image_is_whole
        run -0 qemu-img check "$cards/n2.qcow2"
    done
    [ "$(content "$cards/n1.qcow2")" = "$before" ]
    run -0 pifarm clone commit n2 --name last
    has_clean_file_systems "$(path_of last)"
    [ "$(debugfs -R 'cat /note' root 2>/dev/null)" = "round $ROUNDS" ]
    [ -z "$(half_done)" ]
}

@test "rebase keeps what the node sees, on an image with other content" {
    pifarm image import "$BATS_FILE_TMPDIR/newer.img" >/dev/null
    write_into n1 hello
    before=$(content "$cards/n1.qcow2")
    run -0 pifarm clone rebase n1 --image newer
    [ -z "$output" ]
    [ "$(content "$cards/n1.qcow2")" = "$before" ]
    run -0 qemu-img check "$cards/n1.qcow2"
    [ "$(stat -c %a "$cards/n1.qcow2")" = 600 ]
    [ "$(pifarm clone list n1 --json | jq -r '.clones[0].image')" = newer ]
    fails_with 7 pifarm image rm newer
    says 'n1.qcow2; remove'
    run -0 pifarm clone rebase n2 --image newer
    run -0 pifarm image rm card # nobody needs it any more
}

@test "rebase on what was committed from the node leaves next to nothing on its card" {
    pifarm clone rebase n1 --image card
    write_into n1 "$(seq 100000)"
    before=$(content "$cards/n1.qcow2")
    pifarm clone commit n1 --name gold --keep-identity
    pifarm clone rebase n1 --image gold
    [ "$(content "$cards/n1.qcow2")" = "$before" ]
    [ "$(pifarm clone list n1 --json | jq '.clones[0].allocated')" -lt 1000000 ]
    [ "$(qemu-img map --output json "$cards/n1.qcow2" | jq '[.[] | select(.depth == 0 and .data) | .length] | add // 0')" -lt 500000 ]
}

@test "rebase refuses an image larger than the card, and one that is not there" {
    cp --sparse=always "$BATS_FILE_TMPDIR/card.img" large.img
    truncate -s 200M large.img
    pifarm image import large.img >/dev/null
    before=$(sha256sum "$cards/n1.qcow2")
    fails_with 3 pifarm clone rebase n1 --image large
    says 'n1.qcow2 has 128MiB, the image 200MiB'
    fails_with 4 pifarm clone rebase n1 --image nothing
    [ "$(sha256sum "$cards/n1.qcow2")" = "$before" ]
    run -0 pifarm image rm large
}

@test "flatten makes a card that needs no image; rebase puts it back on one" {
    write_into n1 hello
    before=$(content "$cards/n1.qcow2")
    run -0 pifarm clone flatten n1
    [ "$(content "$cards/n1.qcow2")" = "$before" ]
    [ "$(qemu-img info --output json "$cards/n1.qcow2" | jq '."backing-filename"')" = null ]
    [ "$(stat -c %a "$cards/n1.qcow2")" = 600 ]
    pifarm clone reset n2
    pifarm image rm card
    [ "$(content "$cards/n1.qcow2")" = "$before" ]
    [ "$(pifarm clone list n1 --json | jq '.clones[0].base')" = null ]
    pifarm clone commit n1 --name again
    pifarm clone flatten n1
    pifarm image import "$BATS_FILE_TMPDIR/card.img" >/dev/null
    pifarm clone rebase n1 --image card
    [ "$(content "$cards/n1.qcow2")" = "$before" ]
    [ "$(pifarm clone list n1 --json | jq '.clones[0].allocated')" -lt 3000000 ]
}

@test "a rebase killed at any moment leaves the card on one image or the other, and whole" {
    pifarm image import "$BATS_FILE_TMPDIR/newer.img" >/dev/null
    before=$(content "$cards/n1.qcow2")
    most=$(seconds pifarm clone rebase n1 --image newer)
    for round in $(seq "$ROUNDS"); do
        target=card
        [ "$(pifarm clone list n1 --json | jq -r '.clones[0].image')" = newer ] || target=newer
        killed_after "$most" pifarm clone rebase n1 --image "$target"
        gc_clears_all
        run -0 qemu-img check "$cards/n1.qcow2"
        [ "$(content "$cards/n1.qcow2")" = "$before" ]
        every_image_is_whole
        fails_with 7 pifarm image rm "$(pifarm clone list n1 --json | jq -r '.clones[0].image')"
    done
    pifarm clone rebase n1 n2 --image newer
    [ "$(content "$cards/n1.qcow2")" = "$before" ]
    [ -z "$(half_done)" ]
    pifarm image rm card
}

@test "a flatten killed at any moment leaves the card on its image or on none, and whole" {
    write_into n1 hello
    before=$(content "$cards/n1.qcow2")
    most=$(seconds pifarm clone flatten n1)
    for _ in $(seq "$ROUNDS"); do
        pifarm clone rebase n1 --image card
        killed_after "$most" pifarm clone flatten n1
        gc_clears_all
        run -0 qemu-img check "$cards/n1.qcow2"
        [ "$(content "$cards/n1.qcow2")" = "$before" ]
    done
}

@test "nothing is made of a card whose image was changed behind our back, nor put on such an image" {
    local command before
    pifarm image import "$BATS_FILE_TMPDIR/newer.img" >/dev/null
    before=$(sha256sum "$cards"/*)
    damage "$base"
    for command in 'commit n1 --name gold' 'rebase n1 --image newer' 'flatten n1' 'diff n1' 'diff n1 n2'; do
        # shellcheck disable=SC2086 # words
        fails_with 3 pifarm clone $command
        says "image 'card' was changed behind our back"
        says "pifarm image import $BATS_FILE_TMPDIR/card.img"
    done
    pifarm image import "$BATS_FILE_TMPDIR/card.img" >/dev/null
    damage "$(path_of newer)"
    fails_with 3 pifarm clone rebase n1 --image newer
    says "image 'newer' was changed behind our back"
    [ "$(sha256sum "$cards"/*)" = "$before" ]
    [ -z "$(half_done)" ]
    run -0 pifarm clone commit n1 --name gold
}

@test "diff of a new card shows its identity" {
    run -0 diff_of n1
    [ "$output" = "content root:/etc/hostname 5 3
added root:/etc/hosts null $(($(wc -c <<<$'127.0.0.1\tlocalhost') + 13))
content,mode root:/etc/machine-id 33 33
added root:/etc/pifarm null 0
added root:/etc/pifarm/node.env null 7
added root:/etc/ssh/ssh_host_ed25519_key null 387
added root:/etc/ssh/ssh_host_ed25519_key.pub null 84" ]
}

@test "diff of two cards tells apart files of the same size, time and place" {
    run -0 diff_of n1 n2
    [ "$(grep -c ^content <<<"$output")" -eq 6 ]
    [ "$(wc -l <<<"$output")" -eq 6 ]
    says 'content root:/etc/machine-id 33 33'
    pifarm clone flatten n1 # now nothing is known of what was written since
    [ "$(diff_of n1 n2)" = "$output" ]
    fails_with 4 pifarm clone diff n1
    says 'name a second node'
}

@test "diff shows every kind of change, and the way round that was asked for" {
    echo same >same
    change_root n2 <<'END'
write same changed
write same chmodded
write same chowned
write same removed
write same replaced
symlink link /same
mknod device c 1 3
write same untouched
END
    qemu-img convert -O qcow2 "$cards/n2.qcow2" "$cards/n3.qcow2"
    echo other >other
    change_root n3 <<'END'
rm changed
write other changed
sif chmodded mode 0100755
sif chowned uid 1000
rm removed
rm replaced
symlink replaced /same
rm link
symlink link /other
rm device
mknod device c 1 5
mkdir added
END
    start=$(sfdisk -J "$BATS_FILE_TMPDIR/card.img" | jq '.partitiontable.partitions[0].start * 512')
    with_card n3 mcopy -o -i "mnt@@$start" other ::config.txt
    with_card n3 mcopy -o -i "mnt@@$start" same ::new.txt
    run -0 diff_of n2 n3
    [ "$output" = "content boot:/config.txt 12 6
added boot:/new.txt null 5
added root:/added null 0
content root:/changed 5 6
mode root:/chmodded 5 5
owner root:/chowned 5 5
device root:/device 0 0
target root:/link 0 0
removed root:/removed 5 null
type root:/replaced 5 0" ]
    run -0 diff_of n3 n2
    says 'added root:/removed null 5'
    says 'removed boot:/new.txt 5 null'
}

@test "diff reads the card of a node that is on with --force only, and leaves its journal alone" {
    local pid
    write_into n1 hello
    expected=$(diff_of n1)
    qemu-storage-daemon --daemonize --pidfile pid \
        --blockdev "driver=qcow2,node-name=card,file.driver=file,file.filename=$cards/n1.qcow2"
    pid=$(cat pid)
    cleanup kill "$pid"
    fails_with 7 pifarm clone diff n1
    says 'n1.qcow2 is in use by another program'
    before=$(sha256sum "$cards/n1.qcow2")
    [ "$(diff_of --force n1)" = "$expected" ]
    run -0 diff_of --force n1 n2
    says 'removed root:/note 6 null'
    [ "$(sha256sum "$cards/n1.qcow2")" = "$before" ]
    [ "$(diff_of --force n2 | wc -l)" -eq "$(($(wc -l <<<"$expected") - 1))" ]
    [ -z "$(half_done)" ]
    local command
    for command in commit rebase flatten; do
        fails_with 2 pifarm clone "$command" n1 --force
    done
    fails_with 7 pifarm clone reset n1 --force # the farm has not started it: nobody can cut its power
}

@test "diff of a card whose file system is damaged says so" {
    start=$(sfdisk -J "$BATS_FILE_TMPDIR/card.img" | jq '.partitiontable.partitions[1].start * 512')
    with_card n1 dd if=/dev/urandom of=mnt bs=4096 seek=$((start / 4096 + 1)) count=200 conv=notrunc
    fails_with 3 pifarm clone diff n1
    says 'cannot compare the card of n1 with its image: cannot read '
    [[ $output != *'Unknown code'* ]]
    fails_with 2 pifarm clone diff n2 n2
    fails_with 2 pifarm clone diff n1 n2 n3
}
