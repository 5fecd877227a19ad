// SPDX-License-Identifier: MIT
// The DHCP server: requests in, answers out by frame or datagram, leases written down in between.
#pragma once

#include "hw/netboot/dhcp/dhcp-desk.h"
#include "hw/netboot/dhcp/dhcp-journal.h"
#include "hw/netboot/loop/loop.h"

/* The two sockets it needs rights for; -1: not open. */
typedef struct {
    int udp;    /* requests, and answers to those who have an address */
    int frames; /* answers to those who have none */
} PifDhcpSockets;

typedef struct {
    PifDhcpConfig decide;    /* its strings outlive the server */
    PifDhcpPool *pool;       /* outlives the server */
    PifDhcpJournal *journal; /* may be NULL; outlives the server */
    int interface_index;
    uint8_t mac[PIF_DHCP_MAC_SIZE];
    /* Whether a client may be served; see PifDhcpDeskConfig. NULL: all may. */
    bool (*ask)(const PifDhcpQuestion *question, gpointer data);
    int64_t ask_timeout_us;
    int64_t remember_us;
    /* Each request, with what became of it: what it was given is on the disk by now. */
    void (*on_event)(const PifDhcpReply *reply, gpointer data);
    void (*on_failure)(const GError *error, gpointer data);
    gpointer data;
} PifDhcpServerConfig;

typedef struct PifDhcpServer PifDhcpServer;

gboolean pif_dhcp_listen(const char *interface, PifDhcpSockets *ret_sockets, GError **error);

/* Takes the sockets. */
PifDhcpServer *pif_dhcp_server_new(PifLoop *loop, const PifDhcpSockets *sockets,
                                   const PifDhcpServerConfig *config, GError **error);
void pif_dhcp_server_free(PifDhcpServer *server);

/* The answer to a question. */
void pif_dhcp_server_hear(PifDhcpServer *server, uint32_t id, const PifDhcpHearsay *hearsay);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PifDhcpServer, pif_dhcp_server_free)
