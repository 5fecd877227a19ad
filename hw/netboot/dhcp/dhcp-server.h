// SPDX-License-Identifier: MIT
// The DHCP server: requests in, answers out by frame or datagram, leases written down in between.
#pragma once

#include "hw/netboot/dhcp/dhcp-desk.h"
#include "hw/netboot/dhcp/dhcp-journal.h"
#include "hw/netboot/loop/loop.h"

/* The sockets it needs rights for; -1: not open. */
typedef struct {
    int udp;    /* requests, and answers to those who have an address */
    int boot;   /* port 4011 */
    int frames; /* answers to those who have none, and probes */
    int arp;    /* who has which address */
    int rivals; /* what other servers say */
} PifDhcpSockets;

#define PIF_DHCP_NO_SOCKETS ((PifDhcpSockets){-1, -1, -1, -1, -1})

gboolean pif_dhcp_listen(const char *interface, int interface_index, PifDhcpSockets *ret_sockets,
                         GError **error);
void pif_dhcp_sockets_clear(PifDhcpSockets *sockets);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(PifDhcpSockets, pif_dhcp_sockets_clear)

/* What is noticed besides requests and answers. */
typedef enum {
    PIF_DHCP_NOTICE_CONFLICT,     /* mac has address, which was to be offered */
    PIF_DHCP_NOTICE_RIVAL,        /* address is another DHCP server's */
    PIF_DHCP_NOTICE_KEEPS_ASKING, /* mac is offered address again and again */
} PifDhcpNoticeKind;

typedef struct {
    PifDhcpNoticeKind kind;
    uint32_t address;
    uint8_t mac[PIF_DHCP_MAC_SIZE];
} PifDhcpNotice;

typedef struct {
    PifDhcpConfig decide;    /* its strings outlive the server */
    PifDhcpPool *pool;       /* outlives the server */
    PifDhcpJournal *journal; /* may be NULL; outlives the server */
    int interface_index;
    uint8_t mac[PIF_DHCP_MAC_SIZE];
    bool probes; /* asks the network before it offers an address that is nobody's own */
    /* Whether a client may be served; see PifDhcpDeskConfig. NULL: all may. */
    bool (*ask)(const PifDhcpQuestion *question, gpointer data);
    int64_t ask_timeout_us;
    int64_t remember_us;
    /* Each request, with what became of it: what it was given is on the disk by now. */
    void (*on_event)(const PifDhcpReply *reply, gpointer data);
    void (*on_notice)(const PifDhcpNotice *notice, gpointer data);
    void (*on_failure)(const GError *error, gpointer data);
    gpointer data;
} PifDhcpServerConfig;

typedef struct PifDhcpServer PifDhcpServer;

/* Takes the sockets. */
PifDhcpServer *pif_dhcp_server_new(PifLoop *loop, const PifDhcpSockets *sockets,
                                   const PifDhcpServerConfig *config, GError **error);
void pif_dhcp_server_free(PifDhcpServer *server);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PifDhcpServer, pif_dhcp_server_free)

/* The answer to a question. */
void pif_dhcp_server_hear(PifDhcpServer *server, uint32_t id, const PifDhcpHearsay *hearsay);

/* That client fetches files. */
void pif_dhcp_server_note_progress(PifDhcpServer *server, const uint8_t *mac);
