// SPDX-License-Identifier: MIT
// The memory of dhcp-memory.h: a table, and a queue in the order of age.
#include "hw/netboot/dhcp/dhcp-memory.h"

#include <string.h>

typedef struct {
    GList link;
    PifDhcpClientKey key;
    PifDhcpHearsay hearsay;
    int64_t expires_us;
} Memory;

struct PifDhcpMemory {
    GHashTable *by_key; /* owns */
    GQueue by_age;
};

PifDhcpClientKey pif_dhcp_client_key(const uint8_t *mac, bool is_boot_rom)
{
    PifDhcpClientKey key = {.is_boot_rom = is_boot_rom};
    memcpy(key.mac, mac, sizeof key.mac);
    return key;
}

guint pif_dhcp_client_key_hash(gconstpointer key)
{
    const uint8_t *bytes = key;
    guint hash = 2166136261U; /* FNV-1a */
    for (size_t i = 0; i < sizeof(PifDhcpClientKey); i++)
        hash = (hash ^ bytes[i]) * 16777619U;
    return hash;
}

gboolean pif_dhcp_client_key_equal(gconstpointer a, gconstpointer b)
{
    return memcmp(a, b, sizeof(PifDhcpClientKey)) == 0;
}

PifDhcpMemory *pif_dhcp_memory_new(void)
{
    PifDhcpMemory *memory = g_new0(PifDhcpMemory, 1);
    memory->by_key =
        g_hash_table_new_full(pif_dhcp_client_key_hash, pif_dhcp_client_key_equal, NULL, g_free);
    g_queue_init(&memory->by_age);
    return memory;
}

void pif_dhcp_memory_free(PifDhcpMemory *memory)
{
    if (!memory)
        return;
    g_hash_table_unref(memory->by_key);
    g_free(memory);
}

static void forget(PifDhcpMemory *memory, Memory *old)
{
    g_queue_unlink(&memory->by_age, &old->link);
    g_hash_table_remove(memory->by_key, &old->key);
}

void pif_dhcp_memory_add(PifDhcpMemory *memory, const PifDhcpClientKey *key,
                         const PifDhcpHearsay *hearsay, int64_t expires_us)
{
    Memory *old = g_hash_table_lookup(memory->by_key, key);
    if (!old && g_hash_table_size(memory->by_key) == PIF_DHCP_MAX_REMEMBERED)
        old = memory->by_age.head->data;
    if (old)
        forget(memory, old);
    Memory *added = g_new0(Memory, 1);
    added->link.data = added;
    added->key = *key;
    added->hearsay = *hearsay;
    added->expires_us = expires_us;
    g_queue_push_tail_link(&memory->by_age, &added->link);
    g_hash_table_insert(memory->by_key, &added->key, added);
}

const PifDhcpHearsay *pif_dhcp_memory_find(const PifDhcpMemory *memory, const PifDhcpClientKey *key,
                                           int64_t now_us)
{
    const Memory *found = g_hash_table_lookup(memory->by_key, key);
    return found && found->expires_us > now_us ? &found->hearsay : NULL;
}
