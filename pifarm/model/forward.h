// SPDX-License-Identifier: MIT
// A port of this host that leads to a port of a node, as farm.yaml asks for it.
#pragma once

#include "netsetup/port.h"

typedef struct {
    PifPortProtocol protocol;
    uint32_t address;     /* of this host, host byte order; 0: all it has */
    uint16_t port;        /* of this host */
    gboolean is_over_wan; /* through the node's wan adapter, by its machine; else over the lan */
    uint16_t node_port;
} PifNodeForward;

/* As farm.yaml spells it: "8001:80", "0.0.0.0:8001:wan:53/udp". Free it. */
char *pif_node_forward_format(const PifNodeForward *forward);

/* Whether no two sockets can listen for both. */
gboolean pif_node_forward_clashes(const PifNodeForward *a, const PifNodeForward *b);
gboolean pif_node_forward_equal(const PifNodeForward *a, const PifNodeForward *b);
