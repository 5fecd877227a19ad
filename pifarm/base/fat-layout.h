// SPDX-License-Identifier: MIT
// How a FAT file system is laid out: Microsoft, FAT32 File System Specification, 1.03.
#pragma once

#include <glib.h>

enum { PIF_FAT_SECTOR = 512, PIF_FAT_FIRST_CLUSTER = 2 };

/* In bytes, from the beginning of the file system. */
typedef struct {
    unsigned bits;        /* of an entry of the table: 12, 16 or 32 */
    guint64 table;        /* the first one */
    guint64 table_size;   /* with an entry for each cluster */
    guint64 root;         /* the root folder, unless bits is 32 */
    guint64 root_size;    /* 0 if bits is 32 */
    guint32 root_cluster; /* where it begins if bits is 32 */
    guint64 data;         /* cluster 2 */
    guint64 cluster_size;
    guint64 clusters; /* the last one has the number clusters + 1 */
} PifFatLayout;

/* From its first sector; size: what there is of the file system. FALSE when it is none, or does not
 * fit into that. */
gboolean pif_fat_layout_parse(const guint8 sector[PIF_FAT_SECTOR], guint64 size,
                              PifFatLayout *ret_layout);
