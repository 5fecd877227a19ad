// SPDX-License-Identifier: MIT
// DHCP on the wire: messages to structs and back (RFC 2131, 2132, 3396, 4578).
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* RFC 2132, section 9.6 */
typedef enum {
    PIF_DHCP_DISCOVER = 1,
    PIF_DHCP_OFFER = 2,
    PIF_DHCP_REQUEST = 3,
    PIF_DHCP_DECLINE = 4,
    PIF_DHCP_ACK = 5,
    PIF_DHCP_NAK = 6,
    PIF_DHCP_RELEASE = 7,
    PIF_DHCP_INFORM = 8,
} PifDhcpType;

/* RFC 2132; 82: RFC 3046; 93 and 97: RFC 4578 */
typedef enum {
    PIF_DHCP_NETMASK = 1,
    PIF_DHCP_ROUTER = 3,
    PIF_DHCP_DNS = 6,
    PIF_DHCP_HOSTNAME = 12,
    PIF_DHCP_DOMAIN = 15,
    PIF_DHCP_VENDOR = 43,
    PIF_DHCP_REQUESTED = 50,
    PIF_DHCP_LEASE_TIME = 51,
    PIF_DHCP_OVERLOAD = 52,
    PIF_DHCP_TYPE = 53,
    PIF_DHCP_SERVER = 54,
    PIF_DHCP_PARAMETERS = 55,
    PIF_DHCP_MAX_SIZE = 57,
    PIF_DHCP_RENEWAL = 58,
    PIF_DHCP_REBINDING = 59,
    PIF_DHCP_CLASS = 60,
    PIF_DHCP_CLIENT_ID = 61,
    PIF_DHCP_TFTP_SERVER = 66,
    PIF_DHCP_BOOT_FILE = 67,
    PIF_DHCP_RELAY = 82,
    PIF_DHCP_ARCH = 93,
    PIF_DHCP_UUID = 97,
} PifDhcpCode;

enum {
    PIF_DHCP_BOOTREQUEST = 1,
    PIF_DHCP_BOOTREPLY = 2,
    PIF_DHCP_FLAG_BROADCAST = 0x8000, /* RFC 2131, section 2 */
    PIF_DHCP_MAX_MESSAGE = 2048,      /* what is taken; an Ethernet frame has less */
    PIF_DHCP_MIN_REPLY = 300,         /* RFC 951: shorter ones are dropped by BOOTP relays */
    PIF_DHCP_SNAME_SIZE = 64,
    PIF_DHCP_FILE_SIZE = 128,
    PIF_DHCP_MAC_SIZE = 6,
};

/* The fixed part; addresses in host order. */
typedef struct {
    uint8_t op;
    uint8_t htype;
    uint8_t hlen;
    uint8_t hops;
    uint32_t xid;
    uint16_t secs;
    uint16_t flags;
    uint32_t ciaddr;
    uint32_t yiaddr;
    uint32_t siaddr;
    uint32_t giaddr;
    uint8_t chaddr[16];
    char sname[PIF_DHCP_SNAME_SIZE + 1];
    char file[PIF_DHCP_FILE_SIZE + 1];
} PifDhcpHeader;

/* A message that was read. Options that came in parts are put together (RFC 3396), also those in
 * file and sname (option 52). */
typedef struct {
    PifDhcpHeader header;
    bool is_set[256];
    uint16_t start[256];
    uint16_t size[256];
    uint8_t bytes[PIF_DHCP_MAX_MESSAGE];
} PifDhcpMessage;

/* False when it is no DHCP message. An option that is cut off ends the options. */
bool pif_dhcp_parse(const void *bytes, size_t size, PifDhcpMessage *ret_message);

/* An option's bytes, or NULL. */
const uint8_t *pif_dhcp_get(const PifDhcpMessage *message, PifDhcpCode code, size_t *ret_size);
/* An option of just that size, in host order; false when it is not there. */
bool pif_dhcp_get_u8(const PifDhcpMessage *message, PifDhcpCode code, uint8_t *ret_value);
bool pif_dhcp_get_u16(const PifDhcpMessage *message, PifDhcpCode code, uint16_t *ret_value);
bool pif_dhcp_get_u32(const PifDhcpMessage *message, PifDhcpCode code, uint32_t *ret_value);

enum { PIF_DHCP_MAX_ITEMS = 48 };

/* A message that is being made: options appear in the order in which they are added. */
typedef struct {
    PifDhcpHeader header;
    unsigned n_items;
    struct {
        uint8_t code;
        uint16_t start;
        uint16_t size;
    } items[PIF_DHCP_MAX_ITEMS];
    uint16_t used;
    bool overflow; /* more was added than there is room for */
    uint8_t bytes[1500];
} PifDhcpDraft;

void pif_dhcp_add(PifDhcpDraft *draft, PifDhcpCode code, const void *bytes, size_t size);
/* In the place of one that was added with that code, else behind the last. */
void pif_dhcp_set(PifDhcpDraft *draft, PifDhcpCode code, const void *bytes, size_t size);
bool pif_dhcp_has(const PifDhcpDraft *draft, PifDhcpCode code);
void pif_dhcp_add_u8(PifDhcpDraft *draft, PifDhcpCode code, uint8_t value);
void pif_dhcp_add_u32(PifDhcpDraft *draft, PifDhcpCode code, uint32_t value);
/* Without its NUL. */
void pif_dhcp_add_string(PifDhcpDraft *draft, PifDhcpCode code, const char *text);

/* Size of the message written, at least PIF_DHCP_MIN_REPLY; 0 when it does not fit in size, even
 * with options in file and sname where those are empty. */
size_t pif_dhcp_format(const PifDhcpDraft *draft, void *buffer, size_t size);
