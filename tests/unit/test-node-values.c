// SPDX-License-Identifier: MIT
// {node} and such in texts, and the paths that such texts can have.
#include "images/card/node-values.h"
#include "images/card/template.h"

static const char node_env[] = "NODE=n1\nID=7\nADDRESS=10.77.0.17\nMAC=b8:27:eb:00:00:01\n"
                               "FARM=lab {id}\n";

typedef struct {
    const char *name; /* a sentence */
    const char *text;
    const char *expanded; /* NULL: stays as it is, and has no values in it */
    gboolean is_shared;   /* comes out alike on all nodes */
} Case;

static const Case cases[] = {
    {"each value is put in", "{node} {id} {address} {mac}", "n1 7 10.77.0.17 b8:27:eb:00:00:01"},
    {"what is put in is not looked at again", "{farm}", "lab {id}", TRUE},
    {"doubled braces are braces", "{{node}} {node} {{{id}}}", "{node} n1 {{id}}"},
    {"a value that is unknown stays", "{serial}{id}", "{serial}7"},
    {"variables of a shell and of systemd stay", "${node} ${NODE} $${id} {NODE}", NULL, TRUE},
    {"other braces stay", "{ node } {nod} {} {node awk '{print}' {{x}}", NULL, TRUE},
    {"no end is missed", "{id", NULL, TRUE},
    {"bytes that are no UTF-8 stay", "\xff{id}\xfe",
     "\xff"
     "7\xfe"},
    {"an empty text is one", "", NULL, TRUE},
};

static void check(gconstpointer data)
{
    const Case *row = data;
    g_autofree char *expanded = pif_node_values_expand(row->text, node_env);
    g_assert_cmpstr(expanded, ==, row->expanded ? row->expanded : row->text);
    g_assert_cmpint(pif_node_values_are_in(row->text), ==, row->expanded != NULL);
    g_assert_cmpint(pif_node_values_distinguish(row->text), ==, !row->is_shared);
}

static void paths_are_absolute_plain_and_not_our_own(void)
{
    static const char *const good[] = {"/etc/a.conf", "/a", "/etc/x/getty@tty1.service", "/..a/b"};
    static const char *const bad[] = {
        "",      "etc/a", "/etc/", "/etc//a", "/etc/../a", "/./a",   "/a b",
        "/a\nb", "/a\"",  "/",     "/etc/..", "/a;b",      "/<2>/a", "/etc/pifarm/node.env"};
    for (size_t i = 0; i < G_N_ELEMENTS(good); i++)
        g_assert_true(pif_template_is_path(good[i]));
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++)
        g_assert_false(pif_template_is_path(bad[i]));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = g_strconcat("/node-values/", cases[i].name, NULL);
        g_test_add_data_func(path, &cases[i], check);
    }
    g_test_add_func("/node-values/paths_are_absolute_plain_and_not_our_own",
                    paths_are_absolute_plain_and_not_our_own);
    return g_test_run();
}
