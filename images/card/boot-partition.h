// SPDX-License-Identifier: MIT
// The FAT partition with the boot files: what is in it, and copies of that.
#pragma once

#include "images/card/card.h"
#include "images/card/config-txt.h"

/* Larger files are not copied out. */
enum { PIF_BOOT_FILE_MAX_SIZE = 512 * 1024 * 1024 };

typedef struct {
    const char *directory; /* gets the copies; the caller's */
    char *drive;           /* as mtools wants it: FILE@@OFFSET */
    char **paths;          /* all files, "overlays/README" */
} PifBootPartition;

/* The card must live longer. CONFIG when it has no FAT partition to boot from, or a damaged one. */
gboolean pif_boot_partition_open(const PifCard *card, const char *directory,
                                 PifBootPartition *ret_boot, GError **error);
void pif_boot_partition_clear(PifBootPartition *boot);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(PifBootPartition, pif_boot_partition_clear)

/* The copy gets a name of ours, so that what a guest calls its files decides nothing here. */
gboolean pif_boot_partition_copy(const PifBootPartition *boot, const char *path,
                                 const char *copy_name, char **ret_copy, GError **error);
/* The same, of at most 64 KiB, as text. */
gboolean pif_boot_partition_read_text(const PifBootPartition *boot, const char *path,
                                      const char *copy_name, char **ret_text, GError **error);
/* config.txt with what it includes. A card without one boots with the defaults: "". */
gboolean pif_boot_partition_read_config(PifBootPartition *boot, char **ret_text,
                                        PifConfigTxt **ret_config, GError **error);
/* A file that is a kernel for 64-bit ARM cores; else CONFIG with what it is instead. */
gboolean pif_boot_partition_copy_kernel(const PifBootPartition *boot, const char *path,
                                        char **ret_copy, GError **error);
