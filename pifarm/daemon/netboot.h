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

/* One line of the server's: whose it is, and what it is about. Pure, for tests too. */
typedef struct {
    const PifNode *node; /* NULL: a stranger's */
    const char *service; /* "dhcp", "tftp"; belongs to json */
    const char *event;
} PifNetbootRecord;
gboolean pif_netboot_read(const PifFarm *farm, const json_t *json, PifNetbootRecord *ret_record);
