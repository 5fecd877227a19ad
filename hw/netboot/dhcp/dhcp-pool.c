// SPDX-License-Identifier: MIT
// Leases in two indices, by address and by MAC.
#include "hw/netboot/dhcp/dhcp-pool.h"

#include "pifarm/base/error.h"

#include <string.h>

enum { DECLINED_S = 600 };

struct PifDhcpPool {
    uint32_t first;
    uint32_t count;
    GHashTable *by_address; /* owns PifDhcpLease; addresses never given away are not in it */
    GHashTable *by_mac;
};

static guint mac_hash(gconstpointer key)
{
    const uint8_t *mac = key;
    guint hash = 2166136261U; /* FNV-1a */
    for (unsigned i = 0; i < PIF_DHCP_MAC_SIZE; i++)
        hash = (hash ^ mac[i]) * 16777619U;
    return hash;
}

static gboolean mac_equal(gconstpointer a, gconstpointer b)
{
    return memcmp(a, b, PIF_DHCP_MAC_SIZE) == 0;
}

PifDhcpPool *pif_dhcp_pool_new(uint32_t first, uint32_t last)
{
    PifDhcpPool *pool = g_new0(PifDhcpPool, 1);
    pool->first = first;
    pool->count = first > 0 ? MIN(last - first + 1, PIF_DHCP_MAX_POOL) : 0;
    pool->by_address = g_hash_table_new_full(NULL, NULL, NULL, g_free);
    pool->by_mac = g_hash_table_new(mac_hash, mac_equal);
    return pool;
}

void pif_dhcp_pool_free(PifDhcpPool *pool)
{
    if (!pool)
        return;
    g_hash_table_unref(pool->by_mac);
    g_hash_table_unref(pool->by_address);
    g_free(pool);
}

static PifDhcpLease *find_address(const PifDhcpPool *pool, uint32_t address)
{
    return g_hash_table_lookup(pool->by_address, GUINT_TO_POINTER(address));
}

static PifDhcpLease *find_mac(const PifDhcpPool *pool, const uint8_t *mac)
{
    return g_hash_table_lookup(pool->by_mac, mac);
}

const PifDhcpLease *pif_dhcp_pool_find(const PifDhcpPool *pool, uint32_t address)
{
    return find_address(pool, address);
}

const PifDhcpLease *pif_dhcp_pool_find_client(const PifDhcpPool *pool, const uint8_t *mac)
{
    return find_mac(pool, mac);
}

static PifDhcpLease *add_lease(PifDhcpPool *pool, uint32_t address)
{
    PifDhcpLease *lease = g_new0(PifDhcpLease, 1);
    lease->address = address;
    g_hash_table_insert(pool->by_address, GUINT_TO_POINTER(address), lease);
    return lease;
}

static void unbind(PifDhcpPool *pool, PifDhcpLease *lease)
{
    if (find_mac(pool, lease->mac) == lease)
        g_hash_table_remove(pool->by_mac, lease->mac);
    lease->has_serial = false;
    lease->has_uuid = false;
}

/* Until when it is the client's whom it is given now. */
static void extend(PifDhcpLease *lease, PifDhcpLeaseState state, int64_t expires_s)
{
    lease->state = state;
    lease->expires_s = lease->is_adopted ? INT64_MAX : expires_s;
}

static void bind_to(PifDhcpPool *pool, PifDhcpLease *lease, const uint8_t *mac)
{
    PifDhcpLease *old = find_mac(pool, mac);
    if (old == lease)
        return;
    if (old) { /* a client has one address at a time */
        old->state = old->state == PIF_DHCP_DECLINED ? PIF_DHCP_DECLINED : PIF_DHCP_FREE;
        unbind(pool, old);
    }
    unbind(pool, lease);
    memcpy(lease->mac, mac, PIF_DHCP_MAC_SIZE);
    g_hash_table_insert(pool->by_mac, lease->mac, lease);
}

gboolean pif_dhcp_pool_add_host(PifDhcpPool *pool, const uint8_t *mac, uint32_t address,
                                const char *name, GError **error)
{
    if (find_address(pool, address) || find_mac(pool, mac))
        return pif_error_set(error, PIF_ERROR_EXISTS, "a MAC or an address is named twice");
    PifDhcpLease *lease = add_lease(pool, address);
    lease->is_static = true;
    lease->name = name;
    bind_to(pool, lease, mac);
    return TRUE;
}

gboolean pif_dhcp_pool_add_place(PifDhcpPool *pool, uint32_t address, const char *name,
                                 GError **error)
{
    if (find_address(pool, address))
        return pif_error_set(error, PIF_ERROR_EXISTS, "an address is named twice");
    PifDhcpLease *lease = add_lease(pool, address);
    lease->is_static = true;
    lease->is_place = true;
    lease->name = name;
    return TRUE;
}

void pif_dhcp_pool_bind(PifDhcpPool *pool, const uint8_t *mac, uint32_t place)
{
    PifDhcpLease *own = find_mac(pool, mac);
    PifDhcpLease *lease = place ? find_address(pool, place) : NULL;
    if (own && own->is_static && !own->is_place)
        return;
    if (lease && lease->is_place)
        bind_to(pool, lease, mac);
    else if (own && own->is_place)
        unbind(pool, own);
}

void pif_dhcp_pool_reserve(PifDhcpPool *pool, uint32_t address)
{
    if (!find_address(pool, address))
        add_lease(pool, address)->is_static = true;
}

/* Another client may have it. */
static bool is_available(const PifDhcpLease *lease, int64_t now_s)
{
    if (!lease)
        return true;
    return !lease->is_static && !lease->is_adopted &&
           (lease->state == PIF_DHCP_FREE || lease->expires_s <= now_s);
}

static bool is_in_range(const PifDhcpPool *pool, uint32_t address)
{
    return address - pool->first < pool->count;
}

/* From the place that the MAC names: the first that nobody ever had, else the one whose time has
 * been over for longest. 0: none. */
static uint32_t choose(const PifDhcpPool *pool, const uint8_t *mac, int64_t now_s)
{
    uint32_t start = pool->count > 0 ? mac_hash(mac) % pool->count : 0;
    const PifDhcpLease *oldest = NULL;
    for (uint32_t i = 0; i < pool->count; i++) {
        uint32_t address = pool->first + (start + i) % pool->count;
        const PifDhcpLease *lease = find_address(pool, address);
        if (!lease)
            return address;
        if (is_available(lease, now_s) && (!oldest || lease->expires_s < oldest->expires_s))
            oldest = lease;
    }
    return oldest ? oldest->address : 0;
}

static PifDhcpLease *lease_for(PifDhcpPool *pool, const uint8_t *mac, uint32_t wanted,
                               int64_t now_s)
{
    PifDhcpLease *own = find_mac(pool, mac);
    if (own && (own->is_static || own->state != PIF_DHCP_DECLINED))
        return own;
    uint32_t address = is_in_range(pool, wanted) && is_available(find_address(pool, wanted), now_s)
                           ? wanted
                           : choose(pool, mac, now_s);
    if (address == 0)
        return NULL;
    PifDhcpLease *lease = find_address(pool, address);
    return lease ? lease : add_lease(pool, address);
}

const PifDhcpLease *pif_dhcp_pool_offer(PifDhcpPool *pool, const uint8_t *mac, uint32_t wanted,
                                        int64_t now_s, int64_t hold_s)
{
    PifDhcpLease *lease = lease_for(pool, mac, wanted, now_s);
    if (!lease)
        return NULL;
    bind_to(pool, lease, mac);
    if (lease->state != PIF_DHCP_LEASED || lease->expires_s < now_s + hold_s)
        extend(lease, PIF_DHCP_OFFERED, now_s + hold_s);
    return lease;
}

const PifDhcpLease *pif_dhcp_pool_take(PifDhcpPool *pool, const uint8_t *mac, uint32_t address,
                                       int64_t now_s, int64_t lease_s)
{
    PifDhcpLease *own = find_mac(pool, mac);
    PifDhcpLease *lease = find_address(pool, address);
    if (own && own->is_static && own != lease)
        return NULL;
    if (!lease || lease != own) {
        if (!is_in_range(pool, address) || !is_available(lease, now_s))
            return NULL;
        lease = lease ? lease : add_lease(pool, address);
        bind_to(pool, lease, mac);
    }
    extend(lease, PIF_DHCP_LEASED, now_s + lease_s);
    return lease;
}

static PifDhcpLease *find_own(const PifDhcpPool *pool, const uint8_t *mac, uint32_t address)
{
    PifDhcpLease *lease = find_mac(pool, mac);
    return lease && lease->address == address ? lease : NULL;
}

/* The binding stays: who comes back gets the same address. */
bool pif_dhcp_pool_release(PifDhcpPool *pool, const uint8_t *mac, uint32_t address)
{
    PifDhcpLease *lease = find_own(pool, mac, address);
    if (!lease)
        return false;
    extend(lease, PIF_DHCP_FREE, 0);
    return true;
}

bool pif_dhcp_pool_decline(PifDhcpPool *pool, const uint8_t *mac, uint32_t address, int64_t now_s)
{
    PifDhcpLease *lease = find_own(pool, mac, address);
    if (!lease)
        return false;
    lease->is_adopted = false;
    extend(lease, PIF_DHCP_DECLINED, now_s + DECLINED_S);
    if (!lease->is_static)
        unbind(pool, lease);
    return true;
}

void pif_dhcp_pool_identify(PifDhcpPool *pool, const uint8_t *mac, const uint32_t *serial,
                            const uint8_t *uuid)
{
    PifDhcpLease *lease = find_mac(pool, mac);
    if (lease && serial) {
        lease->has_serial = true;
        lease->serial = *serial;
    }
    if (lease && uuid) {
        lease->has_uuid = true;
        memcpy(lease->uuid, uuid, sizeof lease->uuid);
    }
}

void pif_dhcp_pool_adopt(PifDhcpPool *pool, const uint8_t *mac)
{
    PifDhcpLease *lease = find_mac(pool, mac);
    if (!lease || lease->is_static)
        return;
    lease->is_adopted = true;
    lease->expires_s = INT64_MAX;
}

void pif_dhcp_pool_foreach(const PifDhcpPool *pool,
                           void (*visit)(const PifDhcpLease *lease, gpointer data), gpointer data)
{
    GHashTableIter iter;
    gpointer value = NULL;
    g_hash_table_iter_init(&iter, pool->by_address);
    while (g_hash_table_iter_next(&iter, NULL, &value))
        visit(value, data);
}

typedef struct {
    unsigned count;
    int64_t now_s;
} Count;

static void count_lease(const PifDhcpLease *lease, gpointer data)
{
    Count *count = data;
    count->count += lease->state == PIF_DHCP_LEASED && lease->expires_s > count->now_s;
}

unsigned pif_dhcp_pool_count(const PifDhcpPool *pool, int64_t now_s)
{
    Count count = {0, now_s};
    pif_dhcp_pool_foreach(pool, count_lease, &count);
    return count.count;
}
