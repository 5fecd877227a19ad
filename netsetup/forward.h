// SPDX-License-Identifier: MIT
// Forwards: a port of this host that leads to a port of a node.
#pragma once

#include "netsetup/port.h"

typedef struct PifForward PifForward;

typedef struct {
    PifPortProtocol protocol;
    uint32_t address; /* of this host, host byte order; 0: all it has */
    uint16_t port;
    uint32_t target;
    uint16_t target_port;
    unsigned max_connections; /* at once. TCP: further ones wait in the backlog. UDP: who has been
                                 silent for longest is forgotten */
} PifForwardSpec;

/* Listens in the thread-default main context. TCP: joins each connection to the target, both
 * directions with half-close. UDP: what a client sends goes on from a socket of its own, and the
 * answers back to it, until neither has said anything for a minute.
 * Fails with BUSY when the port is taken, naming it and, where /proc tells, the process that has
 * it; with CONFIG when this host has no such address. */
PifForward *pif_forward_start(const PifForwardSpec *spec, GError **error);
void pif_forward_free(PifForward *forward);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PifForward, pif_forward_free)

/* Only tries whether pif_forward_start() could listen. */
gboolean pif_forward_try(const PifForwardSpec *spec, GError **error);
