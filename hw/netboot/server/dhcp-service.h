// SPDX-License-Identifier: MIT
// The DHCP server with all that it stands on: pool, leases on the disk, rules, whom it asks and
// tells.
#pragma once

#include "hw/netboot/dhcp/dhcp-server.h"
#include "hw/netboot/server/events.h"
#include "hw/netboot/server/interface.h"
#include "hw/netboot/server/serve-options.h"

typedef struct PifDhcpService PifDhcpService;

/* Takes the sockets; options and log outlive it. */
PifDhcpService *pif_dhcp_service_new(PifLoop *loop, const PifServeOptions *options,
                                     const PifInterface *interface, PifDhcpSockets *sockets,
                                     PifEventLog *log, GError **error);

/* The interface is another one now, with the same address: the server goes on there, with all its
 * leases. Takes the sockets. */
gboolean pif_dhcp_service_move(PifDhcpService *service, const PifInterface *interface,
                               PifDhcpSockets *sockets, GError **error);

void pif_dhcp_service_free(PifDhcpService *service);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PifDhcpService, pif_dhcp_service_free)

/* That client fetches files: it has heard our offer. */
void pif_dhcp_service_note_progress(PifDhcpService *service, const uint8_t *mac);

/* Who has that address, or NULL. */
const PifDhcpLease *pif_dhcp_service_find(const PifDhcpService *service, uint32_t address);
