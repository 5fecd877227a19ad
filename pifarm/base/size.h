// SPDX-License-Identifier: MIT
// Sizes as people write them: 4GiB, 512MiB, 4GB.
#pragma once

#include <glib.h>

/* A whole number and a unit: KiB MiB GiB TiB, K M G T (the same, as qemu-img reads them), KB MB GB
 * TB (powers of ten), B or none (bytes). A space between is allowed. FALSE: not a size, or over
 * 2^63. */
gboolean pif_size_parse(const char *text, guint64 *ret_bytes);

/* "4GiB", "1536MiB": the largest binary unit that needs no fraction. Free it. */
char *pif_size_format(guint64 bytes);
