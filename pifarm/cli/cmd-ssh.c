// SPDX-License-Identifier: MIT
// pifarm ssh: becomes an ssh to the node.
#include "pifarm/base/error.h"
#include "pifarm/cli/cli.h"
#include "pifarm/cli/ssh-args.h"

gboolean pif_cmd_ssh(PifCli *cli, int argc, char **argv, int *ret_status, GError **error)
{
    (void)ret_status;
    const PifCliOptions spec = {
        pif_cli_find_command("ssh"), NULL,
        "The user, key and host key are those of farm.yaml and of the node's card. The exit\n"
        "status is ssh's: the command's own, or 255.",
        TRUE};
    if (!pif_cli_parse(&spec, &argc, &argv, error))
        return *error == NULL;
    if (argc < 2)
        return pif_error_set(error, PIF_ERROR_USAGE,
                             "ssh to which node? pifarm ssh NODE [COMMAND...]");
    char *name[] = {argv[1], NULL};
    g_autoptr(GPtrArray) nodes = pif_cli_select(cli, name, FALSE, FALSE, error);
    if (!nodes)
        return FALSE;
    if (nodes->len != 1)
        return pif_error_set(error, PIF_ERROR_USAGE,
                             "ssh takes one node; for many: pifarm run '%s' -- COMMAND", argv[1]);
    if (!pif_ssh_prepare(cli->farm, error))
        return FALSE;
    const PifNode *node = g_ptr_array_index(nodes, 0);
    g_autoptr(PifCommand) command = pif_ssh_command("ssh", cli->farm, node);
    g_autofree char *destination = pif_ssh_destination(node);
    pif_command_add(command, destination);
    char **rest = argv + 2;
    if (rest[0] && g_str_equal(rest[0], "--"))
        rest++;
    pif_command_add_vector(command, (const char *const *)rest);
    return pif_command_exec(command, error);
}
