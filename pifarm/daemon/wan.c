// SPDX-License-Identifier: MIT
// Forwards over wan: QEMU listens for them, and would tell no more than that it cannot.
#include "pifarm/daemon/wan.h"

#include "netsetup/forward.h"

static const PifNodeForward *forward_at(const PifNode *node, guint i)
{
    return &g_array_index(node->forwards, PifNodeForward, i);
}

char **pif_wan_forwards(const PifNode *node)
{
    g_autoptr(GStrvBuilder) texts = g_strv_builder_new();
    for (guint i = 0; i < node->forwards->len; i++) {
        const PifNodeForward *forward = forward_at(node, i);
        g_autofree char *address = pif_ipv4_format(forward->address);
        g_autofree char *text =
            g_strdup_printf("%s:%s:%u-:%u", forward->protocol == PIF_PORT_UDP ? "udp" : "tcp",
                            address, forward->port, forward->node_port);
        if (forward->is_over_wan)
            g_strv_builder_add(texts, text);
    }
    return g_strv_builder_end(texts);
}

gboolean pif_wan_check_ports(const PifNode *node, GError **error)
{
    for (guint i = 0; i < node->forwards->len; i++) {
        const PifNodeForward *forward = forward_at(node, i);
        const PifForwardSpec spec = {
            .protocol = forward->protocol, .address = forward->address, .port = forward->port};
        if (forward->is_over_wan && !pif_forward_try(&spec, error))
            return FALSE;
    }
    return TRUE;
}
