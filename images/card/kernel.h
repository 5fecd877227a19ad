// SPDX-License-Identifier: MIT
// Is a file a kernel that 64-bit ARM cores can start? Pure.
#pragma once

#include <glib.h>

/* As much of the beginning of the file as pif_kernel_check wants to see, if the file has it. */
enum { PIF_KERNEL_HEAD_SIZE = 16 * 1024 };

/* An arm64 Image (Documentation/arm64/booting.rst of Linux), or gzip around one, of which all is
 * there. Else CONFIG with what it is instead. */
gboolean pif_kernel_check(const guint8 *head, gsize head_size, guint64 file_size, GError **error);
