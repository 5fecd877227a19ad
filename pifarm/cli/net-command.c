// SPDX-License-Identifier: MIT
// Into another network only a process with one thread gets: a `pifarm net exec` of its own.
#include "pifarm/cli/net-command.h"

#include "netsetup/rootless.h"

PifCommand *pif_net_command(const char *program, const PifFarm *farm)
{
    if (!pif_rootless_is_apart(farm->name))
        return pif_command_new(program, NULL);
    g_autofree char *own = pif_command_find_own("pifarm");
    return pif_command_new(own, "--file", farm->path, "net", "exec", "--", program, NULL);
}
