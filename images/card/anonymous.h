// SPDX-License-Identifier: MIT
// A card that is to be many nodes' base: nothing on it says which node it was.
#pragma once

#include "images/card/card.h"

/* Empties machine-id, removes SSH host keys, random seeds, DUIDs and what else two computers must
 * not share (trait-file.c), and what we wrote of the node, files made of templates included (CONFIG
 * where one was changed since); the host name stays, for each clone gets its own. The file system
 * must be clean (CONFIG otherwise). */
gboolean pif_card_remove_identity(PifCard *card, GError **error);
