// SPDX-License-Identifier: MIT
// What farm.yaml leaves unsaid: MACs, serials, addresses and the bridge's name, all made from the
// farm's name and the node's ID so that they stay the same.
#pragma once

#include "pifarm/model/farm.h"

enum {
    PIF_NODE_ID_MAX = 200,
    PIF_NODE_ADDRESS_BASE = 10, /* node ID n at .(10+n) */
    PIF_NODE_SSH_PORT_BASE = 5700,
    PIF_VXLAN_ID_DEFAULT = 77,
    PIF_VXLAN_PORT_DEFAULT = 4789, /* RFC 7348, section 5 */
    PIF_SWITCH_ADDRESS_BASE = 2,   /* virtual switches from .2 */
    PIF_IMAGES_MAX = 200,
    PIF_GROUPS_MAX = 200,
    PIF_FORWARDS_MAX = 64, /* of a node */
    PIF_SWITCHES_MAX = 9,  /* to .10, below the first node */
    PIF_SWITCH_PORTS_DEFAULT = 16,
    PIF_SWITCH_PORTS_MAX = 64,
};

/* b8:27:eb (Raspberry Pi Foundation), two bytes from the farm's name, and one from both: for one
 * farm all IDs give different ones. */
PifMac pif_default_mac(const char *farm_name, unsigned id);
/* MACs of a node's other adapters, made from that of its lan: locally administered, so that Linux
 * does not call them eth..., and no two of a node alike. */
PifMac pif_wan_mac(const PifMac *lan);
PifMac pif_wlan_mac(const PifMac *lan);
/* Low 24 bits from the MAC, as on a Pi 3 (NETBOOT.md); the top byte from farm and ID. */
uint32_t pif_default_serial(const char *farm_name, unsigned id, const PifMac *mac);
/* "pf-lab"; of a long name the beginning and a hash, as the kernel allows 15 bytes. Free it. */
char *pif_default_bridge(const char *farm_name);
