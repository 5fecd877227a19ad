# SPDX-License-Identifier: MIT
# The flavour `standard`: Debian with systemd, udev and OpenSSH, which upgrades itself and its kernel with apt.
# shellcheck shell=bash disable=SC2154,SC2034 # build sets the variables they share

build_standard() {
    boot_mib=256 # room for two kernels and initramfs each, when one replaces the other

    note "installing packages, which takes minutes because the processor for them is emulated"
    standard_install
    note "settling the system"
    standard_settle
    mv "$tree/boot/firmware"/* "$bootfs"
    bootfs_write_settings "$bootfs" "$disk_id"
}

# Our own files go in before most packages, so that their installation finds them.
standard_install() {
    local packages options=()
    packages=$(sed 's/ *#.*//; /^$/d' "$recipes/standard/packages" | paste -sd,)
    grep '^Acquire' "$APT_CONFIG" >"$apt/fetch.conf"
    # The root of a user namespace may not mount a /sys; no package needs one.
    grep -q '4294967295$' /proc/self/uid_map || options+=(--skip=chroot/mount/sys)
    export recipes
    # shellcheck disable=SC2016 # mmdebstrap's shell expands it
    env -u APT_CONFIG mmdebstrap --quiet --mode=root --format=directory --architectures=arm64 --variant=apt \
        --include="$packages" --aptopt="$apt/fetch.conf" --dpkgopt=force-unsafe-io "${options[@]}" \
        --essential-hook='cp -rT "$recipes/standard/rootfs" "$1"' \
        --essential-hook='chmod 0440 "$1/etc/sudoers.d/010_pi-nopasswd"' \
        --essential-hook='chroot "$1" dpkg-divert --quiet --local --no-rename /etc/kernel/postinst.d/z50-raspi-firmware' \
        "$suite" "$tree" "$work/sources.list" >&2
}

standard_settle() {
    local name
    # Interfaces are eth0 and usb0, as on Raspberry Pi OS.
    for name in 99-default 73-usb-net-by-mac; do ln -s /dev/null "$tree/etc/systemd/network/$name.link"; done
    # Loaded at every start for whoever might want them, half a second each on an emulated board. What wants them still
    # gets them: the kernel loads loop and dm_mod when they are used.
    for name in dm_mod drm efi_pstore loop; do ln -s /dev/null "$tree/etc/systemd/system/modprobe@$name.service"; done
    chroot "$tree" systemctl --quiet enable systemd-networkd regenerate_ssh_host_keys
    # An upgrade is started by a person; a rack of nodes that all begin one after boot is no use to anybody.
    chroot "$tree" systemctl --quiet disable apt-daily.timer apt-daily-upgrade.timer e2scrub_reap.service
    chroot "$tree" useradd --uid 1000 --create-home --shell /bin/bash --password '*' \
        --groups adm,dialout,cdrom,sudo,audio,video,plugdev,users pi
    sed -i "s/@DISK_ID@/$disk_id/" "$tree/etc/fstab"
    sed "s/ \[arch=arm64 / [/" "$work/sources.list" >"$tree/etc/apt/sources.list"
    rm "$tree/etc/apt/apt.conf.d/99mmdebstrap"
    cp "$recipes/standard/rootfs/etc/hostname" "$recipes/standard/rootfs/etc/hosts" "$tree/etc/"
    # There is no clock with a battery: time begins when the image was made, until the network tells.
    : >"$tree/usr/lib/clock-epoch"
    # What is each node's own.
    rm -f "$tree"/etc/ssh/ssh_host_*_key* "$tree/var/lib/dbus/machine-id" "$tree/var/lib/systemd/random-seed"
    : >"$tree/etc/machine-id"
}
