// SPDX-License-Identifier: MIT
// A card whose last partition, the root, and its file system are made to reach to the card's end.
#pragma once

#include "images/card/card.h"

/* size: what the card is to have, bytes; the disk has at least that many. *ret_old_end: where the
 * partitions ended before. CONFIG when the last partition is no ext4 root, or a damaged one. */
gboolean pif_card_grow(const PifCard *card, guint64 size, guint64 *ret_old_end, GError **error);
