// SPDX-License-Identifier: MIT
// A farm's block in hosts(5): put in, replaced and taken out of files of all shapes.
#include "netsetup/hosts-file.h"

#define BLOCK "# pifarm: farm lab\n10.77.0.11 n1.lab n1\n# pifarm: end of farm lab\n"
#define OTHER "# pifarm: farm lab2\n10.78.0.11 n1.lab2 n1\n# pifarm: end of farm lab2\n"

static void a_block_goes_in_and_out(void)
{
    static const struct {
        const char *before;
        const char *with;
        const char *after;
    } cases[] = {
        {"", BLOCK, ""},
        {"127.0.0.1 a\n", "127.0.0.1 a\n" BLOCK, "127.0.0.1 a\n"},
        {"127.0.0.1 a", "127.0.0.1 a\n" BLOCK, "127.0.0.1 a\n"}, /* a line ends */
        {"x\n# pifarm: farm lab\nold\nold\n# pifarm: end of farm lab\ny", "x\n" BLOCK "y", "x\ny"},
        {OTHER, OTHER BLOCK, OTHER},
        {BLOCK OTHER, BLOCK OTHER, OTHER},
        /* marks that are not whole lines, or lack their other, are somebody's words */
        {"# pifarm: farm lab\nmine\n", "# pifarm: farm lab\nmine\n" BLOCK, NULL},
        {"x # pifarm: farm lab\n", "x # pifarm: farm lab\n" BLOCK, "x # pifarm: farm lab\n"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *with = pif_hosts_replace(cases[i].before, "lab", "10.77.0.11 n1.lab n1\n");
        g_assert_cmpstr(with, ==, cases[i].with);
        g_autofree char *after = pif_hosts_replace(with, "lab", NULL);
        if (cases[i].after)
            g_assert_cmpstr(after, ==, cases[i].after);
    }
}

static void each_node_has_a_line(void)
{
    static const PifNetNode nodes[] = {{.name = "n1", .address = 0x0a4d000b},
                                       {.name = "n2", .address = 0x0a4d000c}};
    const PifNetSpec spec = {.farm = "lab", .nodes = nodes, .n_nodes = G_N_ELEMENTS(nodes)};
    g_autofree char *lines = pif_hosts_format(&spec);
    g_assert_cmpstr(lines, ==, "10.77.0.11 n1.lab n1\n10.77.0.12 n2.lab n2\n");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/hosts-file/a block goes in and out", a_block_goes_in_and_out);
    g_test_add_func("/hosts-file/each node has a line", each_node_has_a_line);
    return g_test_run();
}
