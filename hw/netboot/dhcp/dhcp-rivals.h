// SPDX-License-Identifier: MIT
// Other DHCP servers on the network, each of which is worth a word now and then.
#pragma once

#include "hw/netboot/dhcp/dhcp-message.h"

enum { PIF_DHCP_MAX_RIVALS = 16, PIF_DHCP_RIVAL_AGAIN_S = 600 };

typedef struct {
    uint32_t address; /* 0: none */
    int64_t said_us;
} PifDhcpRival;

typedef struct {
    PifDhcpRival rows[PIF_DHCP_MAX_RIVALS];
} PifDhcpRivals;

/* Whether it has not been said for a while. */
bool pif_dhcp_rivals_is_news(PifDhcpRivals *rivals, uint32_t address, int64_t now_us);

/* Who sent an answer (a frame with IPv4 and UDP): the server that it names, else where it comes
 * from; 0 when it is no server's answer. */
uint32_t pif_dhcp_rival_parse(const void *frame, size_t size);

/* A DISCOVER of our own that asks others to answer all; size of the frame. */
size_t pif_dhcp_rival_format_probe(const uint8_t *from_mac, uint32_t xid, void *buffer,
                                   size_t room);
