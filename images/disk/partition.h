// SPDX-License-Identifier: MIT
// The partition table of a raw disk, and what file system each partition holds.
#pragma once

#include <glib.h>

typedef struct {
    unsigned number;
    guint64 start;    /* bytes */
    guint64 size;     /* bytes */
    guint8 type;      /* MBR type, 0x0c ...; 0 in a GPT */
    char *filesystem; /* "vfat", "ext4", ... or NULL */
    char *label;      /* or NULL */
} PifPartition;

void pif_partition_free(PifPartition *partition);

/* Array of PifPartition*, as the table says: extended ones left out, those beyond the end of the
 * disk listed too; empty when there is no table. *ret_table: "dos", "gpt" or NULL when there is
 * none.
 */
GPtrArray *pif_partitions_read(int fd, char **ret_table, GError **error);

/* Makes a partition of a raw disk file that long. Its beginning, its type and the disk's ID stay,
 * so its PARTUUID does too. */
gboolean pif_partition_resize(const char *path, unsigned number, guint64 size, GError **error);

/* PROTOCOL, with the reason, when the disk has no partitions or ends before they do. */
gboolean pif_partitions_check(int fd, guint64 disk_size, GError **error);
