// SPDX-License-Identifier: MIT
// Ranges of a disk: merged, and found again.
#include "images/card/ranges.h"

static GArray *make(const PifRange *ranges, guint count)
{
    GArray *array = g_array_new(FALSE, FALSE, sizeof(PifRange));
    g_array_append_vals(array, ranges, count);
    pif_ranges_normalize(array);
    return array;
}

static void ranges_are_sorted_and_merged_where_they_meet(void)
{
    static const PifRange given[] = {{50, 60}, {0, 10}, {10, 20}, {52, 55}, {30, 40}, {35, 51}};
    g_autoptr(GArray) ranges = make(given, G_N_ELEMENTS(given));
    g_assert_cmpuint(ranges->len, ==, 2);
    g_assert_cmpuint(g_array_index(ranges, PifRange, 0).start, ==, 0);
    g_assert_cmpuint(g_array_index(ranges, PifRange, 0).end, ==, 20);
    g_assert_cmpuint(g_array_index(ranges, PifRange, 1).start, ==, 30);
    g_assert_cmpuint(g_array_index(ranges, PifRange, 1).end, ==, 60);
}

static void a_part_is_touched_when_it_shares_a_byte_with_a_range(void)
{
    static const PifRange given[] = {{10, 20}, {30, 40}, {100, 101}};
    g_autoptr(GArray) ranges = make(given, G_N_ELEMENTS(given));
    for (guint64 start = 0; start < 110; start++)
        for (guint64 end = start + 1; end < 111; end++) {
            gboolean expected =
                (start < 20 && end > 10) || (start < 40 && end > 30) || (start < 101 && end > 100);
            g_assert_cmpint(pif_ranges_touch(ranges, start, end), ==, expected);
        }
}

static void nothing_touches_no_ranges(void)
{
    g_autoptr(GArray) ranges = make(NULL, 0);
    g_assert_false(pif_ranges_touch(ranges, 0, G_MAXUINT64));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define TEST(name) g_test_add_func("/ranges/" #name, name)
    TEST(ranges_are_sorted_and_merged_where_they_meet);
    TEST(a_part_is_touched_when_it_shares_a_byte_with_a_range);
    TEST(nothing_touches_no_ranges);
    return g_test_run();
}
