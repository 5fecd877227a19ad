// SPDX-License-Identifier: MIT
// Where on a card its two partitions are: the FAT with the boot files and the Linux root.
#pragma once

#include <glib.h>

enum { PIF_CARD_PARTITIONS = 4 }; /* primary ones */

/* In bytes; size 0: the card has no such partition. */
typedef struct {
    guint64 boot_offset;
    guint64 boot_size;
    guint64 root_offset;
    guint64 root_size;
    unsigned boot_number; /* of the partition, from 1 */
    unsigned root_number;
    guint64 end;                              /* of the last partition */
    guint64 fat_offsets[PIF_CARD_PARTITIONS]; /* of those that are a FAT; else 0 */
} PifCardLayout;

enum { PIF_SECTOR_SIZE = 512 };

/* sector: the first of the disk. As the boot ROM does it: the first FAT among the four primary
 * partitions is the boot partition. The first of type 83 is the root. CONFIG when the
 * sector is no MBR, or a partition ends behind disk_size. */
gboolean pif_card_layout_parse(const guint8 sector[PIF_SECTOR_SIZE], guint64 disk_size,
                               PifCardLayout *ret_layout, GError **error);
/* The same of a raw disk file. */
gboolean pif_card_layout_read(const char *raw_path, PifCardLayout *ret_layout, GError **error);
