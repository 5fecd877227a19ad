// SPDX-License-Identifier: MIT
// The farm's network while nodes are on: bridge, address and name server, forwards.
#pragma once

#include "pifarm/daemon/daemon.h"

typedef struct PifNetwork PifNetwork;

PifNetwork *pif_network_new(PifDaemon *daemon);
/* Ends the servers and forwards; links stay. */
void pif_network_free(PifNetwork *network);

/* Makes what is not there yet. On failure everything is as before. */
gboolean pif_network_up(PifNetwork *network, GError **error);
/* Ends the servers and forwards, removes the links. */
gboolean pif_network_down(PifNetwork *network, GError **error);
/* After farm.yaml was read again: the names, addresses and forwards of the new farm. Does nothing
 * while the network is down. */
gboolean pif_network_reload(PifNetwork *network, GError **error);
