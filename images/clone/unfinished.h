// SPDX-License-Identifier: MIT
// A clone that is made beside another, and takes its place when all of it is there.
#pragma once

#include "images/store/store.h"

/* CLONE.new. Free it. */
char *pif_unfinished_path(const char *clone);
/* An empty file there, after what was there is gone: for its owner alone from the beginning, since
 * host keys and password hashes come into it. BUSY when a machine has the clone open. */
gboolean pif_unfinished_make(PifStore *store, const char *clone, GError **error);
/* It takes the clone's place if it is made and sound, or goes. */
gboolean pif_unfinished_finish(PifStore *store, const char *clone, gboolean is_made,
                               GError **error);

/* Removes what a killed process has left beside the clone. Wants the clone's lock held. */
gboolean pif_clone_remove_unfinished(PifStore *store, const char *clone, GError **error);
