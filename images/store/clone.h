// SPDX-License-Identifier: MIT
// Clones: qcow2 overlays on a store's image, one a node, made in milliseconds.
#pragma once

#include "images/store/store.h"

/* Makes path an overlay of image with a virtual size of the next power of two (at least size).
 * Copied from a pristine overlay that qemu-img made once per image and size; synced, and there
 * whole or not at all. EXISTS when path is there. Registers the user in the store. */
gboolean pif_clone_create(PifStore *store, const PifImage *image, const char *path, guint64 size,
                          GError **error);
/* Removes the clone and its registration. BUSY when a program (QEMU) has it locked; success when it
 * is not there. */
gboolean pif_clone_remove(PifStore *store, const char *path, GError **error);
/* The next power of two, as the SD card of raspi3b wants it. */
guint64 pif_clone_round_size(guint64 size);
