// SPDX-License-Identifier: MIT
// What of a farm is on this host now: for lists.
#pragma once

#include <glib.h>
#include <stdint.h>

typedef struct {
    const char *role; /* "bridge", "uplink", "vxlan", "node", "wlan", "fault", "port" (not ours, but
                         in the bridge) */
    char *name;
    char *node; /* roles "node" and "wlan": its name; else NULL */
    gboolean is_up;
    unsigned mtu;
    char *mac;
    char *addresses; /* "10.77.0.1/24 192.168.7.2/24"; "": none */
} PifNetEntry;

/* Array of PifNetEntry: the farm's bridge, its ports, and what else has its mark. Needs no root. */
GArray *pif_net_inventory(const char *farm, GError **error);
