// SPDX-License-Identifier: MIT
// Aliases and MACs made from a farm's name.
#include "netsetup/owner.h"

#include <string.h>

#define ALIAS_PREFIX "pifarm:"

/* A bridge without a MAC of its own takes on, and changes with, its ports'. Two hosts with a farm
 * of the same name may meet on one segment, hence the machine ID. */
static void derive_mac(uint8_t mac[PIF_MAC_SIZE], const char *farm, const char *machine_id)
{
    enum { GROUP_BIT = 0x01, LOCAL_BIT = 0x02 }; /* IEEE 802-2014, 8.2.2 */
    uint8_t digest[32];
    gsize size = sizeof digest;
    g_autofree char *seed = g_strconcat(machine_id, ALIAS_PREFIX, farm, NULL);
    g_autoptr(GChecksum) checksum = g_checksum_new(G_CHECKSUM_SHA256);
    g_checksum_update(checksum, (const guchar *)seed, -1);
    g_checksum_get_digest(checksum, digest, &size);
    memcpy(mac, digest, PIF_MAC_SIZE);
    mac[0] = (uint8_t)((mac[0] & ~GROUP_BIT) | LOCAL_BIT);
}

void pif_link_mark(PifLink *link, const char *farm, const char *machine_id)
{
    g_free(link->alias);
    link->alias = g_strconcat(ALIAS_PREFIX, farm, NULL);
    derive_mac(link->mac, farm, machine_id);
}

const char *pif_link_farm(const PifLink *link)
{
    return g_str_has_prefix(link->alias, ALIAS_PREFIX) ? link->alias + strlen(ALIAS_PREFIX) : NULL;
}

gboolean pif_link_is_marked_like(const PifLink *link, const PifLink *marked)
{
    if (!g_str_equal(link->kind, marked->kind))
        return FALSE;
    if (*link->alias)
        return g_str_equal(link->alias, marked->alias);
    return memcmp(link->mac, marked->mac, PIF_MAC_SIZE) == 0;
}
