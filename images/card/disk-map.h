// SPDX-License-Identifier: MIT
// Where the data of a raw image or of a node's card lies: read from there, past all layers.
#pragma once

#include <glib.h>

/* Zeros are looked for, and data is handed out, in whole grains of the disk. */
enum { PIF_DISK_GRAIN = 4096 };

/* As long as it lives no node can start from the card. */
typedef struct PifDiskMap PifDiskMap;

/* path: a raw disk file, or a clone. BUSY when QEMU has the clone open. */
gboolean pif_disk_map_open(const char *path, PifDiskMap **ret_map, GError **error);
void pif_disk_map_free(PifDiskMap *map);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PifDiskMap, pif_disk_map_free)

guint64 pif_disk_map_size(const PifDiskMap *map);
/* Bytes that are no holes: what pif_disk_map_visit has to read. */
guint64 pif_disk_map_data_size(const PifDiskMap *map);
/* Where the last byte that is no hole ends. */
guint64 pif_disk_map_data_end(const PifDiskMap *map);
/* The whole as a raw file, for other programs and for small reads. */
const char *pif_disk_map_raw_path(const PifDiskMap *map);

/* What is on the disk at position, holes as zeros. */
gboolean pif_disk_map_read(PifDiskMap *map, void *buffer, gsize size, guint64 position,
                           GError **error);

/* A run of grains that are not all zeros; size is at most PIF_DISK_BLOCK, and a multiple of the
 * grain but for the last of the disk. The bytes are aligned to the grain, as O_DIRECT wants it. */
typedef gboolean (*PifDiskVisit)(gpointer data, const guint8 *bytes, gsize size, guint64 position,
                                 GError **error);
/* Is told, now and then, how much of pif_disk_map_data_size has been visited. */
typedef void (*PifDiskDone)(gpointer data, guint64 bytes);

/* Visits all runs in order until one fails. done may be NULL. */
gboolean pif_disk_map_visit(PifDiskMap *map, PifDiskVisit visit, PifDiskDone done, gpointer data,
                            GError **error);
