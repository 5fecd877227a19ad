// SPDX-License-Identifier: MIT
// What TCP and UDP do differently once there is a socket to listen with.
#pragma once

#include "netsetup/forward.h"

#include <gio/gio.h>

typedef struct {
    GSocketType type;
    gpointer (*start)(GSocket *listener, const PifForwardSpec *spec); /* takes the listener */
    void (*end)(gpointer forward);
} PifForwardKind;

extern const PifForwardKind pif_forward_tcp;
extern const PifForwardKind pif_forward_udp;

/* Address in host byte order. */
GSocketAddress *pif_ipv4_socket_address(uint32_t address, uint16_t port);
