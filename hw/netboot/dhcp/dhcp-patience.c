// SPDX-License-Identifier: MIT
// The counters of dhcp-patience.h, at most so many; the oldest goes first.
#include "hw/netboot/dhcp/dhcp-patience.h"

#include <string.h>

enum { US = 1000000 };

typedef struct {
    GList link;
    uint8_t mac[PIF_DHCP_MAC_SIZE];
    unsigned count;
    int64_t last_us;
} Counter;

struct PifDhcpPatience {
    GHashTable *by_mac; /* owns */
    GQueue by_age;
};

static guint mac_hash(gconstpointer key)
{
    uint32_t low = 0;
    memcpy(&low, (const uint8_t *)key + 2, sizeof low);
    return low;
}

static gboolean mac_equal(gconstpointer a, gconstpointer b)
{
    return memcmp(a, b, PIF_DHCP_MAC_SIZE) == 0;
}

PifDhcpPatience *pif_dhcp_patience_new(void)
{
    PifDhcpPatience *patience = g_new0(PifDhcpPatience, 1);
    patience->by_mac = g_hash_table_new_full(mac_hash, mac_equal, NULL, g_free);
    g_queue_init(&patience->by_age);
    return patience;
}

void pif_dhcp_patience_free(PifDhcpPatience *patience)
{
    if (!patience)
        return;
    g_hash_table_unref(patience->by_mac);
    g_free(patience);
}

static void forget(PifDhcpPatience *patience, Counter *counter)
{
    g_queue_unlink(&patience->by_age, &counter->link);
    g_hash_table_remove(patience->by_mac, counter->mac);
}

static Counter *add_counter(PifDhcpPatience *patience, const uint8_t *mac)
{
    if (g_hash_table_size(patience->by_mac) == PIF_DHCP_MAX_IMPATIENT)
        forget(patience, patience->by_age.head->data);
    Counter *counter = g_new0(Counter, 1);
    counter->link.data = counter;
    memcpy(counter->mac, mac, sizeof counter->mac);
    g_hash_table_insert(patience->by_mac, counter->mac, counter);
    g_queue_push_tail_link(&patience->by_age, &counter->link);
    return counter;
}

bool pif_dhcp_patience_offered(PifDhcpPatience *patience, const uint8_t *mac, int64_t now_us)
{
    Counter *counter = g_hash_table_lookup(patience->by_mac, mac);
    if (!counter)
        counter = add_counter(patience, mac);
    if (now_us - counter->last_us > (int64_t)PIF_DHCP_PAUSE_S * US)
        counter->count = 0;
    counter->last_us = now_us;
    return ++counter->count == PIF_DHCP_PATIENCE;
}

void pif_dhcp_patience_went_on(PifDhcpPatience *patience, const uint8_t *mac)
{
    Counter *counter = g_hash_table_lookup(patience->by_mac, mac);
    if (counter)
        forget(patience, counter);
}
