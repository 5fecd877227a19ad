// SPDX-License-Identifier: MIT
// Port 4011: PXE clients that have an address, from whomever, ask there what to boot.
#pragma once

#include "hw/netboot/dhcp/dhcp-decide.h"
#include "hw/netboot/loop/loop.h"

typedef struct PifDhcpBootServer PifDhcpBootServer;

/* The socket is the caller's; it and the pool outlive the server. */
PifDhcpBootServer *
pif_dhcp_boot_server_new(PifLoop *loop, int fd, const PifDhcpConfig *config, PifDhcpPool *pool,
                         void (*on_event)(const PifDhcpReply *reply, gpointer data), gpointer data,
                         GError **error);
void pif_dhcp_boot_server_free(PifDhcpBootServer *server);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PifDhcpBootServer, pif_dhcp_boot_server_free)
