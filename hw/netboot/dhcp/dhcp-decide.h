// SPDX-License-Identifier: MIT
// What a DHCP server answers: decided from a message, what it is told to serve, its leases and the
// time.
#pragma once

#include "hw/netboot/dhcp/dhcp-pool.h"

/* Addresses in host order; 0 or NULL: there is none. */
typedef struct {
    uint32_t server; /* our own address on that network */
    uint32_t netmask;
    uint32_t router;
    uint32_t dns;
    uint32_t tftp_server; /* default: server */
    const char *domain;
    const char *boot_file; /* for PXE clients that are no Pi */
    uint32_t lease_s;
    bool is_proxy; /* addresses come from another server: boot options only */
} PifDhcpConfig;

typedef enum {
    PIF_DHCP_TO_NOBODY,
    PIF_DHCP_TO_MAC,       /* a frame to chaddr: the client has no address yet */
    PIF_DHCP_TO_EVERYBODY, /* 255.255.255.255 */
    PIF_DHCP_TO_ADDRESS,   /* it has one */
    PIF_DHCP_TO_RELAY,     /* port 67 there */
} PifDhcpDestination;

/* Extra frames and a pause that some boot ROMs need. */
typedef struct {
    const char *name; /* "pi-3b", "pi-3b-plus", "pxe"; NULL: an ordinary client */
    bool is_pi;
    unsigned delay_ms;    /* before the answer */
    unsigned nudge_ms[2]; /* after the request: any frame to its MAC; 0: none */
} PifDhcpProfile;

typedef struct {
    uint8_t type; /* the request's, 0 when it was none */
    uint8_t answer;
    PifDhcpDestination destination;
    uint32_t address; /* where TO_ADDRESS and TO_RELAY go; else the client's new one */
    uint8_t mac[PIF_DHCP_MAC_SIZE];
    const PifDhcpProfile *profile;
    bool has_serial;
    uint32_t serial;
    const char *note; /* why there is no answer, or a NAK; may be NULL */
    size_t size;
    uint8_t bytes[1500];
} PifDhcpReply;

/* Which boot ROM it is; never NULL. */
const PifDhcpProfile *pif_dhcp_profile_of(const PifDhcpMessage *message);
/* A Pi 3's serial out of option 97. */
bool pif_dhcp_serial_of(const PifDhcpMessage *message, uint32_t *ret_serial);

/* Changes the leases as it decides: what is offered is promised. */
void pif_dhcp_decide(const PifDhcpConfig *config, PifDhcpPool *pool, const PifDhcpMessage *message,
                     int64_t now_s, PifDhcpReply *ret_reply);
