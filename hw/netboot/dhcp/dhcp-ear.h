// SPDX-License-Identifier: MIT
// What is heard on the network besides requests: who has which address, and other DHCP servers.
#pragma once

#include "hw/netboot/dhcp/dhcp-arp.h"
#include "hw/netboot/loop/loop.h"

typedef struct {
    void (*on_arp)(const PifArpSender *sender, gpointer data);
    void (*on_rival)(uint32_t server, gpointer data);
    gpointer data;
} PifDhcpEarConfig;

typedef struct PifDhcpEar PifDhcpEar;

/* The sockets are the caller's and outlive it. */
PifDhcpEar *pif_dhcp_ear_new(PifLoop *loop, int arp, int rivals, const PifDhcpEarConfig *config,
                             GError **error);
void pif_dhcp_ear_free(PifDhcpEar *ear);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PifDhcpEar, pif_dhcp_ear_free)
