// SPDX-License-Identifier: MIT
// pifarm ssh-config: what pifarm ssh knows, for every other program that speaks SSH.
#include "pifarm/cli/cli.h"
#include "pifarm/cli/ssh-args.h"

#include <stdio.h>

static void print_node(const PifFarm *farm, const PifNode *node)
{
    g_autoptr(GPtrArray) settings = pif_ssh_settings(farm, node);
    printf("\nHost %s %s.%s\n", node->name, node->name, farm->name);
    for (guint i = 0; i < settings->len; i++)
        printf("    %s\n", (char *)g_ptr_array_index(settings, i));
}

gboolean pif_cmd_ssh_config(PifCli *cli, int argc, char **argv, int *ret_status, GError **error)
{
    (void)ret_status;
    gboolean is_all = FALSE;
    const GOptionEntry entries[] = {
        {"all", 'a', 0, G_OPTION_ARG_NONE, &is_all, "every node of the farm", NULL},
        G_OPTION_ENTRY_NULL};
    const PifCliOptions spec = {
        pif_cli_find_command("ssh-config"), entries,
        "In the format of ssh_config(5), for ssh, scp, rsync, Ansible and the like: address, "
        "user,\n"
        "key and host keys of each node. Without NODE: all nodes. Example:\n"
        "\n"
        "  pifarm ssh-config > lab.conf\n"
        "  ssh -F lab.conf n1\n"
        "\n"
        "`Include` takes the file into ~/.ssh/config. Host keys are known once a node was on.",
        FALSE};
    if (!pif_cli_parse(&spec, &argc, &argv, error))
        return *error == NULL;
    g_autoptr(GPtrArray) nodes = pif_cli_select(cli, argv + 1, is_all, TRUE, error);
    if (!nodes)
        return FALSE;
    printf("# Farm %s, of %s: by pifarm ssh-config.\n", cli->farm->name, cli->farm->path);
    for (guint i = 0; i < nodes->len; i++)
        print_node(cli->farm, g_ptr_array_index(nodes, i));
    return TRUE;
}
