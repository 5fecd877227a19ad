// SPDX-License-Identifier: MIT
// The blocks in which a card differs from an image.
#pragma once

#include "images/card/card.h"

/* Writes those of from into to, an overlay on the image (raw, open as base) at least as large.
 * Blocks of a qcow2 cluster's size. Does not sync. */
gboolean pif_differences_copy(const PifCard *from, int base, const PifCard *to, GError **error);
