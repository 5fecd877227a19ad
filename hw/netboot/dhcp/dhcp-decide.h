// SPDX-License-Identifier: MIT
// What a DHCP server answers: decided from a message, what it is told to serve, its leases and the
// time.
#pragma once

#include "hw/netboot/dhcp/dhcp-access.h"
#include "hw/netboot/dhcp/dhcp-hosts.h"
#include "hw/netboot/dhcp/dhcp-option.h"
#include "hw/netboot/dhcp/dhcp-pool.h"

/* What PXE clients of an architecture boot (RFC 4578, section 2.1). */
typedef struct {
    uint16_t arch;
    const char *file;
} PifDhcpBootFile;

/* Addresses in host order; 0 or NULL: there is none. */
typedef struct {
    uint32_t server; /* our own address on that network */
    uint32_t netmask;
    uint32_t router;
    uint32_t dns;
    uint32_t tftp_server; /* default: server */
    const char *domain;
    const char *boot_file; /* for PXE clients that are no Pi, and of no architecture named below */
    const PifDhcpBootFile *boot_files;
    unsigned n_boot_files;
    const PifDhcpOption *options;
    unsigned n_options;
    const PifDhcpMatch *broadcast; /* clients that hear nothing but 255.255.255.255 */
    unsigned n_broadcast;
    const PifDhcpHosts *hosts; /* who sits in the pool's places */
    uint32_t lease_s;
    bool is_proxy;               /* addresses come from another server: boot options only */
    const PifDhcpAccess *access; /* NULL: everybody is served */
} PifDhcpConfig;

/* What somebody else said about a client. */
typedef struct {
    bool is_allowed;
    bool is_refused;       /* a clear no; neither: nothing was heard */
    const char *reason;    /* where it is not */
    const char *hostname;  /* for the client to call itself; may be NULL */
    const char *boot_file; /* instead of the configured one; may be NULL */
} PifDhcpVerdict;

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
    uint32_t address; /* where TO_ADDRESS and TO_RELAY go; else the one that it is about */
    uint8_t mac[PIF_DHCP_MAC_SIZE];
    const PifDhcpProfile *profile;
    bool is_boot_rom; /* it sent option 97 */
    bool is_adopted;  /* just now */
    bool has_serial;
    uint32_t serial;
    bool has_uuid; /* in this message, or in one before */
    uint8_t uuid[PIF_DHCP_UUID_SIZE];
    uint32_t place;                     /* the address of where it sits; 0: it has none */
    uint32_t other_server;              /* whom the client speaks to instead of us; 0: nobody */
    char hostname[PIF_DHCP_SNAME_SIZE]; /* what it calls itself */
    const char *note;                   /* why there is no answer, or a NAK; may be NULL */
    uint32_t yiaddr;                    /* what the answer gives; 0: none */
    size_t size;
    uint8_t bytes[1500];
} PifDhcpReply;

/* Which boot ROM it is; never NULL. */
const PifDhcpProfile *pif_dhcp_profile_of(const PifDhcpMessage *message);
/* A Pi 3's serial out of option 97. */
bool pif_dhcp_serial_of(const PifDhcpMessage *message, uint32_t *ret_serial);

/* Option 97 without its type; NULL when it is not there. */
const uint8_t *pif_dhcp_uuid_of(const PifDhcpMessage *message);

/* Who asks for what, without an answer; false when it is no DHCP request of an Ethernet client. */
bool pif_dhcp_identify(const PifDhcpConfig *config, const PifDhcpPool *pool,
                       const PifDhcpMessage *message, PifDhcpReply *ret_reply);
/* Whether the rules let the client be served; if not, the reply's note says why. */
bool pif_dhcp_admit(const PifDhcpConfig *config, const PifDhcpPool *pool, PifDhcpReply *reply);

/* For port 4011, where PXE clients ask what to boot once they have an address (the PXE
 * specification 2.1, section 2.2.5). The answer goes back to where the request came from. */
void pif_dhcp_decide_boot(const PifDhcpConfig *config, PifDhcpPool *pool,
                          const PifDhcpMessage *message, PifDhcpReply *ret_reply);

/* The whole: identified, admitted, answered. Changes the leases as it decides: what is offered is
 * promised. verdict may be NULL: nobody was asked. */
void pif_dhcp_decide(const PifDhcpConfig *config, PifDhcpPool *pool, const PifDhcpMessage *message,
                     const PifDhcpVerdict *verdict, int64_t now_s, PifDhcpReply *ret_reply);
