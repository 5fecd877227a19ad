// SPDX-License-Identifier: MIT
// An ext4 in a file of its own, made as small as it goes, or as large as the file.
#pragma once

#include <glib.h>

/* The file ends where the file system does, at a multiple of a MiB: its minimum and margin, but not
 * more than it had. What is free in it becomes holes. CONFIG when it is no ext4, or damaged beyond
 * what e2fsck mends by itself; the file is of no use then. */
gboolean pif_root_shrink(const char *path, guint64 margin, guint64 *ret_size, GError **error);

/* The file system becomes as large as the file. CONFIG as above. */
gboolean pif_root_grow(const char *path, GError **error);
