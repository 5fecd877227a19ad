// SPDX-License-Identifier: MIT
// Who has which address, and until when; the time comes from outside.
#pragma once

#include "hw/netboot/dhcp/dhcp-match.h"

#include <glib.h>

typedef struct PifDhcpPool PifDhcpPool;

typedef enum {
    PIF_DHCP_FREE,    /* never given away, or given back */
    PIF_DHCP_OFFERED, /* a boot ROM takes it without another word: it is a promise */
    PIF_DHCP_LEASED,
    PIF_DHCP_DECLINED, /* somebody else uses it */
} PifDhcpLeaseState;

/* An address and the client it is bound to; the binding outlives its time until another client
 * needs the address. */
typedef struct {
    uint32_t address;
    uint8_t mac[PIF_DHCP_MAC_SIZE];
    PifDhcpLeaseState state;
    bool is_static;
    bool is_place;   /* static, of whoever sits there: pif_dhcp_pool_bind() says who does */
    bool is_adopted; /* once dynamic, now its own for good; expires_s is INT64_MAX */
    int64_t expires_s;
    const char *name; /* of a host with an address of its own, for it to take on; or NULL */
    bool has_serial;  /* of a Pi, from its boot ROM's option 97 */
    uint32_t serial;
    bool has_uuid; /* that option as it is, of any boot ROM */
    uint8_t uuid[PIF_DHCP_UUID_SIZE];
} PifDhcpLease;

enum { PIF_DHCP_MAX_POOL = 65536 };

/* Addresses first to last are for those without one of their own. first 0: no such addresses. */
PifDhcpPool *pif_dhcp_pool_new(uint32_t first, uint32_t last);
void pif_dhcp_pool_free(PifDhcpPool *pool);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PifDhcpPool, pif_dhcp_pool_free)

/* That address is for that client and for no other. name may be NULL, and must outlive the pool.
 * EXISTS when MAC or address has been named before. */
gboolean pif_dhcp_pool_add_host(PifDhcpPool *pool, const uint8_t *mac, uint32_t address,
                                const char *name, GError **error);

/* That address is for whom pif_dhcp_pool_bind() names; name as above. EXISTS when it has been named
 * before. */
gboolean pif_dhcp_pool_add_place(PifDhcpPool *pool, uint32_t address, const char *name,
                                 GError **error);

/* The client sits in that place now, and no other one does; 0: in none. A client with an address
 * for its MAC keeps that. */
void pif_dhcp_pool_bind(PifDhcpPool *pool, const uint8_t *mac, uint32_t place);

/* Nobody gets that address: the server's own. */
void pif_dhcp_pool_reserve(PifDhcpPool *pool, uint32_t address);

/* The address for a client, promised to it for hold_s: its own, else the one it had, else the one
 * it wants, else one that follows from its MAC. NULL when none is left. */
const PifDhcpLease *pif_dhcp_pool_offer(PifDhcpPool *pool, const uint8_t *mac, uint32_t wanted,
                                        int64_t now_s, int64_t hold_s);

/* Gives the client that address for lease_s; NULL when it may not have it. */
const PifDhcpLease *pif_dhcp_pool_take(PifDhcpPool *pool, const uint8_t *mac, uint32_t address,
                                       int64_t now_s, int64_t lease_s);

/* Nothing happens when the address is not that client's. */
bool pif_dhcp_pool_release(PifDhcpPool *pool, const uint8_t *mac, uint32_t address);
bool pif_dhcp_pool_decline(PifDhcpPool *pool, const uint8_t *mac, uint32_t address, int64_t now_s);

/* What a client's boot ROM said of it is remembered with its address, if it has one; each may be
 * NULL. */
void pif_dhcp_pool_identify(PifDhcpPool *pool, const uint8_t *mac, const uint32_t *serial,
                            const uint8_t *uuid);

/* The address that the client has is its own from now on. */
void pif_dhcp_pool_adopt(PifDhcpPool *pool, const uint8_t *mac);

/* Whoever it is bound to, or NULL. */
const PifDhcpLease *pif_dhcp_pool_find(const PifDhcpPool *pool, uint32_t address);
/* What is bound to that client, or NULL. */
const PifDhcpLease *pif_dhcp_pool_find_client(const PifDhcpPool *pool, const uint8_t *mac);
/* Of leases that hold. */
unsigned pif_dhcp_pool_count(const PifDhcpPool *pool, int64_t now_s);

void pif_dhcp_pool_foreach(const PifDhcpPool *pool,
                           void (*visit)(const PifDhcpLease *lease, gpointer data), gpointer data);
