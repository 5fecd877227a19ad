// SPDX-License-Identifier: MIT
// What is in a card image: partitions, file systems, operating system, kernel, and whether it can
// boot here.
#pragma once

#include "images/disk/partition.h"

typedef struct {
    char *table;             /* "dos", "gpt" or NULL */
    GPtrArray *partitions;   /* PifPartition* */
    unsigned boot_partition; /* number of the FAT with the boot files; 0: none */
    unsigned root_partition; /* number of the ext4 root; 0: none */
    char *os_name;           /* PRETTY_NAME, or NULL */
    char *kernel;            /* "kernel8.img" */
    char *kernel_version;    /* "6.1.0-56-arm64", or NULL */
    char *initramfs;         /* or NULL; of several the names with commas between */
    char *device_tree;       /* or NULL */
    char *problem;           /* why a raspi3b cannot boot it, NULL when it can */
} PifInspection;

/* path: a raw disk file, or a clone that no node is running from (BUSY otherwise). Uses no
 * libguestfs appliance: libblkid, mtools and e2fsprogs, some tens of milliseconds. What is wrong
 * with the card is in `problem`, in the words that a start of a node would fail with; an error is
 * something else.
 */
gboolean pif_image_inspect(const char *path, PifInspection **ret_inspection, GError **error);
void pif_inspection_free(PifInspection *inspection);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PifInspection, pif_inspection_free)
