// SPDX-License-Identifier: MIT
// TCP forwards: a port of this host that leads to a port of a node.
#pragma once

#include <gio/gio.h>
#include <stdint.h>

typedef struct PifForward PifForward;

/* Listens on 127.0.0.1:listen_port in the thread-default main context and joins each connection to
 * target:target_port, both directions with half-close. At most max_connections at once (further
 * ones wait in the backlog). BUSY when the port is taken; the message names the port and, where
 * /proc tells, the process that has it. */
PifForward *pif_forward_start(uint16_t listen_port, uint32_t target, uint16_t target_port,
                              unsigned max_connections, GError **error);
void pif_forward_free(PifForward *forward);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PifForward, pif_forward_free)
