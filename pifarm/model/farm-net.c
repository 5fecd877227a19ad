// SPDX-License-Identifier: MIT
// From the lan and the nodes of farm.yaml to what netsetup is asked for.
#include "pifarm/model/farm-net.h"

static PifNetNode net_node(const PifNode *node)
{
    return (PifNetNode){
        .name = node->name,
        .id = node->id,
        .mac = node->mac.bytes,
        .address = node->address,
        .is_isolated = node->is_isolated,
        .has_wlan = node->has_wlan,
    };
}

static PifNetSpec net_spec(const PifFarm *farm, const PifNetNode *nodes)
{
    return (PifNetSpec){
        .farm = farm->name,
        .bridge = farm->lan.bridge,
        .address = farm->lan.host_address,
        .prefix_length = farm->lan.prefix_length,
        .mtu = farm->lan.mtu,
        .uplink = farm->lan.uplink,
        .vxlan = {farm->lan.vxlan.remote, farm->lan.vxlan.id, (uint16_t)farm->lan.vxlan.port},
        .nodes = nodes,
        .n_nodes = farm->nodes->len,
        .has_guard = farm->lan.has_guard,
        .has_nat = farm->lan.has_nat,
        .is_accepted = farm->lan.is_accepted,
    };
}

PifFarmNet *pif_farm_net_new(const PifFarm *farm)
{
    PifFarmNet *net = g_new0(PifFarmNet, 1);
    net->nodes = g_new0(PifNetNode, farm->nodes->len);
    for (guint i = 0; i < farm->nodes->len; i++)
        net->nodes[i] = net_node(g_ptr_array_index(farm->nodes, i));
    net->spec = net_spec(farm, net->nodes);
    return net;
}

void pif_farm_net_free(PifFarmNet *net)
{
    if (!net)
        return;
    g_free(net->nodes);
    g_free(net);
}
