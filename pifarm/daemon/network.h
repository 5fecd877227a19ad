// SPDX-License-Identifier: MIT
// The farm's network while nodes are on: bridge, address and name server, forwards.
#pragma once

#include "pifarm/base/fd.h"
#include "pifarm/daemon/netboot.h"

typedef struct PifNetwork PifNetwork;

PifNetwork *pif_network_new(PifDaemon *daemon, PifLeaseFunc on_lease);
/* Ends the servers and forwards; links stay. */
void pif_network_free(PifNetwork *network);

/* Makes what is not there yet. On failure everything is as before. */
gboolean pif_network_up(PifNetwork *network, GError **error);
/* Ends the servers and forwards, removes the links. */
gboolean pif_network_down(PifNetwork *network, GError **error);
/* What a node's machine needs to be started: the name of its TAP, filters for it, and a lock that
 * keeps other farms from taking the name, to be closed when the machine has started. */
gboolean pif_network_open_port(PifNetwork *network, const PifNode *node, PifFd *ret_lock,
                               char **ret_tap, GError **error);
/* The name of the TAP that the node's access point is on; NULL when it has none. */
gboolean pif_network_find_wlan(PifNetwork *network, const PifNode *node, char **ret_tap,
                               GError **error);
/* The machine has started: its TAP is marked as the node's. */
gboolean pif_network_mark_port(PifNetwork *network, const PifNode *node, const char *tap,
                               GError **error);

/* After farm.yaml was read again: the names, addresses and forwards of the new farm. Does nothing
 * while the network is down. */
gboolean pif_network_reload(PifNetwork *network, GError **error);
