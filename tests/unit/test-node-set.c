// SPDX-License-Identifier: MIT
// Node sets on the command line, the ranges in them, and what a node is told of itself.
#include "pifarm/base/error.h"
#include "pifarm/model/farm.h"
#include "pifarm/model/node-env.h"
#include "pifarm/model/range.h"

#include <string.h>

static const char farm_text[] =
    "farm: lab\n"
    "images: { pi: }\n"
    "switches: { sw0: { virtual: true }, sw1: { virtual: true } }\n"
    "nodes:\n"
    "- { name: storage, id: 20, port: sw1/1, image: pi, group: all-ssd }\n"
    "- { name: 'n[1-6]', id: 1, port: 'sw0/[3-8]', image: pi, groups: [odd-and-even] }\n"
    "- { name: 'p[08-11]', id: 8, image: pi, groups: [padded, all-ssd] }\n";

static PifFarm *load(void)
{
    g_autoptr(GError) error = NULL;
    PifFarm *farm = pif_farm_parse("farm.yaml", farm_text, strlen(farm_text), &error);
    g_assert_no_error(error);
    return farm;
}

/* Arguments separated by spaces; the names picked, likewise, or the message. */
static char *select_nodes(const char *arguments, gboolean all, int *ret_code)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(PifFarm) farm = load();
    g_auto(GStrv) words = g_strsplit(arguments, " ", -1);
    g_autoptr(GPtrArray) nodes = pif_farm_select(farm, (const char *const *)words, all, &error);
    *ret_code = error ? error->code : 0;
    if (error)
        return g_strdup(error->message);
    g_autoptr(GString) out = g_string_new(NULL);
    for (unsigned i = 0; i < nodes->len; i++)
        g_string_append_printf(out, "%s%s", i ? " " : "",
                               ((const PifNode *)g_ptr_array_index(nodes, i))->name);
    return g_strdup(out->str);
}

static void arguments_pick_nodes_once_each_by_id(void)
{
    static const struct {
        const char *arguments;
        const char *picked;
    } cases[] = {
        {"n1", "n1"},
        {"3", "n3"},
        {"storage n2 n1 n2 1", "n1 n2 storage"},
        {"n[1-3]", "n1 n2 n3"},
        {"n[1,4-5]", "n1 n4 n5"},
        {"n1,n[3,5],20", "n1 n3 n5 storage"},
        {"p[08-10]", "p08 p09 p10"},
        {"[2-4]", "n2 n3 n4"},
        {"@padded", "p08 p09 p10 p11"},
        {"@all-ssd n1", "n1 p08 p09 p10 p11 storage"},
        {"sw0/[3-4]", "n1 n2"},
        {"sw1/1", "storage"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        int code;
        g_autofree char *picked = select_nodes(cases[i].arguments, FALSE, &code);
        g_assert_cmpstr(picked, ==, cases[i].picked);
        g_assert_cmpint(code, ==, 0);
    }
}

static void all_is_every_node_by_id(void)
{
    int code;
    g_autofree char *picked = select_nodes("", TRUE, &code);
    g_assert_cmpstr(picked, ==, "n1 n2 n3 n4 n5 n6 p08 p09 p10 p11 storage");
}

static void what_is_not_there_is_said_with_the_nearest(void)
{
    static const struct {
        const char *arguments;
        gboolean all;
        int code;
        const char *message;
    } cases[] = {
        {"stroage", FALSE, PIF_ERROR_NOT_FOUND,
         "farm 'lab' has no node 'stroage'; did you mean 'storage'?"},
        {"n[5-9]", FALSE, PIF_ERROR_NOT_FOUND,
         "farm 'lab' has no node 'n7'; `pifarm list` shows what it has"},
        {"21", FALSE, PIF_ERROR_NOT_FOUND,
         "farm 'lab' has no node '21'; `pifarm list` shows what it has"},
        {"@paded", FALSE, PIF_ERROR_NOT_FOUND,
         "farm 'lab' has no group '@paded'; did you mean '@padded'?"},
        {"sw0/1", FALSE, PIF_ERROR_NOT_FOUND,
         "farm 'lab' has no node on port 'sw0/1'; `pifarm list` shows what it has"},
        {"n[1-", FALSE, PIF_ERROR_USAGE, "'n[1-': '[' and ']' do not match"},
        {"", FALSE, PIF_ERROR_USAGE,
         "which nodes? n1, n[1-4], 3 (an ID), @group, sw0/[1-4] (ports), or --all"},
        {"n1", TRUE, PIF_ERROR_USAGE, "name nodes or say --all, not both"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        int code;
        g_autofree char *message = select_nodes(cases[i].arguments, cases[i].all, &code);
        g_assert_cmpstr(message, ==, cases[i].message);
        g_assert_cmpint(code, ==, cases[i].code);
    }
}

static void ranges_are_counted_out(void)
{
    static const struct {
        const char *pattern;
        const char *items;
    } cases[] = {
        {"n", "n"},
        {"n[1-4]", "n1 n2 n3 n4"},
        {"sw0/[9-11]", "sw0/9 sw0/10 sw0/11"},
        {"n[08-11]x", "n08x n09x n10x n11x"},
        {"n[0-1]", "n0 n1"},
        {"[3,1,2]", "3 1 2"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        const char *problem;
        g_auto(GStrv) items = pif_range_expand(cases[i].pattern, &problem);
        g_autofree char *joined = g_strjoinv(" ", items);
        g_assert_cmpstr(joined, ==, cases[i].items);
    }
}

static void wrong_ranges_are_refused(void)
{
    static const char *const patterns[] = {
        "n[",           "n]",     "n]1[",      "n[]",      "n[1-]",         "n[-1]",
        "n[1-2]x[1-2]", "n[4-1]", "n[1-257]",  "n[a-b]",   "n[1,]",         "n[,1]",
        "n[1-2-3]",     "n[1 2]", "n[100000]", "n[[1-2]]", "n[1-200,1-60]",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(patterns); i++) {
        const char *problem = NULL;
        g_assert_null(pif_range_expand(patterns[i], &problem));
        g_assert_nonnull(problem);
    }
}

/* Quotes would have to be read alike by a shell and by systemd: so there are none. */
static void a_node_is_told_what_it_is_in_lines_for_a_shell(void)
{
    g_autoptr(PifFarm) farm = load();
    const PifNode *node = pif_farm_find_node(farm, "p09");
    g_autofree char *mac = pif_mac_format(&node->mac);
    g_autofree char *address = pif_ipv4_format(node->address);
    g_autofree char *expected = g_strdup_printf(
        "NODE=p09\nID=9\nADDRESS=%s\nMAC=%s\nSERIAL=%08x\nFARM=lab\n", address, mac, node->serial);
    g_autofree char *text = pif_node_format_env(farm, node);
    g_assert_cmpstr(text, ==, expected);
    g_assert_true(g_regex_match_simple("\\A([A-Z]+=[a-z0-9:.-]+\n)+\\z", text, 0, 0));
}

#define ADD(test) g_test_add_func("/node-set/" #test, test)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD(arguments_pick_nodes_once_each_by_id);
    ADD(all_is_every_node_by_id);
    ADD(what_is_not_there_is_said_with_the_nearest);
    ADD(ranges_are_counted_out);
    ADD(wrong_ranges_are_refused);
    ADD(a_node_is_told_what_it_is_in_lines_for_a_shell);
    return g_test_run();
}
