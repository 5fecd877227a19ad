// SPDX-License-Identifier: MIT
// From a node of farm.yaml to the parts of its identity that are not made up.
#include "pifarm/model/node-identity.h"

#include "pifarm/model/node-env.h"

/* "{node}" in the template stands for the node's name. */
static char *expand_hostname(const PifNode *node)
{
    const char *template = node->image->enrol.hostname;
    GString *name = g_string_new(template ? template : "{node}");
    g_string_replace(name, "{node}", node->name, 0);
    return g_string_free(name, FALSE);
}

void pif_node_identity_init(const PifFarm *farm, const PifNode *node, PifNodeIdentity *ret_identity)
{
    g_autofree char *address = pif_ipv4_format(node->address);
    *ret_identity = (PifNodeIdentity){
        .hostname = expand_hostname(node),
        .node_env = pif_node_format_env(farm, node),
        .is_static = node->image->is_static,
        .address = g_strdup_printf("%s/%u", address, farm->lan.prefix_length),
        .gateway = pif_ipv4_format(farm->lan.host_address),
        .mac = pif_mac_format(&node->mac),
    };
    ret_identity->lan =
        (PifStaticAddress){ret_identity->address, ret_identity->gateway, ret_identity->mac};
}

void pif_node_identity_clear(PifNodeIdentity *identity)
{
    g_free(identity->hostname);
    g_free(identity->node_env);
    g_free(identity->address);
    g_free(identity->gateway);
    g_free(identity->mac);
}

PifIdentity pif_node_identity_get(const PifNodeIdentity *identity)
{
    return (PifIdentity){
        .hostname = identity->hostname,
        .node_env = identity->node_env,
        .address = identity->is_static ? &identity->lan : NULL,
    };
}
