// SPDX-License-Identifier: MIT
// The files in which the boot partitions of two cards differ.
#pragma once

#include "images/card/card.h"
#include "images/card/ranges.h"

/* Adds PifFileChange*s. Partitions that are the same byte by byte are not looked into. written: as
 * for pif_card_diff. */
gboolean pif_boot_diff(const PifCard *before, const PifCard *after, const GArray *written,
                       GPtrArray *changes, GError **error);
