// SPDX-License-Identifier: MIT
// Sorted and merged ranges, searched by halving.
#include "images/card/ranges.h"

static gint compare_starts(gconstpointer a, gconstpointer b)
{
    guint64 one = ((const PifRange *)a)->start;
    guint64 two = ((const PifRange *)b)->start;
    return (one > two) - (one < two);
}

void pif_ranges_normalize(GArray *ranges)
{
    guint kept = 0;
    g_array_sort(ranges, compare_starts);
    for (guint i = 0; i < ranges->len; i++) {
        const PifRange *range = &g_array_index(ranges, PifRange, i);
        PifRange *last = kept ? &g_array_index(ranges, PifRange, kept - 1) : NULL;
        if (last && range->start <= last->end)
            last->end = MAX(last->end, range->end);
        else
            g_array_index(ranges, PifRange, kept++) = *range;
    }
    g_array_set_size(ranges, kept);
}

gboolean pif_ranges_touch(const GArray *ranges, guint64 start, guint64 end)
{
    guint low = 0;
    guint high = ranges->len;
    while (low < high) {
        guint middle = low + (high - low) / 2;
        if (g_array_index(ranges, PifRange, middle).end <= start)
            low = middle + 1;
        else
            high = middle;
    }
    return low < ranges->len && g_array_index(ranges, PifRange, low).start < end;
}
