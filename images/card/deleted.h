// SPDX-License-Identifier: MIT
// What deleted files have left on a card: keys, and megabytes.
#pragma once

#include "images/card/card.h"

/* Fills the free blocks of the ext4 root with zeros, where they are not. The file system must be
 * clean. A card whose root is no ext4 stays as it is. */
gboolean pif_card_clear_deleted(PifCard *card, GError **error);
