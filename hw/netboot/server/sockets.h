// SPDX-License-Identifier: MIT
// The sockets of all services of a server.
#pragma once

#include "hw/netboot/dhcp/dhcp-server.h"
#include "hw/netboot/server/interface.h"
#include "hw/netboot/server/serve-options.h"

/* -1: not open, because that service is not to be. */
typedef struct {
    PifDhcpSockets dhcp;
    int tftp;
    int http;
} PifServeSockets;

#define PIF_SERVE_NO_SOCKETS ((PifServeSockets){PIF_DHCP_NO_SOCKETS, -1, -1})

/* interface with an empty name: all of them. */
gboolean pif_serve_sockets_open(const PifServeOptions *options, const PifInterface *interface,
                                PifServeSockets *ret_sockets, GError **error);
void pif_serve_sockets_clear(PifServeSockets *sockets);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(PifServeSockets, pif_serve_sockets_clear)
