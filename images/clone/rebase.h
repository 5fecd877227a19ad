// SPDX-License-Identifier: MIT
// A clone on another image, or on none, with the same content as before.
#pragma once

#include "images/store/store.h"

/* What the node sees stays as it is, byte for byte; the clone then holds what differs from image,
 * which may be the one it is on. Made beside the clone (<clone>.new) and put in its place whole.
 * CONFIG when the image's disk is larger than the clone's, or either image was changed, BUSY when a
 * machine has it open. */
gboolean pif_clone_rebase(PifStore *store, const char *clone, const PifImage *image,
                          GError **error);
/* The same without any image under it, so that none is needed. */
gboolean pif_clone_flatten(PifStore *store, const char *clone, GError **error);
