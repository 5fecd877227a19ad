// SPDX-License-Identifier: MIT
// A disk as it would be after a few changes, without changing it: a throw-away overlay on it.
#pragma once

#include "images/card/card.h"
#include "images/store/store.h"

typedef struct {
    char *path;    /* of the overlay, in the store's workplace: gone with it, however we end */
    PifCard *card; /* writable; file systems are clean. NULL after pif_overlay_close */
} PifOverlay;

typedef struct {
    gboolean is_in_use; /* a machine may have the disk open, and write to it */
    guint64 size;       /* bytes that the overlay has at least */
} PifOverlayOptions;

/* disk: a clone, or a raw image of the store. What the guest of a machine has not written yet is
 * missing. BUSY when a machine has it open (but is_in_use), CONFIG when the image under it was
 * changed. */
gboolean pif_overlay_open(PifStore *store, const char *disk, const PifOverlayOptions *options,
                          PifOverlay *ret_overlay, GError **error);
/* So that other programs may open it. */
gboolean pif_overlay_close(PifOverlay *overlay, GError **error);
void pif_overlay_clear(PifOverlay *overlay);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(PifOverlay, pif_overlay_clear)
