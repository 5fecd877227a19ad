// SPDX-License-Identifier: MIT
// From root to another user, for good.
#pragma once

#include <glib.h>

/* As root: makes folder the root of all paths (NULL: leaves it; "": an empty one that is gone) and
 * becomes that user. In any case no new rights from here on. */
gboolean pif_drop_root(const char *folder, const char *user, GError **error);
