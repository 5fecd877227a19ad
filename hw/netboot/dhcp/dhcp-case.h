// SPDX-License-Identifier: MIT
// Between deciding and answering: a request and what has become of it so far.
#pragma once

#include "hw/netboot/dhcp/dhcp-decide.h"

typedef struct {
    const PifDhcpConfig *config;
    PifDhcpPool *pool;
    const PifDhcpMessage *message;
    const PifDhcpVerdict *verdict; /* may be NULL */
    int64_t now_s;
    PifDhcpReply *reply;
    PifDhcpDraft draft;
} PifDhcpCase;

/* An OFFER or ACK with an address, times, network and what to boot. */
void pif_dhcp_answer(PifDhcpCase *c, PifDhcpType type, uint32_t address);
/* An ACK without times and address (RFC 2131, section 4.3.5). */
void pif_dhcp_answer_inform(PifDhcpCase *c);
/* What to boot and nothing else. */
void pif_dhcp_answer_boot(PifDhcpCase *c, PifDhcpType type);
void pif_dhcp_answer_nak(PifDhcpCase *c);
