// SPDX-License-Identifier: MIT
// subuid(5) as it is read: who has IDs, and which are free.
#include "netsetup/rootless.h"

static void test_a_user_has_ids_by_name_or_by_number(void)
{
    static const char text[] = "alice:100000:65536\n1001:165536:65536\n";
    unsigned first = 0;
    g_assert_true(pif_subid_find(text, "alice", 1000, &first));
    g_assert_cmpuint(first, ==, 100000);
    g_assert_true(pif_subid_find(text, "bob", 1001, &first));
    g_assert_cmpuint(first, ==, 165536);
    g_assert_false(pif_subid_find(text, "carol", 1002, &first));
    g_assert_false(pif_subid_find(text, "ali", 1002, &first));
}

static void test_a_range_that_is_too_small_is_passed_over(void)
{
    unsigned first = 0;
    g_assert_false(pif_subid_find("alice:100000:65535\n", "alice", 1000, &first));
    g_assert_true(pif_subid_find("alice:1:10\nalice:200000:131072", "alice", 1000, &first));
    g_assert_cmpuint(first, ==, 200000);
}

static void test_lines_that_are_none_are_passed_over(void)
{
    static const char *const texts[] = {"",
                                        "alice",
                                        "alice:",
                                        "alice:x:65536",
                                        "alice:-1:65536",
                                        "::\n::",
                                        "alice:1:65536:",
                                        "alice:1:65536x",
                                        "# alice:1:65536\n",
                                        "alice:99999999999:65536"};
    unsigned first = 0;
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_assert_false(pif_subid_find(texts[i], "alice", 1000, &first));
        g_assert_cmpuint(pif_subid_find_free(texts[i]), ==, 100000);
    }
}

static void test_free_ids_are_behind_all_others(void)
{
    g_assert_cmpuint(pif_subid_find_free("a:100000:65536\nb:300000:65536\nc:1000:10\n"), ==,
                     365536);
    g_assert_cmpuint(pif_subid_find_free("a:4294967295:4294967295\n"), ==,
                     UINT32_MAX - PIF_SUBID_COUNT);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/rootless/a user has IDs by name or by number",
                    test_a_user_has_ids_by_name_or_by_number);
    g_test_add_func("/rootless/a range that is too small is passed over",
                    test_a_range_that_is_too_small_is_passed_over);
    g_test_add_func("/rootless/lines that are none are passed over",
                    test_lines_that_are_none_are_passed_over);
    g_test_add_func("/rootless/free IDs are behind all others",
                    test_free_ids_are_behind_all_others);
    return g_test_run();
}
