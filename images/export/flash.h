// SPDX-License-Identifier: MIT
// A disk written to a card, and read back from it.
#pragma once

#include "images/export/device.h"
#include "images/export/disk-map.h"
#include "pifarm/base/progress.h"

/* How many bytes of the card are written: all of the disk, or, on a smaller card, what fits of it
 * when its last partition ends there and nothing but zeros comes after. USAGE with what to do when
 * the card is too small. */
gboolean pif_flash_plan(PifDiskMap *map, const PifDevice *device, guint64 *ret_size,
                        GError **error);

/* Writes and syncs them, zeros too: the card has nothing left of what was on it. The partition
 * table comes last: a card that was taken out before the end has none. progress may be NULL, as
 * below; it counts the size. */
gboolean pif_flash_write(PifDiskMap *map, PifDevice *device, guint64 size, PifProgress *progress,
                         GError **error);

/* Compares all of them with what the card gives back, past all caches. PROTOCOL, with the place,
 * when it is something else. */
gboolean pif_flash_verify(PifDiskMap *map, PifDevice *device, guint64 size, PifProgress *progress,
                          GError **error);

/* Lets the kernel see the new partitions, if it wants to. */
void pif_flash_announce(const PifDevice *device);
