// SPDX-License-Identifier: MIT
// Forwards compared, and as text.
#include "pifarm/model/forward.h"

#include "pifarm/model/farm.h"

#include <netinet/in.h>

char *pif_node_forward_format(const PifNodeForward *forward)
{
    g_autofree char *address = pif_ipv4_format(forward->address);
    gboolean is_local = forward->address == INADDR_LOOPBACK;
    return g_strdup_printf("%s%s%u:%s%u%s", is_local ? "" : address, is_local ? "" : ":",
                           forward->port, forward->is_over_wan ? "wan:" : "", forward->node_port,
                           forward->protocol == PIF_PORT_UDP ? "/udp" : "");
}

gboolean pif_node_forward_clashes(const PifNodeForward *a, const PifNodeForward *b)
{
    return a->protocol == b->protocol && a->port == b->port &&
           (a->address == b->address || a->address == INADDR_ANY || b->address == INADDR_ANY);
}

gboolean pif_node_forward_equal(const PifNodeForward *a, const PifNodeForward *b)
{
    return a->protocol == b->protocol && a->port == b->port && a->address == b->address &&
           a->is_over_wan == b->is_over_wan && a->node_port == b->node_port;
}
