#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# A recipe that ships, on a real system; what others' programs say of the image that it makes.
load ../lib/common

setup_file() {
    local image
    PATH=$PATH:/usr/sbin
    export PATH PIFARM_STATE_DIR="$BATS_FILE_TMPDIR/state" PIFARM_RUNTIME_DIR="$BATS_FILE_TMPDIR/run"
    cd "$BATS_FILE_TMPDIR"
    image=$("$PIFARM_SOURCE/examples/build-card-image" --flavour standard)
    pifarm image import "$image" --name standard
    ssh-keygen -q -t ed25519 -N '' -f key
    pifarm -v image prepare standard --recipe "$PIFARM_SOURCE/images/recipes/server.yaml" --name server \
        --hostname served --user ann --ssh-key key.pub >notes 2>&1
}

setup() {
    cd "$BATS_FILE_TMPDIR"
    IMAGE=$(pifarm image list --json | jq -r '.images[] | select(.name == "server") | .path')
    export LIBGUESTFS_BACKEND=direct LIBGUESTFS_BACKEND_SETTINGS=force_tcg
    use_cached_kernel
}

# The kernel that libguestfs' programs are to boot, where none is installed.
use_cached_kernel() {
    local folder version
    ls /boot/vmlinuz-* >/dev/null 2>&1 && return
    folder=$("$PIFARM_SOURCE/examples/appliance-kernel")
    version=$(basename "$folder"/lib/modules/*)
    export SUPERMIN_KERNEL=$folder/boot/vmlinuz-$version SUPERMIN_KERNEL_VERSION=$version
    export SUPERMIN_MODULES=$folder/lib/modules/$version
}

# part NUMBER FIELD: of the image's partition, in sectors.
part() {
    sfdisk --json "$IMAGE" | jq ".partitiontable.partitions[$(($1 - 1))].$2"
}

@test "-v says what was found and chosen" {
    grep -q 'the boot partition is /boot/firmware' notes
}

@test "both file systems are clean" {
    run -0 e2fsck -fn "$IMAGE?offset=$(($(part 2 start) * 512))"
    dd if="$IMAGE" of=fat bs=512 skip="$(part 1 start)" count="$(part 1 size)" status=none
    run -0 fsck.vfat -n fat
}

@test "virt-cat reads the host name and what the recipe copied" {
    run -0 virt-cat -a "$IMAGE" /etc/hostname /etc/ssh/sshd_config.d/10-keys-only.conf /etc/default/locale
    says served
    says 'PasswordAuthentication no'
    says 'LANG=C.UTF-8'
}

@test "virt-inspector knows the system" {
    run -0 virt-inspector --no-applications --no-icon -a "$IMAGE"
    says '<distro>debian</distro>'
    says '<hostname>served</hostname>'
    says '<arch>aarch64</arch>'
}

@test "the same recipe makes no second image, another one does" {
    export LIBGUESTFS_HV=/bin/false # an appliance would not start
    run -0 pifarm image prepare standard --recipe "$PIFARM_SOURCE/images/recipes/server.yaml" \
        --hostname served --user ann --ssh-key key.pub
    says "$(basename "$IMAGE" | cut -c 1-12)"
    cp -r "$PIFARM_SOURCE/images/recipes" changed
    echo >>changed/server/etc/ssh/sshd_config.d/10-keys-only.conf
    fails_with 1 pifarm image prepare standard --recipe changed/server.yaml --hostname served --user ann --ssh-key key.pub
    says "step 'launch'"
}
