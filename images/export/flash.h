// SPDX-License-Identifier: MIT
// A disk written to a card, and read back from it.
#pragma once

#include "images/card/disk-map.h"
#include "images/card/ranges.h"
#include "images/export/device.h"
#include "pifarm/base/progress.h"

/* What of a card is written, and read back. */
typedef struct {
    guint64 size;   /* bytes of the disk that are then on the card */
    GArray *ranges; /* PifRange, normalized: between them the card keeps what it had */
    guint64 bytes;  /* in these */
} PifFlashPlan;

void pif_flash_plan_clear(PifFlashPlan *plan);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(PifFlashPlan, pif_flash_plan_clear)

/* All of the disk, or, on a smaller card, what fits of it when its last partition ends there and
 * nothing but zeros comes after. Zeros count; but after the first whole bytes only where a file
 * system uses them. USAGE with what to do when the card is too small. */
gboolean pif_flash_plan(PifDiskMap *map, const PifDevice *device, guint64 whole,
                        PifFlashPlan *ret_plan, GError **error);

/* Writes and syncs it. The partition table comes last: a card that was taken out before the end has
 * none. progress may be NULL, as below; it counts the plan's bytes. */
gboolean pif_flash_write(PifDiskMap *map, PifDevice *device, const PifFlashPlan *plan,
                         PifProgress *progress, GError **error);

/* Compares all of it with what the card gives back, past all caches. PROTOCOL, with the place, when
 * it is something else. */
gboolean pif_flash_verify(PifDiskMap *map, PifDevice *device, const PifFlashPlan *plan,
                          PifProgress *progress, GError **error);

/* Lets the kernel see the new partitions, if it wants to. */
void pif_flash_announce(const PifDevice *device);
