// SPDX-License-Identifier: MIT
// The parts of a disk whose bytes mean something, zeros too: its partitions less what their file
// systems count as free.
#pragma once

#include "images/card/disk-map.h"
#include "images/card/ranges.h"

/* Array of PifRange in order, disjoint. A partition whose file system we cannot tell, or that was
 * not shut down cleanly, counts as used in whole. Not in it: the partition table. */
GArray *pif_used_find(PifDiskMap *map, GError **error);

/* Array of PifRange, in order: the free parts of a FAT file system that is size bytes at start of
 * the disk; empty when it is none, or damaged. */
GArray *pif_fat_find_free(PifDiskMap *map, guint64 start, guint64 size, GError **error);
/* The same of an ext2, ext3 or ext4. */
GArray *pif_ext_find_free(PifDiskMap *map, guint64 start, guint64 size, GError **error);
