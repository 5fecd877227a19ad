// SPDX-License-Identifier: MIT
// Parts of a disk. Pure.
#pragma once

#include <glib.h>

typedef struct {
    guint64 start; /* bytes */
    guint64 end;
} PifRange;

/* ranges: GArray of PifRange, in any order; afterwards sorted, and none touches the next. */
void pif_ranges_normalize(GArray *ranges);
/* Whether a range, of normalized ones, has a byte of [start, end). */
gboolean pif_ranges_touch(const GArray *ranges, guint64 start, guint64 end);
