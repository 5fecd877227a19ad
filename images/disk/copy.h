// SPDX-License-Identifier: MIT
// A raw disk file copied as it lies: holes stay holes, and shared blocks where the file system can.
#pragma once

#include <glib.h>

/* Into the file at to_path, which is there; it then has that size, zeros behind the end. EXTERNAL
 * with what to do when the file system is full. */
gboolean pif_disk_copy(const char *from_path, const char *to_path, guint64 size, GError **error);
