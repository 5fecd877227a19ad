// SPDX-License-Identifier: MIT
// The patterns of dhcp-match.h read and compared.
#include "hw/netboot/dhcp/dhcp-match.h"

#include "pifarm/base/error.h"

#include <string.h>

enum { BYTE_BITS = 8, UUID_TEXT = 36 };

/* Pairs of digits; between two of them a separator where is_separated says so. Ends at the first
 * that is none. */
static size_t parse_pairs(const char *text, bool (*is_separated)(size_t n_pairs), uint8_t *bytes,
                          size_t room, const char **ret_end)
{
    size_t count = 0;
    while (count < room && g_ascii_isxdigit(text[0]) && g_ascii_isxdigit(text[1])) {
        bytes[count++] =
            (uint8_t)(g_ascii_xdigit_value(text[0]) << 4 | g_ascii_xdigit_value(text[1]));
        text += 2;
        if (count == room || !is_separated(count))
            continue;
        if (text[0] != ':' && text[0] != '-')
            break;
        if (!g_ascii_isxdigit(text[1]))
            break;
        text++;
    }
    *ret_end = text;
    return count;
}

static bool is_separated_mac(size_t n_pairs)
{
    return true;
}

/* 8-4-4-4-12 digits */
static bool is_separated_uuid(size_t n_pairs)
{
    return n_pairs == 4 || n_pairs == 6 || n_pairs == 8 || n_pairs == 10;
}

/* "/26" behind it, if anything. */
static gboolean parse_bits(const char *text, unsigned *bits)
{
    guint64 value = 0;
    if (*text == '\0')
        return TRUE;
    if (*text != '/' || !g_ascii_string_to_unsigned(text + 1, 10, 1, *bits, &value, NULL))
        return FALSE;
    *bits = (unsigned)value;
    return TRUE;
}

gboolean pif_dhcp_match_parse(const char *text, PifDhcpMatch *ret_match, GError **error)
{
    PifDhcpMatch match = {0};
    const char *end = NULL;
    bool is_uuid = strcspn(text, "/") == UUID_TEXT;
    match.kind = is_uuid ? PIF_DHCP_MATCH_UUID : PIF_DHCP_MATCH_MAC;
    size_t size = parse_pairs(text, is_uuid ? is_separated_uuid : is_separated_mac, match.bytes,
                              is_uuid ? PIF_DHCP_UUID_SIZE : PIF_DHCP_MAC_SIZE, &end);
    match.n_bits = (unsigned)size * BYTE_BITS;
    if (size == 0 || (is_uuid && size < PIF_DHCP_UUID_SIZE) || !parse_bits(end, &match.n_bits))
        return pif_error_set(error, PIF_ERROR_USAGE,
                             "'%s' is no MAC (b8:27:eb:12:34:56), beginning of MACs (b8:27:eb, "
                             "b8:27:eb:40:00:00/26) or UUID (7d246455-7d24-6455-7d24-64557d246455)",
                             text);
    *ret_match = match;
    return TRUE;
}

bool pif_dhcp_match_test(const PifDhcpMatch *match, const uint8_t *mac, const uint8_t *uuid)
{
    const uint8_t *bytes = match->kind == PIF_DHCP_MATCH_MAC ? mac : uuid;
    unsigned whole = match->n_bits / BYTE_BITS;
    unsigned rest = match->n_bits % BYTE_BITS;
    if (!bytes || memcmp(bytes, match->bytes, whole) != 0)
        return false;
    return rest == 0 || (bytes[whole] ^ match->bytes[whole]) >> (BYTE_BITS - rest) == 0;
}
