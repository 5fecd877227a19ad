// SPDX-License-Identifier: MIT
// Files of a FAT file system, found and located without mounting it; read only.
#pragma once

#include "pifarm/base/fat-layout.h"

enum { PIF_FAT_TABLE_PIECE = 4096 };

/* Whatever its bytes are, nothing is read outside of it and nothing goes round for ever. */
typedef struct {
    int fd; /* the caller's */
    guint64 start;
    PifFatLayout layout;
    guint64 piece_offset; /* the piece of the table that was read last */
    gsize piece_size;
    guint8 piece[PIF_FAT_TABLE_PIECE];
} PifFat;

typedef struct {
    guint32 cluster; /* the first */
    guint32 size;
    gint64 modified_s; /* since 1970; FAT knows no time zone, it is taken as UTC */
    gboolean is_folder;
} PifFatEntry;

/* A run of the bytes of a file. */
typedef struct {
    guint64 offset; /* in fd */
    guint64 size;
} PifFatRun;

/* The file system that begins at start in fd, and has at most that size. PROTOCOL: it is none. */
gboolean pif_fat_open(PifFat *fat, int fd, guint64 start, guint64 size, GError **error);

/* A file or folder, by its long or its short name in any case (of ASCII letters); "" and "." are
 * no names. NOT_FOUND, or PROTOCOL where a folder is damaged. */
gboolean pif_fat_find(PifFat *fat, const char *path, PifFatEntry *ret_entry, GError **error);

/* The runs of a file, in order; as few as can be. PROTOCOL where its chain of clusters is damaged.
 * Free the array. */
gboolean pif_fat_locate(PifFat *fat, const PifFatEntry *file, GArray **ret_runs, GError **error);

/* For fat-folder.c: the cluster after that one, 0 at the end of its chain. */
gboolean pif_fat_next_cluster(PifFat *fat, guint32 cluster, guint32 *ret_next, GError **error);
gboolean pif_fat_is_cluster(const PifFat *fat, guint32 cluster);
guint64 pif_fat_cluster_offset(const PifFat *fat, guint32 cluster);
