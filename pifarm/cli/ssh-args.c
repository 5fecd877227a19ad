// SPDX-License-Identifier: MIT
// Options for OpenSSH's clients.
#include "pifarm/cli/ssh-args.h"

#include "pifarm/base/paths.h"

/* Whoever has a key may log in to the nodes that root turned on. */
static void add_known_hosts(PifCommand *command, const PifFarm *farm)
{
    g_autofree char *own = pif_paths_farm_dir(farm->name);
    g_autofree char *roots = pif_paths_roots_farm_dir(farm->name);
    if (roots)
        pif_command_add_format(command, "UserKnownHostsFile=\"%s/known_hosts\" \"%s/known_hosts\"",
                               own, roots);
    else
        pif_command_add_format(command, "UserKnownHostsFile=\"%s/known_hosts\"", own);
}

PifCommand *pif_ssh_command(const char *program, const PifFarm *farm, const PifNode *node)
{
    PifCommand *command =
        pif_command_new(program, "-o", "LogLevel=ERROR", "-o", "ConnectTimeout=10", "-o",
                        "StrictHostKeyChecking=yes", "-o", "GlobalKnownHostsFile=/dev/null", NULL);
    pif_command_add(command, "-o");
    add_known_hosts(command, farm);
    pif_command_add(command, "-o");
    pif_command_add_format(command, "HostKeyAlias=%s", node->name);
    if (node->image->enrol.ssh_identity) {
        pif_command_add(command, "-i");
        pif_command_add(command, node->image->enrol.ssh_identity);
    }
    return command;
}

char *pif_ssh_destination(const PifNode *node)
{
    g_autofree char *address = pif_ipv4_format(node->address);
    const char *user = node->image->enrol.user;
    return user ? g_strdup_printf("%s@%s", user, address) : g_strdup(address);
}
