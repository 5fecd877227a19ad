// SPDX-License-Identifier: MIT
// Which image is under a clone.
#pragma once

#include <glib.h>

/* SHA-256 of the image under the clone (from its backing file name); NULL when it was flattened and
 * needs none; CONFIG when it is not one of ours. */
gboolean pif_clone_base(const char *path, char **ret_sha256, GError **error);
