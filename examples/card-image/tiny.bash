# SPDX-License-Identifier: MIT
# The flavour `tiny`: Debian's kernel with busybox and dropbear around it, so that a test is at SSH within seconds.
# shellcheck shell=bash disable=SC2154 # build sets the variables they share

tiny_packages=(base-files busybox-static dropbear-bin libc6 libcrypt1 libgmp10 libtomcrypt1 libtommath1
    openssh-client openssh-sftp-server raspi-firmware zlib1g)

build_tiny() {
    local kernel_package version kernel=$work/tiny-kernel

    kernel_package=$(debian_kernel_package)
    note "fetching ${#tiny_packages[@]} packages and $kernel_package"
    debian_fetch "$apt" "${tiny_packages[@]}" "$kernel_package"
    mkdir "$kernel"
    debian_unpack "$apt" "$kernel_package" "$kernel"
    version=${kernel_package#linux-image-}
    depmod -b "$kernel" "$version"

    note "writing the system"
    tiny_write_system
    tiny_write_accounts
    tiny_copy_modules "$kernel" "$version" "$tree/usr" root
    note "writing the boot files"
    tiny_write_initramfs "$kernel" "$version"
    gzip -9nc "$kernel/boot/vmlinuz-$version" >"$bootfs/kernel8.img"
    bootfs_write_settings "$bootfs" "$disk_id"
    bootfs_write_device_trees "$bootfs" "$kernel/usr/lib/linux-image-$version/broadcom"
    debian_unpack "$apt" raspi-firmware "$kernel" './usr/lib/raspi-firmware/*'
    bootfs_write_firmware "$bootfs" "$kernel/usr/lib/raspi-firmware"
    rm -rf "$kernel"
}

# The programs with their libraries, and what is ours in rootfs/.
tiny_write_system() {
    local libraries='./usr/lib/aarch64-linux-gnu/lib*.so*' package directory
    mkdir -p "$tree"/usr/{bin,sbin,lib,share} "$tree"/{boot/firmware,dev,etc/ssh,home,proc,root,run,sys,tmp,var/log,var/lib}
    for directory in bin sbin lib; do ln -s "usr/$directory" "$tree/$directory"; done
    debian_unpack "$apt" base-files "$tree" ./usr/lib/os-release ./etc/debian_version ./etc/issue
    debian_unpack "$apt" busybox-static "$tree" ./bin/busybox
    # For ping and su; all else that it can do gives up root first. Its shell runs its own ping, whatever lies in PATH.
    chmod 4755 "$tree/usr/bin/busybox"
    debian_unpack "$apt" libc6 "$tree" './lib/ld-linux-*' './lib/aarch64-linux-gnu/ld-linux-*' \
        './lib/aarch64-linux-gnu/libc.so*'
    debian_unpack "$apt" libcrypt1 "$tree" './lib/aarch64-linux-gnu/libcrypt.so*'
    debian_unpack "$apt" zlib1g "$tree" './lib/aarch64-linux-gnu/libz.so*'
    for package in libgmp10 libtomcrypt1 libtommath1; do debian_unpack "$apt" "$package" "$tree" "$libraries"; done
    debian_unpack "$apt" dropbear-bin "$tree" './usr/bin/*' ./usr/sbin/dropbear
    debian_unpack "$apt" openssh-client "$tree" ./usr/bin/scp
    debian_unpack "$apt" openssh-sftp-server "$tree" ./usr/lib/sftp-server './usr/lib/openssh/*'
    ln -s dbclient "$tree/usr/bin/ssh"
    tiny_check_libraries "$tree" usr/sbin/dropbear usr/bin/{dbclient,dropbearconvert,dropbearkey,scp} \
        usr/lib/openssh/sftp-server
    tiny_link_busybox "$tree/usr"
    cp -r "$recipes"/tiny/rootfs/. "$tree"
    sed -i "s/@DISK_ID@/$disk_id/" "$tree/etc/fstab"
    sed -i 's/^PRETTY_NAME="\(.*\)"/PRETTY_NAME="\1 (pifarm tiny)"/' "$tree/usr/lib/os-release"
    printf 'VARIANT="pifarm tiny"\nVARIANT_ID=pifarm-tiny\n' >>"$tree/usr/lib/os-release"
    ln -s ../usr/lib/os-release "$tree/etc/os-release"
    ln -s /run/resolv.conf "$tree/etc/resolv.conf"
    : >"$tree/etc/machine-id"
    chmod 1777 "$tree/tmp"
}

# tiny_check_libraries ROOT PROGRAM...: a later release of Debian may need one that is not in the list above.
tiny_check_libraries() {
    local root=$1 program missing
    shift
    for program in "$@"; do
        missing=$(qemu-aarch64-static -L "$root" -E LD_TRACE_LOADED_OBJECTS=1 "$root/$program" | grep 'not found') || continue
        fail 1 "libraries missing for $program:" "$missing" "Add their packages to tiny.bash."
    done
}

# tiny_link_busybox DIRECTORY: one link for each of busybox's commands that is not there as a program.
tiny_link_busybox() {
    local applet
    qemu-aarch64-static "$1/bin/busybox" --list | while read -r applet; do
        case $applet in
            busybox | dpkg | dpkg-deb | rpm | rpm2cpio) continue ;; # no package database here
            init | halt | poweroff | reboot | modprobe | getty) ln -s ../bin/busybox "$1/sbin/$applet" ;;
        esac
        [ -e "$1/bin/$applet" ] || ln -s busybox "$1/bin/$applet"
    done
}

# root and pi, with passwords that nobody knows because there are none.
tiny_write_accounts() {
    printf '%s\n' root:x:0:0:root:/root:/bin/sh nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin \
        pi:x:1000:1000::/home/pi:/bin/sh >"$tree/etc/passwd"
    printf '%s\n' root:x:0: tty:x:5: disk:x:6: sudo:x:27:pi shadow:x:42: users:x:100:pi nogroup:x:65534: pi:x:1000: \
        >"$tree/etc/group"
    printf '%s:*:19000:0:99999:7:::\n' root nobody pi >"$tree/etc/shadow"
    printf '%s:!::\n' root tty disk sudo shadow users nogroup pi >"$tree/etc/gshadow"
    chown root:42 "$tree/etc/shadow" "$tree/etc/gshadow"
    chmod 0640 "$tree/etc/shadow" "$tree/etc/gshadow"
    chmod 0700 "$tree/root"
    mkdir -m 0755 "$tree/home/pi"
    chown 1000:1000 "$tree/home/pi"
}

# tiny_copy_modules KERNEL VERSION DESTINATION LIST: the modules of tiny/modules-LIST and what they need.
tiny_copy_modules() {
    local kernel=$1 version=$2 destination=$3 list=$4 module file
    grep -v '^#' "$recipes/tiny/modules-$list" | while read -r module; do
        modprobe -d "$kernel" -S "$version" --show-depends "$module" || fail 1 "the kernel has no module '$module'"
    done | sed -n 's/^insmod \([^ ]*\).*/\1/p' | sort -u | while read -r file; do
        module=lib/modules/${file#*/lib/modules/}
        mkdir -p "$destination/${module%/*}"
        cp "$kernel/$module" "$destination/$module"
    done
    cp "$kernel/lib/modules/$version"/modules.{builtin,builtin.modinfo,order} "$destination/lib/modules/$version/"
    depmod -b "$destination" "$version"
}

# tiny_write_initramfs KERNEL VERSION: finds the root file system and goes there, no more.
tiny_write_initramfs() {
    local initramfs=$work/tiny-initramfs
    mkdir -p "$initramfs"/{bin,dev,proc,root,sys}
    cp "$tree/usr/bin/busybox" "$initramfs/bin/busybox"
    ln -s bin "$initramfs/sbin"
    ln -s busybox "$initramfs/bin/sh"
    ln -s busybox "$initramfs/bin/modprobe"
    install -m 0755 "$recipes/tiny/initramfs-init" "$initramfs/init"
    tiny_copy_modules "$1" "$2" "$initramfs" initramfs
    find "$initramfs" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
    (cd "$initramfs" && find . | LC_ALL=C sort | cpio --quiet --reproducible -o -H newc -R 0:0) |
        zstd -q -19 >"$bootfs/initramfs8"
    rm -rf "$initramfs"
}
