// SPDX-License-Identifier: MIT
// pifarm net hosts.
#include "netsetup/hosts-file.h"
#include "pifarm/cli/cmd-net.h"
#include "pifarm/model/farm-net.h"

#include <stdio.h>

gboolean pif_net_cmd_hosts(PifCli *cli, int argc, char **argv, int *ret_status, GError **error)
{
    (void)ret_status;
    gboolean must_write = FALSE, must_remove = FALSE;
    g_autofree char *path = NULL;
    const GOptionEntry entries[] = {
        {"write", 'w', 0, G_OPTION_ARG_NONE, &must_write, "put them into the file", NULL},
        {"remove", 'r', 0, G_OPTION_ARG_NONE, &must_remove, "take them out of it", NULL},
        {"into", 'i', 0, G_OPTION_ARG_FILENAME, &path, "another file than /etc/hosts", "FILE"},
        G_OPTION_ENTRY_NULL};
    static const char description[] =
        "Prints the nodes' names and addresses as hosts(5) has them. Where systemd-resolved runs,\n"
        "this host knows them without, as long as the farm is up. In the file they stand between\n"
        "two marks, and nothing else of it is changed.\n"
        "\n"
        "  sudo pifarm net hosts --write";
    if (!pif_net_parse(cli, entries, description, &argc, &argv, error))
        return FALSE;
    if (must_write && must_remove)
        return pif_error_set(error, PIF_ERROR_USAGE, "--write or --remove, not both");
    g_autoptr(PifFarmNet) net = pif_farm_net_new(cli->farm);
    g_autofree char *lines = pif_hosts_format(&net->spec);
    if (must_write || must_remove)
        return pif_hosts_write(path ? path : "/etc/hosts", cli->farm->name,
                               must_write ? lines : NULL, error);
    fputs(lines, stdout);
    return TRUE;
}
