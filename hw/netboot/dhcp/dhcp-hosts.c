// SPDX-License-Identifier: MIT
// The hosts of dhcp-hosts.h in one table, whose keys say what they are made of.
#include "hw/netboot/dhcp/dhcp-hosts.h"

#include "hw/netboot/dhcp/dhcp-value.h"
#include "pifarm/base/error.h"
#include "pifarm/base/wire.h"

#include <string.h>

/* RFC 3046, section 2.0: sub-options */
enum { CIRCUIT_ID = 1, REMOTE_ID = 2 };

struct PifDhcpHosts {
    GHashTable *addresses; /* GBytes -> address */
};

PifDhcpHosts *pif_dhcp_hosts_new(void)
{
    PifDhcpHosts *hosts = g_new(PifDhcpHosts, 1);
    hosts->addresses =
        g_hash_table_new_full(g_bytes_hash, g_bytes_equal, (GDestroyNotify)g_bytes_unref, NULL);
    return hosts;
}

void pif_dhcp_hosts_free(PifDhcpHosts *hosts)
{
    if (!hosts)
        return;
    g_hash_table_unref(hosts->addresses);
    g_free(hosts);
}

/* The kind, the size of the first part, both parts. */
static GBytes *make_key(char kind, const uint8_t *first, size_t first_size, const uint8_t *second,
                        size_t second_size)
{
    GByteArray *key = g_byte_array_new();
    const uint8_t head[] = {(uint8_t)kind, (uint8_t)first_size};
    g_byte_array_append(key, head, sizeof head);
    g_byte_array_append(key, first, (guint)first_size);
    if (second)
        g_byte_array_append(key, second, (guint)second_size);
    return g_byte_array_free_to_bytes(key);
}

static GBytes *parse_id(const char *text, GError **error)
{
    uint8_t bytes[UINT8_MAX];
    uint8_t size = 0;
    if (!pif_dhcp_value_parse(PIF_DHCP_VALUE_TEXT, text, bytes, &size, error))
        return NULL;
    return make_key('i', bytes, size, NULL, 0);
}

static GBytes *parse_port(const char *text, GError **error)
{
    uint8_t circuit[UINT8_MAX];
    uint8_t remote[UINT8_MAX];
    uint8_t circuit_size = 0;
    uint8_t remote_size = 0;
    g_auto(GStrv) parts = g_strsplit(text, "@", 2);
    const char *port = parts[0] ? parts[0] : "";
    if (!pif_dhcp_value_parse(PIF_DHCP_VALUE_TEXT, port, circuit, &circuit_size, error))
        return NULL;
    if (!*port || !parts[1])
        return make_key('p', circuit, circuit_size, NULL, 0);
    if (!pif_dhcp_value_parse(PIF_DHCP_VALUE_TEXT, parts[1], remote, &remote_size, error))
        return NULL;
    return make_key('r', circuit, circuit_size, remote, remote_size);
}

static GBytes *parse_who(const char *who, GError **error)
{
    if (g_str_has_prefix(who, "id:"))
        return parse_id(who + strlen("id:"), error);
    if (g_str_has_prefix(who, "port:"))
        return parse_port(who + strlen("port:"), error);
    pif_error_set(error, PIF_ERROR_USAGE, "'%s' is no id:IDENTIFIER and no port:CIRCUIT[@REMOTE]",
                  who);
    return NULL;
}

gboolean pif_dhcp_hosts_add(PifDhcpHosts *hosts, const char *who, uint32_t address, GError **error)
{
    g_autoptr(GBytes) key = parse_who(who, error);
    if (!key)
        return FALSE;
    if (g_hash_table_contains(hosts->addresses, key))
        return pif_error_set(error, PIF_ERROR_EXISTS, "%s is named twice", who);
    g_hash_table_insert(hosts->addresses, g_steal_pointer(&key), GUINT_TO_POINTER(address));
    return TRUE;
}

static uint32_t find(const PifDhcpHosts *hosts, GBytes *taken_key)
{
    g_autoptr(GBytes) key = taken_key;
    return GPOINTER_TO_UINT(g_hash_table_lookup(hosts->addresses, key));
}

static const uint8_t *find_part(const uint8_t *bytes, size_t size, uint8_t wanted,
                                uint8_t *ret_size)
{
    PifReader reader;
    pif_reader_init(&reader, bytes, size);
    while (pif_reader_left(&reader) > 0) {
        uint8_t code = pif_reader_u8(&reader);
        *ret_size = pif_reader_u8(&reader);
        const uint8_t *part = pif_reader_bytes(&reader, *ret_size);
        if (part && code == wanted)
            return part;
    }
    return NULL;
}

static uint32_t find_port(const PifDhcpHosts *hosts, const PifDhcpMessage *message)
{
    size_t size = 0;
    uint8_t circuit_size = 0;
    uint8_t remote_size = 0;
    uint32_t address = 0;
    const uint8_t *relay = pif_dhcp_get(message, PIF_DHCP_RELAY, &size);
    const uint8_t *circuit = relay ? find_part(relay, size, CIRCUIT_ID, &circuit_size) : NULL;
    const uint8_t *remote = relay ? find_part(relay, size, REMOTE_ID, &remote_size) : NULL;
    if (circuit && remote)
        address = find(hosts, make_key('r', circuit, circuit_size, remote, remote_size));
    if (circuit && !address)
        address = find(hosts, make_key('p', circuit, circuit_size, NULL, 0));
    return address;
}

uint32_t pif_dhcp_hosts_find(const PifDhcpHosts *hosts, const PifDhcpMessage *message)
{
    size_t size = 0;
    const uint8_t *id = pif_dhcp_get(message, PIF_DHCP_CLIENT_ID, &size);
    uint32_t address = id && size <= UINT8_MAX ? find(hosts, make_key('i', id, size, NULL, 0)) : 0;
    return address ? address : find_port(hosts, message);
}
