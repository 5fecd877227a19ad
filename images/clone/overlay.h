// SPDX-License-Identifier: MIT
// A clone as it would be after a few changes, without changing it: a throw-away overlay on it.
#pragma once

#include "images/card/card.h"
#include "images/store/store.h"

typedef struct {
    char *path;    /* of the overlay, in the store's workplace: gone with it, however we end */
    PifCard *card; /* writable; file systems are clean. NULL after pif_overlay_close */
} PifOverlay;

/* BUSY when a machine has the clone open, CONFIG when the image under it was changed. */
gboolean pif_overlay_open(PifStore *store, const char *clone, PifOverlay *ret_overlay,
                          GError **error);
/* So that other programs may open it. */
gboolean pif_overlay_close(PifOverlay *overlay, GError **error);
void pif_overlay_clear(PifOverlay *overlay);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(PifOverlay, pif_overlay_clear)
