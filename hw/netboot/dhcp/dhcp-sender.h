// SPDX-License-Identifier: MIT
// Answers to where they belong: frames for those who have no address yet, datagrams for the others.
#pragma once

#include "hw/netboot/dhcp/dhcp-decide.h"
#include "hw/netboot/loop/loop.h"

typedef struct PifDhcpSender PifDhcpSender;

/* The sockets are the caller's and outlive it. from: our address, in host order. */
PifDhcpSender *pif_dhcp_sender_new(PifLoop *loop, int udp, int frames, int interface_index,
                                   const uint8_t *mac, uint32_t from);
void pif_dhcp_sender_free(PifDhcpSender *sender);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PifDhcpSender, pif_dhcp_sender_free)

/* With the pause and the extra frames that its boot ROM needs. */
void pif_dhcp_sender_answer(PifDhcpSender *sender, const PifDhcpReply *reply);

/* Any frame, at once. */
void pif_dhcp_sender_send_frame(const PifDhcpSender *sender, const uint8_t *bytes, size_t size);
