// SPDX-License-Identifier: MIT
// An address by DHCP (RFC 2131, section 4.4), asked for once and not renewed.
#pragma once

#include "hw/netboot/dhcp/dhcp-message.h"

#include <glib.h>

enum { PIF_DHCP_CLIENT_DNS = 3 };

/* Addresses in host byte order; 0: not said. */
typedef struct {
    uint32_t address;
    uint32_t netmask;
    uint32_t router;
    uint32_t dns[PIF_DHCP_CLIENT_DNS];
    size_t n_dns;
} PifDhcpAnswer;

typedef enum { PIF_DHCP_SELECTING, PIF_DHCP_REQUESTING, PIF_DHCP_BOUND } PifDhcpClientState;

typedef struct {
    uint8_t mac[PIF_DHCP_MAC_SIZE];
    uint32_t xid;
    PifDhcpClientState state;
    uint32_t server;  /* whose offer we took */
    unsigned n_asked; /* requests for it so far */
    PifDhcpAnswer answer;
} PifDhcpClient;

/* The next message to send; size as of pif_dhcp_format(). An offer whose server has not confirmed
 * it after three requests is given up. Pure. */
size_t pif_dhcp_client_ask(PifDhcpClient *client, void *buffer, size_t size);
/* A message that has come; true when it was for us, and then there is something to ask, or the
 * state is PIF_DHCP_BOUND. Pure. */
bool pif_dhcp_client_take(PifDhcpClient *client, const void *bytes, size_t size);

/* Asks until it has an answer: TIMEOUT when there is none in that time. */
gboolean pif_dhcp_client_run(const char *interface, unsigned timeout_ms, PifDhcpAnswer *ret_answer,
                             GError **error);
