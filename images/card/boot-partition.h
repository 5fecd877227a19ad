// SPDX-License-Identifier: MIT
// The FAT partition with the boot files: what is in it, and copies of that.
#pragma once

#include "images/card/card.h"

/* Larger files are not copied out. */
enum { PIF_BOOT_FILE_MAX_SIZE = 512 * 1024 * 1024 };

typedef struct {
    const char *directory; /* gets the copies; the caller's */
    char *drive;           /* as mtools wants it: FILE@@OFFSET */
    char **paths;          /* all files, "overlays/README" */
    unsigned number;       /* of the partition, from 1 */
} PifBootPartition;

/* The card must live longer. CONFIG when it has no FAT partition to boot from, or a damaged one. */
gboolean pif_boot_partition_open(const PifCard *card, const char *directory,
                                 PifBootPartition *ret_boot, GError **error);
/* The same of this partition, which must be a FAT. */
gboolean pif_boot_partition_open_number(const PifCard *card, const char *directory, unsigned number,
                                        PifBootPartition *ret_boot, GError **error);
void pif_boot_partition_clear(PifBootPartition *boot);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(PifBootPartition, pif_boot_partition_clear)

/* The path as the FAT spells it, which knows no case; NULL: not there. */
const char *pif_boot_partition_find(const PifBootPartition *boot, const char *path);

/* The copy gets a name of ours, so that what a guest calls its files decides nothing here. */
gboolean pif_boot_partition_copy(const PifBootPartition *boot, const char *path,
                                 const char *copy_name, char **ret_copy, GError **error);
/* A file that is a kernel for 64-bit ARM cores; else CONFIG with what it is instead. */
gboolean pif_boot_partition_copy_kernel(const PifBootPartition *boot, const char *path,
                                        char **ret_copy, GError **error);
