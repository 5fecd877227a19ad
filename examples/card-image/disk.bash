# SPDX-License-Identifier: MIT
# The disk of a card: an MBR, a FAT32 with the boot files and an ext4 with the system, without a mount or a loop device.
# shellcheck shell=bash

boot_start_mib=4
# Known to e2fsck and debugfs of Debian 12 and later.
ext4_features=none,has_journal,ext_attr,resize_inode,dir_index,filetype,extent,64bit,flex_bg,sparse_super,large_file
ext4_features+=,huge_file,dir_nlink,extra_isize,metadata_csum

# disk_partition IMAGE SIZE_MIB BOOT_MIB DISK_ID (8 hex digits): an empty disk, partitioned as RaspiOS does it.
disk_partition() {
    local image=$1 size_mib=$2 boot_mib=$3 disk_id=$4
    truncate -s "${size_mib}M" "$image"
    sfdisk --quiet "$image" <<END
label: dos
label-id: 0x$disk_id
start=${boot_start_mib}MiB, size=${boot_mib}MiB, type=c
start=$((boot_start_mib + boot_mib))MiB, type=83
END
}

# disk_write_bootfs IMAGE BOOT_MIB DISK_ID DIRECTORY: the FAT32, with the files of DIRECTORY. Small clusters on a small
# one: below 65525 clusters a FAT is no FAT32, whatever its label says.
disk_write_bootfs() {
    local image=$1 boot_mib=$2 disk_id=$3 directory=$4 sectors_per_cluster=1
    [ "$boot_mib" -lt 256 ] || sectors_per_cluster=4
    mkfs.vfat -F 32 -s "$sectors_per_cluster" -n bootfs -i "$disk_id" --offset $((boot_start_mib * 2048)) \
        -h $((boot_start_mib * 2048)) "$image" $((boot_mib * 1024)) >/dev/null 2>&1
    mcopy -i "$image@@${boot_start_mib}M" -s -m "$directory"/* ::
}

# disk_write_rootfs IMAGE SIZE_MIB BOOT_MIB UUID DIRECTORY: the ext4, with the tree in DIRECTORY.
disk_write_rootfs() {
    local image=$1 size_mib=$2 boot_mib=$3 uuid=$4 directory=$5
    local offset_mib=$((boot_start_mib + boot_mib)) journal_mib=32
    [ "$size_mib" -ge 1024 ] || journal_mib=4
    mke2fs -q -F -t ext4 -L rootfs -U "$uuid" -b 4096 -I 256 -O "$ext4_features" -J size=$journal_mib -m 1 \
        -E "hash_seed=$uuid,lazy_itable_init=0,lazy_journal_init=0,offset=$((offset_mib << 20))" \
        -d "$directory" "$image" $(((size_mib - offset_mib) * 256))
}
