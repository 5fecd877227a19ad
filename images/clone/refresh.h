// SPDX-License-Identifier: MIT
// A clone whose node is another now: by name, address or what else is written on its card.
#pragma once

#include "images/card/card.h"
#include "images/store/store.h"

/* Writes the identity, whose NULLs stay as they are, into a copy of the clone that takes its place:
 * killed at any moment, the card is the old one or the new one. A file system that was not shut
 * down cleanly is mended. Takes as long as copying what the clone has of its own. BUSY when a
 * machine has the clone open. Wants the clone's lock held. */
gboolean pif_clone_refresh(PifStore *store, const char *clone, const PifIdentity *identity,
                           GError **error);
