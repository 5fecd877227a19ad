// SPDX-License-Identifier: MIT
// From the lan of farm.yaml to what netsetup is asked for.
#include "pifarm/model/farm-net.h"

PifNetSpec pif_farm_net_spec(const PifFarm *farm)
{
    return (PifNetSpec){
        .farm = farm->name,
        .bridge = farm->lan.bridge,
        .address = farm->lan.host_address,
        .prefix_length = farm->lan.prefix_length,
        .mtu = farm->lan.mtu,
        .uplink = farm->lan.uplink,
        .vxlan = {farm->lan.vxlan.remote, farm->lan.vxlan.id, (uint16_t)farm->lan.vxlan.port},
    };
}
