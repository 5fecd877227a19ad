// SPDX-License-Identifier: MIT
// Defaults by SHA-256: stable over releases and hosts, which GLib's string hash does not promise.
#include "pifarm/model/defaults.h"

#include <net/if.h>
#include <string.h>

enum { HASH_SIZE = 32 };

static void hash_text(const char *text, uint8_t ret_hash[HASH_SIZE])
{
    gsize size = HASH_SIZE;
    g_autoptr(GChecksum) checksum = g_checksum_new(G_CHECKSUM_SHA256);
    g_checksum_update(checksum, (const guchar *)text, (gssize)strlen(text));
    g_checksum_get_digest(checksum, ret_hash, &size);
}

PifMac pif_default_mac(const char *farm_name, unsigned id)
{
    uint8_t hash[HASH_SIZE];
    hash_text(farm_name, hash);
    /* XOR with a constant of the farm maps different IDs to different bytes. */
    return (PifMac){{0xb8, 0x27, 0xeb, hash[0], hash[1], (uint8_t)(hash[2] ^ id)}};
}

static PifMac local_mac(const PifMac *lan, uint8_t turned)
{
    enum { LOCAL_BIT = 0x02 }; /* IEEE 802-2014, 8.2.2 */
    PifMac mac = *lan;
    mac.bytes[0] = (uint8_t)((mac.bytes[0] ^ turned) | LOCAL_BIT);
    return mac;
}

PifMac pif_wan_mac(const PifMac *lan)
{
    return local_mac(lan, 0x04);
}

PifMac pif_wlan_mac(const PifMac *lan)
{
    return local_mac(lan, 0x08);
}

uint32_t pif_default_serial(const char *farm_name, unsigned id, const PifMac *mac)
{
    uint8_t hash[HASH_SIZE];
    g_autofree char *text = g_strdup_printf("%s/%u", farm_name, id);
    hash_text(text, hash);
    return (uint32_t)hash[0] << 24 | (uint32_t)mac->bytes[3] << 16 | (uint32_t)mac->bytes[4] << 8 |
           mac->bytes[5];
}

char *pif_default_bridge(const char *farm_name)
{
    uint8_t hash[HASH_SIZE];
    g_autofree char *name = g_strconcat("pf-", farm_name, NULL);
    if (strlen(name) < IFNAMSIZ)
        return g_steal_pointer(&name);
    hash_text(farm_name, hash);
    return g_strdup_printf("%.10s-%02x%02x", name, hash[0], hash[1]);
}
