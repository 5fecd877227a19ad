// SPDX-License-Identifier: MIT
// MAC and IPv4 addresses as text.
#include "pifarm/model/address.h"

#include <arpa/inet.h>
#include <string.h>

char *pif_mac_format(const PifMac *mac)
{
    const uint8_t *b = mac->bytes;
    return g_strdup_printf("%02x:%02x:%02x:%02x:%02x:%02x", b[0], b[1], b[2], b[3], b[4], b[5]);
}

/* How people write MACs: twelve hex digits with a separator after every so many. */
static const struct {
    size_t length;
    char separator;
    unsigned group;
} mac_forms[] = {{17, ':', 2}, {17, '-', 2}, {14, '.', 4}, {12, '\0', 12}};

static gboolean parse_mac(const char *text, char separator, unsigned group, PifMac *ret_mac)
{
    PifMac mac = {0};
    for (unsigned n_digits = 0; n_digits < 12; n_digits++) {
        if (n_digits && n_digits % group == 0 && *text++ != separator)
            return FALSE;
        if (!g_ascii_isxdigit(*text))
            return FALSE;
        uint8_t *byte = &mac.bytes[n_digits / 2];
        *byte = (uint8_t)(*byte << 4 | g_ascii_xdigit_value(*text++));
    }
    *ret_mac = mac;
    return TRUE;
}

gboolean pif_mac_parse(const char *text, PifMac *ret_mac)
{
    for (size_t i = 0; i < G_N_ELEMENTS(mac_forms); i++)
        if (strlen(text) == mac_forms[i].length &&
            parse_mac(text, mac_forms[i].separator, mac_forms[i].group, ret_mac))
            return TRUE;
    return FALSE;
}

char *pif_ipv4_format(uint32_t address)
{
    return g_strdup_printf("%u.%u.%u.%u", address >> 24, address >> 16 & 0xff, address >> 8 & 0xff,
                           address & 0xff);
}

gboolean pif_ipv4_parse(const char *text, uint32_t *ret_address)
{
    struct in_addr address;
    if (inet_pton(AF_INET, text, &address) != 1)
        return FALSE;
    *ret_address = ntohl(address.s_addr);
    return TRUE;
}

uint32_t pif_subnet_broadcast(uint32_t network, unsigned prefix_length)
{
    return network | (uint32_t)(0xffffffffULL >> prefix_length);
}

/* Loopback, "this network" and all from multicast on cannot be a lan (RFC 6890). */
static gboolean is_usable(uint32_t network)
{
    uint32_t first_byte = network >> 24;
    return first_byte != 0 && first_byte != 127 && first_byte < 224;
}

gboolean pif_subnet_parse(const char *text, uint32_t *ret_network, unsigned *ret_prefix_length,
                          char **ret_problem)
{
    g_auto(GStrv) parts = g_strsplit(text, "/", 2);
    uint32_t address;
    guint64 prefix_length;
    *ret_problem = NULL;
    if (g_strv_length(parts) != 2 || !pif_ipv4_parse(parts[0], &address) || !is_usable(address) ||
        !g_ascii_string_to_unsigned(parts[1], 10, 8, 28, &prefix_length, NULL))
        return FALSE;
    uint32_t network = address & ~pif_subnet_broadcast(0, (unsigned)prefix_length);
    if (network != address) {
        g_autofree char *right = pif_ipv4_format(network);
        *ret_problem = g_strdup_printf("did you mean %s/%s?", right, parts[1]);
        return FALSE;
    }
    *ret_network = network;
    *ret_prefix_length = (unsigned)prefix_length;
    return TRUE;
}
