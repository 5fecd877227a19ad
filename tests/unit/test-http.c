// SPDX-License-Identifier: MIT
// Header fields of HTTP requests: which part of a file, which version, since when.
#include "hw/netboot/http/http-headers.h"

#include <glib.h>

static void a_range_field_is_read_as_rfc_9110_has_it(void)
{
    static const struct {
        const char *field;
        uint64_t size;
        PifHttpRangeKind kind;
        uint64_t offset;
        uint64_t length;
    } rows[] = {
        {NULL, 1000, PIF_HTTP_WHOLE, 0, 0},
        {"bytes=0-0", 1000, PIF_HTTP_RANGE, 0, 1},
        {"bytes=0-499", 1000, PIF_HTTP_RANGE, 0, 500},
        {"Bytes=500-", 1000, PIF_HTTP_RANGE, 500, 500},
        {"bytes=-300", 1000, PIF_HTTP_RANGE, 700, 300},
        {"bytes=-3000", 1000, PIF_HTTP_RANGE, 0, 1000},
        {"bytes=900-99999999999999999999999", 1000, PIF_HTTP_RANGE, 900, 100},
        {"bytes= 10-19 ", 1000, PIF_HTTP_RANGE, 10, 10},
        {"bytes=1000-", 1000, PIF_HTTP_UNSATISFIABLE, 0, 0},
        {"bytes=99999999999999999999999-", 1000, PIF_HTTP_UNSATISFIABLE, 0, 0},
        {"bytes=-0", 1000, PIF_HTTP_UNSATISFIABLE, 0, 0},
        {"bytes=0-", 0, PIF_HTTP_UNSATISFIABLE, 0, 0},
        {"bytes=-5", 0, PIF_HTTP_UNSATISFIABLE, 0, 0},
        {"bytes=0-1,5-6", 1000, PIF_HTTP_WHOLE, 0, 0},
        {"bytes=0-1, 5000-", 1000, PIF_HTTP_WHOLE, 0, 0},
        {"bytes=4000-,5000-", 1000, PIF_HTTP_UNSATISFIABLE, 0, 0},
        {"bytes=", 1000, PIF_HTTP_WHOLE, 0, 0},
        {"bytes=-", 1000, PIF_HTTP_WHOLE, 0, 0},
        {"bytes=9-8", 1000, PIF_HTTP_WHOLE, 0, 0},
        {"bytes=1-2x", 1000, PIF_HTTP_WHOLE, 0, 0},
        {"bytes=1-2,", 1000, PIF_HTTP_WHOLE, 0, 0},
        {"bytes=1", 1000, PIF_HTTP_WHOLE, 0, 0},
        {"lines=1-2", 1000, PIF_HTTP_WHOLE, 0, 0},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        uint64_t offset = 0;
        uint64_t length = 0;
        g_test_message("%s of %" G_GUINT64_FORMAT, rows[i].field, rows[i].size);
        g_assert_cmpint(pif_http_range_parse(rows[i].field, rows[i].size, &offset, &length), ==,
                        rows[i].kind);
        g_assert_cmpuint(offset, ==, rows[i].offset);
        g_assert_cmpuint(length, ==, rows[i].length);
    }
}

static void a_tag_is_found_in_its_list(void)
{
    g_assert_true(pif_http_tag_is_in("\"a-1\"", "\"a-1\""));
    g_assert_true(pif_http_tag_is_in("W/\"a-1\"", "\"a-1\""));
    g_assert_true(pif_http_tag_is_in("\"x\", \"a-1\" ,\"y\"", "\"a-1\""));
    g_assert_true(pif_http_tag_is_in("*", "\"a-1\""));
    static const char *const others[] = {"",     "\"a-2\"",      "\"a-1", "a-1",
                                         "\"\"", "\"a-\",\"1\"", "W/"};
    for (size_t i = 0; i < G_N_ELEMENTS(others); i++)
        g_assert_false(pif_http_tag_is_in(others[i], "\"a-1\""));
}

static void dates_are_as_in_rfc_9110(void)
{
    char date[PIF_HTTP_DATE_SIZE];
    time_t time = 0;
    pif_http_date_format(784111777, date);
    g_assert_cmpstr(date, ==, "Sun, 06 Nov 1994 08:49:37 GMT");
    g_assert_true(pif_http_date_parse(date, &time));
    g_assert_cmpint(time, ==, 784111777);
    static const char *const bad[] = {"", "Sun, 06 Nov 1994 08:49:37",
                                      "Sun, 06 Nix 1994 08:49:37 GMT",
                                      "Sun, 06 Nov 1994 08:49:37 GMT+1", "784111777"};
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++)
        g_assert_false(pif_http_date_parse(bad[i], &time));
}

#define TEST(name) g_test_add_func("/http/" #name, name)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    TEST(a_range_field_is_read_as_rfc_9110_has_it);
    TEST(a_tag_is_found_in_its_list);
    TEST(dates_are_as_in_rfc_9110);
    return g_test_run();
}
