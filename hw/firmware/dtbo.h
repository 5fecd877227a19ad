// SPDX-License-Identifier: MIT
// Device tree overlays, put onto a tree as the firmware does it.
#pragma once

#include "hw/firmware/device-tree.h"

/* An overlay with its references to the base resolved, so that parameters may be set in it. base
 * gets phandles where the overlay refers to nodes without. CONFIG when it refers to what the base
 * has not. */
PifDeviceTree *pif_dtbo_open(PifDeviceTree *base, const void *blob, gsize size, GError **error);

/* Puts the opened overlay onto the base: first its fragments for one another, then the rest, then
 * the labels it exports. On failure (CONFIG) the base is as it was. */
gboolean pif_dtbo_merge(PifDeviceTree *base, const PifDeviceTree *overlay, GError **error);

/* What overlay_map.dtb says of an overlay on a board with a BCM2837, whose name there is bcm2835.
 * map may be NULL. *ret_name: the overlay to load instead, to be freed; *ret_remark: what there is
 * to say about it, or NULL. CONFIG: it is not to be loaded. */
gboolean pif_dtbo_map(const PifDeviceTree *map, const char *name, char **ret_name,
                      char **ret_remark, GError **error);
