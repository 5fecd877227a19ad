// SPDX-License-Identifier: MIT
// Words and sizes as people type them.
#include "pifarm/base/size.h"
#include "pifarm/base/suggest.h"

static void the_nearest_word_is_suggested(void)
{
    static const char *const words[] = {"memory", "name",   "id", "mac",
                                        "image",  "groups", "n1", NULL};
    static const struct {
        const char *word;
        const char *suggestion;
    } cases[] = {
        {"memry", "memory"},  {"memmory", "memory"}, {"mmeory", "memory"},
        {"imgae", "image"},   {"gruop", "groups"},   {"idd", "id"},
        {"nam", "name"},      {"console", NULL},     {"x", NULL},
        {"", NULL},           {"n2", NULL},          {"imagine", "image"},
        {"Memory", "memory"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
        g_assert_cmpstr(pif_suggest(cases[i].word, words), ==, cases[i].suggestion);
}

static void a_very_long_word_gets_no_suggestion(void)
{
    g_autofree char *word = g_strnfill(100000, 'a');
    g_assert_null(pif_suggest(word, (const char *const[]){"a", word, NULL}));
}

static void sizes_have_units(void)
{
    static const struct {
        const char *text;
        guint64 bytes;
    } cases[] = {
        {"4GiB", 4ULL << 30},   {"512MiB", 512ULL << 20},
        {"4GB", 4000000000ULL}, {"4 gib", 4ULL << 30},
        {"1T", 1ULL << 40},     {"0", 0},
        {"123", 123},           {"7B", 7},
        {"2K", 2048},           {"2KB", 2000},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        guint64 bytes = 1;
        g_assert_true(pif_size_parse(cases[i].text, &bytes));
        g_assert_cmpuint(bytes, ==, cases[i].bytes);
    }
}

static void what_is_no_size_is_refused(void)
{
    static const char *const texts[] = {"",
                                        "GiB",
                                        "-1",
                                        "+1",
                                        "4 big",
                                        "4.5G",
                                        "4GiBx",
                                        "0x10",
                                        "1e3",
                                        " 4G",
                                        "9000000T",
                                        "99999999999999999999",
                                        "18446744073709551615"};
    guint64 bytes;
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
        g_assert_false(pif_size_parse(texts[i], &bytes));
}

static void a_size_is_written_without_fractions(void)
{
    static const struct {
        guint64 bytes;
        const char *text;
    } cases[] = {
        {0, "0"}, {1, "1"}, {1536ULL << 20, "1536MiB"}, {4ULL << 30, "4GiB"}, {1000, "1000"}};
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text = pif_size_format(cases[i].bytes);
        g_assert_cmpstr(text, ==, cases[i].text);
    }
}

#define ADD(test) g_test_add_func("/text/" #test, test)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD(the_nearest_word_is_suggested);
    ADD(a_very_long_word_gets_no_suggestion);
    ADD(sizes_have_units);
    ADD(what_is_no_size_is_refused);
    ADD(a_size_is_written_without_fractions);
    return g_test_run();
}
