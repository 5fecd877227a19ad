// SPDX-License-Identifier: MIT
// The reading half of the codec.
#include "hw/netboot/dhcp/dhcp-message.h"

#include "pifarm/base/wire.h"

#include <string.h>

enum { PAD = 0, END = 255, OVERLOAD_FILE = 1, OVERLOAD_SNAME = 2 };

static const uint32_t cookie = 0x63825363; /* RFC 2131, section 3 */

/* Options, file and sname, in the order in which their parts are put together. */
typedef struct {
    const uint8_t *bytes[3];
    size_t size[3];
} Areas;

static void copy_text(char *to, const uint8_t *from, size_t size)
{
    memcpy(to, from, size);
    to[size] = '\0';
}

static bool parse_header(PifReader *reader, PifDhcpHeader *header, Areas *areas)
{
    header->op = pif_reader_u8(reader);
    header->htype = pif_reader_u8(reader);
    header->hlen = pif_reader_u8(reader);
    header->hops = pif_reader_u8(reader);
    header->xid = pif_reader_be32(reader);
    header->secs = pif_reader_be16(reader);
    header->flags = pif_reader_be16(reader);
    header->ciaddr = pif_reader_be32(reader);
    header->yiaddr = pif_reader_be32(reader);
    header->siaddr = pif_reader_be32(reader);
    header->giaddr = pif_reader_be32(reader);
    const uint8_t *chaddr = pif_reader_bytes(reader, sizeof header->chaddr);
    areas->bytes[2] = pif_reader_bytes(reader, PIF_DHCP_SNAME_SIZE);
    areas->bytes[1] = pif_reader_bytes(reader, PIF_DHCP_FILE_SIZE);
    if (pif_reader_be32(reader) != cookie || reader->overflow ||
        header->hlen > sizeof header->chaddr)
        return false;
    memcpy(header->chaddr, chaddr, sizeof header->chaddr);
    copy_text(header->sname, areas->bytes[2], PIF_DHCP_SNAME_SIZE);
    copy_text(header->file, areas->bytes[1], PIF_DHCP_FILE_SIZE);
    return true;
}

/* The next option of an area; NULL at its end. */
static const uint8_t *next_option(PifReader *reader, uint8_t *ret_code, uint8_t *ret_size)
{
    do
        *ret_code = pif_reader_left(reader) > 0 ? pif_reader_u8(reader) : END;
    while (*ret_code == PAD);
    if (*ret_code == END)
        return NULL;
    *ret_size = pif_reader_u8(reader);
    return pif_reader_bytes(reader, *ret_size);
}

static void measure(PifDhcpMessage *message, const uint8_t *bytes, size_t size)
{
    PifReader reader;
    uint8_t code = 0;
    uint8_t part = 0;
    pif_reader_init(&reader, bytes, size);
    while (next_option(&reader, &code, &part)) {
        message->is_set[code] = true;
        message->size[code] = (uint16_t)(message->size[code] + part);
    }
}

static uint8_t overload_of(const uint8_t *bytes, size_t size)
{
    PifReader reader;
    uint8_t code = 0;
    uint8_t part = 0;
    const uint8_t *value = NULL;
    pif_reader_init(&reader, bytes, size);
    while ((value = next_option(&reader, &code, &part)))
        if (code == PIF_DHCP_OVERLOAD && part == 1)
            return *value;
    return 0;
}

static void choose_areas(PifDhcpMessage *message, Areas *areas)
{
    uint8_t overload = overload_of(areas->bytes[0], areas->size[0]);
    if (overload & OVERLOAD_FILE) {
        areas->size[1] = PIF_DHCP_FILE_SIZE;
        message->header.file[0] = '\0';
    }
    if (overload & OVERLOAD_SNAME) {
        areas->size[2] = PIF_DHCP_SNAME_SIZE;
        message->header.sname[0] = '\0';
    }
}

/* Each option has a place of its whole size, which its parts fill one after the other. */
static void collect(PifDhcpMessage *message, const Areas *areas)
{
    uint16_t filled[256] = {0};
    uint16_t start = 0;
    for (unsigned code = 0; code < 256; code++) {
        message->start[code] = start;
        start = (uint16_t)(start + message->size[code]);
    }
    for (unsigned i = 0; i < 3; i++) {
        PifReader reader;
        uint8_t code = 0;
        uint8_t part = 0;
        const uint8_t *value = NULL;
        pif_reader_init(&reader, areas->bytes[i], areas->size[i]);
        while ((value = next_option(&reader, &code, &part))) {
            memcpy(message->bytes + message->start[code] + filled[code], value, part);
            filled[code] = (uint16_t)(filled[code] + part);
        }
    }
}

bool pif_dhcp_parse(const void *bytes, size_t size, PifDhcpMessage *ret_message)
{
    PifReader reader;
    Areas areas = {0};
    memset(ret_message, 0, offsetof(PifDhcpMessage, bytes));
    pif_reader_init(&reader, bytes, size);
    if (size > PIF_DHCP_MAX_MESSAGE || !parse_header(&reader, &ret_message->header, &areas))
        return false;
    areas.size[0] = pif_reader_left(&reader);
    areas.bytes[0] = pif_reader_bytes(&reader, areas.size[0]);
    choose_areas(ret_message, &areas);
    for (unsigned i = 0; i < 3; i++)
        measure(ret_message, areas.bytes[i], areas.size[i]);
    collect(ret_message, &areas);
    return true;
}

const uint8_t *pif_dhcp_get(const PifDhcpMessage *message, PifDhcpCode code, size_t *ret_size)
{
    *ret_size = message->size[code];
    return message->is_set[code] ? message->bytes + message->start[code] : NULL;
}

static bool get_number(const PifDhcpMessage *message, PifDhcpCode code, size_t width,
                       uint32_t *ret_value)
{
    size_t size = 0;
    const uint8_t *bytes = pif_dhcp_get(message, code, &size);
    if (!bytes || size != width)
        return false;
    *ret_value = 0;
    for (size_t i = 0; i < width; i++)
        *ret_value = *ret_value << 8 | bytes[i];
    return true;
}

bool pif_dhcp_get_u8(const PifDhcpMessage *message, PifDhcpCode code, uint8_t *ret_value)
{
    uint32_t value = 0;
    if (!get_number(message, code, 1, &value))
        return false;
    *ret_value = (uint8_t)value;
    return true;
}

bool pif_dhcp_get_u16(const PifDhcpMessage *message, PifDhcpCode code, uint16_t *ret_value)
{
    uint32_t value = 0;
    if (!get_number(message, code, 2, &value))
        return false;
    *ret_value = (uint16_t)value;
    return true;
}

bool pif_dhcp_get_u32(const PifDhcpMessage *message, PifDhcpCode code, uint32_t *ret_value)
{
    return get_number(message, code, 4, ret_value);
}
