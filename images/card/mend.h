// SPDX-License-Identifier: MIT
// What a power cut leaves on a card, put right as the node itself would at its next boot.
#pragma once

#include "images/card/card.h"

/* Where a file system was not shut down cleanly: e2fsck on the root (journal replayed), fsck.vfat
 * on the boot partition; clean ones are not touched. CONFIG when one is damaged beyond what these
 * mend by themselves. card: writable. */
gboolean pif_card_mend(PifCard *card, GError **error);
