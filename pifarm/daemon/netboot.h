// SPDX-License-Identifier: MIT
// The farm's netboot server, pifarm-netbootd: kept alive, and what it says taken down.
#pragma once

#include "pifarm/daemon/daemon.h"

#include <jansson.h>

typedef struct PifNetboot PifNetboot;

/* A node has a lease, that ends then (seconds since the epoch). */
typedef void (*PifLeaseFunc)(PifDaemon *daemon, const PifNode *node, gint64 expires_s);

/* Returns when it serves. BUSY when another server has its ports. */
PifNetboot *pif_netboot_start(PifDaemon *daemon, PifLeaseFunc on_lease, GError **error);
void pif_netboot_free(PifNetboot *netboot);

/* Leases that are not over: {"mac", "address", "expires_s", "node"}. Free with json_decref. */
json_t *pif_netboot_leases(PifDaemon *daemon, GError **error);
