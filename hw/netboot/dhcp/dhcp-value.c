// SPDX-License-Identifier: MIT
// The readers of dhcp-value.h, a row each.
#include "hw/netboot/dhcp/dhcp-value.h"

#include "pifarm/base/error.h"
#include "pifarm/base/wire.h"

#include <arpa/inet.h>
#include <string.h>

enum { ROOM = 255, MAX_LABEL = 63, ADDRESS_BITS = 32 };

gboolean pif_dhcp_address_parse(const char *text, uint32_t *ret_address)
{
    struct in_addr address;
    if (inet_pton(AF_INET, text, &address) != 1)
        return FALSE;
    *ret_address = ntohl(address.s_addr);
    return TRUE;
}

static bool read_address(const char *text, PifWriter *writer)
{
    uint32_t address = 0;
    if (!pif_dhcp_address_parse(text, &address))
        return false;
    pif_writer_be32(writer, address);
    return true;
}

/* Each part of a list. */
static bool read_list(const char *text, bool (*read)(const char *part, PifWriter *writer),
                      PifWriter *writer)
{
    g_auto(GStrv) parts = g_strsplit(text, ",", -1);
    for (char **part = parts; *part; part++)
        if (!read(g_strstrip(*part), writer))
            return false;
    return *parts != NULL;
}

static bool read_addresses(const char *text, PifWriter *writer)
{
    return read_list(text, read_address, writer);
}

static bool read_text(const char *text, PifWriter *writer)
{
    pif_writer_bytes(writer, text, strlen(text));
    return *text != '\0';
}

static bool read_any(const char *text, PifWriter *writer)
{
    size_t start = writer->position;
    if (read_addresses(text, writer))
        return true;
    writer->position = start;
    return read_text(text, writer);
}

static bool read_number(const char *text, uint64_t most, unsigned width, PifWriter *writer)
{
    guint64 value = 0;
    if (!g_ascii_string_to_unsigned(text, 10, 0, most, &value, NULL))
        return false;
    while (width-- > 0)
        pif_writer_u8(writer, (uint8_t)(value >> 8 * width));
    return true;
}

static bool read_boolean(const char *text, PifWriter *writer)
{
    return read_number(text, 1, 1, writer);
}

static bool read_u8(const char *text, PifWriter *writer)
{
    return read_number(text, UINT8_MAX, 1, writer);
}

static bool read_u16(const char *text, PifWriter *writer)
{
    return read_number(text, UINT16_MAX, 2, writer);
}

static bool read_u32(const char *text, PifWriter *writer)
{
    return read_number(text, UINT32_MAX, 4, writer);
}

static bool read_s32(const char *text, PifWriter *writer)
{
    gint64 value = 0;
    if (!g_ascii_string_to_signed(text, 10, INT32_MIN, INT32_MAX, &value, NULL))
        return false;
    pif_writer_be32(writer, (uint32_t)value);
    return true;
}

static bool read_name(const char *text, PifWriter *writer)
{
    g_auto(GStrv) labels = g_strsplit(text, ".", -1);
    for (char **label = labels; *label; label++) {
        size_t size = strlen(*label);
        if (size == 0 || size > MAX_LABEL)
            return false;
        pif_writer_u8(writer, (uint8_t)size);
        pif_writer_bytes(writer, *label, size);
    }
    pif_writer_u8(writer, 0);
    return *labels != NULL;
}

static bool read_names(const char *text, PifWriter *writer)
{
    return read_list(text, read_name, writer);
}

/* The width, as many bytes of the network as it has, the router. */
static bool read_route(const char *network, const char *router, PifWriter *writer)
{
    g_auto(GStrv) parts = g_strsplit(network, "/", 2);
    uint32_t address = 0;
    guint64 width = 0;
    if (g_strv_length(parts) != 2 || !pif_dhcp_address_parse(parts[0], &address) ||
        !g_ascii_string_to_unsigned(parts[1], 10, 0, ADDRESS_BITS, &width, NULL))
        return false;
    pif_writer_u8(writer, (uint8_t)width);
    for (unsigned i = 0; i < (width + 7) / 8; i++)
        pif_writer_u8(writer, (uint8_t)(address >> (24 - 8 * i)));
    return read_address(router, writer);
}

static bool read_routes(const char *text, PifWriter *writer)
{
    g_auto(GStrv) parts = g_strsplit(text, ",", -1);
    for (char **part = parts; *part; part += 2)
        if (!part[1] || !read_route(g_strstrip(part[0]), g_strstrip(part[1]), writer))
            return false;
    return *parts != NULL;
}

static bool read_hex(const char *text, PifWriter *writer)
{
    for (; *text; text += 2) {
        if (!g_ascii_isxdigit(text[0]) || !g_ascii_isxdigit(text[1]))
            return false;
        pif_writer_u8(
            writer, (uint8_t)(g_ascii_xdigit_value(text[0]) << 4 | g_ascii_xdigit_value(text[1])));
    }
    return true;
}

static const struct {
    bool (*read)(const char *text, PifWriter *writer);
    const char *wants;
} types[] = {
    [PIF_DHCP_VALUE_ANY] = {read_any, "some text"},
    [PIF_DHCP_VALUE_ADDRESS] = {read_address, "an address like 10.77.0.1"},
    [PIF_DHCP_VALUE_ADDRESSES] = {read_addresses, "addresses like 10.77.0.1,10.77.0.2"},
    [PIF_DHCP_VALUE_TEXT] = {read_text, "some text"},
    [PIF_DHCP_VALUE_BOOLEAN] = {read_boolean, "1 or 0"},
    [PIF_DHCP_VALUE_U8] = {read_u8, "0 to 255"},
    [PIF_DHCP_VALUE_U16] = {read_u16, "0 to 65535"},
    [PIF_DHCP_VALUE_U32] = {read_u32, "0 to 4294967295"},
    [PIF_DHCP_VALUE_S32] = {read_s32, "-2147483648 to 2147483647"},
    [PIF_DHCP_VALUE_NAMES] = {read_names, "domains like lab,example.org"},
    [PIF_DHCP_VALUE_ROUTES] = {read_routes,
                               "networks with their routers, like 10.8.0.0/16,10.77.0.9"},
};

gboolean pif_dhcp_value_parse(PifDhcpValueType type, const char *text, uint8_t *bytes,
                              uint8_t *ret_size, GError **error)
{
    PifWriter writer;
    bool is_hex = g_str_has_prefix(text, "0x");
    pif_writer_init(&writer, bytes, ROOM);
    if (!(is_hex ? read_hex(text + 2, &writer) : types[type].read(text, &writer)))
        return pif_error_set(error, PIF_ERROR_USAGE,
                             "it wants %s, or bytes like 0x0a4d0001, not '%s'", types[type].wants,
                             text);
    if (writer.overflow)
        return pif_error_set(error, PIF_ERROR_USAGE, "a DHCP option has at most %d bytes", ROOM);
    *ret_size = (uint8_t)writer.position;
    return TRUE;
}
