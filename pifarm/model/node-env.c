// SPDX-License-Identifier: MIT
// The node's side of farm.yaml, as its card has it.
#include "pifarm/model/node-env.h"

char *pif_node_format_env(const PifFarm *farm, const PifNode *node)
{
    g_autofree char *address = pif_ipv4_format(node->address);
    g_autofree char *mac = pif_mac_format(&node->mac);
    return g_strdup_printf("NODE=%s\n"
                           "ID=%u\n"
                           "ADDRESS=%s\n"
                           "MAC=%s\n"
                           "SERIAL=%08x\n"
                           "FARM=%s\n",
                           node->name, node->id, address, mac, node->serial, farm->name);
}
