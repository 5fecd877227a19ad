// SPDX-License-Identifier: MIT
// The writing half of the codec: options split at 255 bytes, and moved to file and sname at need.
#include "hw/netboot/dhcp/dhcp-message.h"

#include "pifarm/base/wire.h"

#include <string.h>

enum { END = 255, MAX_PART = 255, FIXED_SIZE = 240, OVERLOAD_ROOM = 3, N_AREAS = 3 };

static const uint32_t cookie = 0x63825363; /* RFC 2131, section 3 */

void pif_dhcp_add(PifDhcpDraft *draft, PifDhcpCode code, const void *bytes, size_t size)
{
    if (draft->n_items == PIF_DHCP_MAX_ITEMS || size > sizeof draft->bytes - draft->used) {
        draft->overflow = true;
        return;
    }
    draft->items[draft->n_items].code = (uint8_t)code;
    draft->items[draft->n_items].start = draft->used;
    draft->items[draft->n_items++].size = (uint16_t)size;
    if (size > 0)
        memcpy(draft->bytes + draft->used, bytes, size);
    draft->used = (uint16_t)(draft->used + size);
}

static unsigned find_item(const PifDhcpDraft *draft, PifDhcpCode code)
{
    unsigned i = 0;
    while (i < draft->n_items && draft->items[i].code != (uint8_t)code)
        i++;
    return i;
}

bool pif_dhcp_has(const PifDhcpDraft *draft, PifDhcpCode code)
{
    return find_item(draft, code) < draft->n_items;
}

void pif_dhcp_set(PifDhcpDraft *draft, PifDhcpCode code, const void *bytes, size_t size)
{
    unsigned item = find_item(draft, code);
    unsigned n_before = draft->n_items;
    pif_dhcp_add(draft, code, bytes, size);
    if (item == n_before || draft->overflow)
        return;
    draft->items[item] = draft->items[--draft->n_items];
}

void pif_dhcp_add_u8(PifDhcpDraft *draft, PifDhcpCode code, uint8_t value)
{
    pif_dhcp_add(draft, code, &value, 1);
}

void pif_dhcp_add_u32(PifDhcpDraft *draft, PifDhcpCode code, uint32_t value)
{
    const uint8_t bytes[] = {(uint8_t)(value >> 24), (uint8_t)(value >> 16), (uint8_t)(value >> 8),
                             (uint8_t)value};
    pif_dhcp_add(draft, code, bytes, sizeof bytes);
}

void pif_dhcp_add_string(PifDhcpDraft *draft, PifDhcpCode code, const char *text)
{
    pif_dhcp_add(draft, code, text, strlen(text));
}

/* The options field, file and sname; each keeps a byte for its end. */
typedef struct {
    PifWriter writers[N_AREAS];
    uint8_t file[PIF_DHCP_FILE_SIZE];
    uint8_t sname[PIF_DHCP_SNAME_SIZE];
    unsigned n_used;
} Areas;

static size_t room_in(const PifWriter *writer)
{
    return writer->size - writer->position;
}

/* RFC 3396: the parts of an option follow one another in the order of the areas. */
static bool place_part(Areas *areas, unsigned *area, uint8_t code, const uint8_t *bytes,
                       size_t size)
{
    while (*area < N_AREAS && room_in(&areas->writers[*area]) < size + 2)
        ++*area;
    if (*area == N_AREAS)
        return false;
    pif_writer_u8(&areas->writers[*area], code);
    pif_writer_u8(&areas->writers[*area], (uint8_t)size);
    pif_writer_bytes(&areas->writers[*area], bytes, size);
    return true;
}

static bool place_item(Areas *areas, const PifDhcpDraft *draft, unsigned item)
{
    const uint8_t *bytes = draft->bytes + draft->items[item].start;
    size_t left = draft->items[item].size;
    unsigned area = 0;
    do {
        size_t part = left < MAX_PART ? left : MAX_PART;
        if (!place_part(areas, &area, draft->items[item].code, bytes, part))
            return false;
        bytes += part;
        left -= part;
    } while (left > 0);
    return true;
}

static size_t total_size(const PifDhcpDraft *draft)
{
    size_t total = 0;
    for (unsigned i = 0; i < draft->n_items; i++) {
        size_t parts = (draft->items[i].size + MAX_PART - 1) / MAX_PART;
        total += draft->items[i].size + 2 * (parts > 0 ? parts : 1);
    }
    return total;
}

static void areas_init(Areas *areas, const PifDhcpDraft *draft, uint8_t *options, size_t room)
{
    bool is_overloaded = total_size(draft) > room;
    *areas = (Areas){0};
    pif_writer_init(&areas->writers[0], options, room);
    if (!is_overloaded)
        return;
    areas->writers[0].size -= room < OVERLOAD_ROOM ? room : OVERLOAD_ROOM;
    if (!*draft->header.file)
        pif_writer_init(&areas->writers[1], areas->file, sizeof areas->file - 1);
    if (!*draft->header.sname)
        pif_writer_init(&areas->writers[2], areas->sname, sizeof areas->sname - 1);
}

static void write_header(PifWriter *writer, const PifDhcpHeader *header, const Areas *areas)
{
    pif_writer_u8(writer, header->op);
    pif_writer_u8(writer, header->htype);
    pif_writer_u8(writer, header->hlen);
    pif_writer_u8(writer, header->hops);
    pif_writer_be32(writer, header->xid);
    pif_writer_be16(writer, header->secs);
    pif_writer_be16(writer, header->flags);
    pif_writer_be32(writer, header->ciaddr);
    pif_writer_be32(writer, header->yiaddr);
    pif_writer_be32(writer, header->siaddr);
    pif_writer_be32(writer, header->giaddr);
    pif_writer_bytes(writer, header->chaddr, sizeof header->chaddr);
    pif_writer_bytes(writer, areas->sname, sizeof areas->sname);
    pif_writer_bytes(writer, areas->file, sizeof areas->file);
    pif_writer_be32(writer, cookie);
}

/* What is in file and sname: options with their end, or the header's text. */
static uint8_t finish_texts(Areas *areas, const PifDhcpHeader *header)
{
    uint8_t overload = 0;
    if (areas->writers[1].position > 0) {
        areas->file[areas->writers[1].position] = END;
        overload |= 1;
    } else {
        memcpy(areas->file, header->file, sizeof areas->file);
    }
    if (areas->writers[2].position > 0) {
        areas->sname[areas->writers[2].position] = END;
        overload |= 2;
    } else {
        memcpy(areas->sname, header->sname, sizeof areas->sname);
    }
    return overload;
}

size_t pif_dhcp_format(const PifDhcpDraft *draft, void *buffer, size_t size)
{
    uint8_t *bytes = buffer;
    Areas areas;
    PifWriter fixed;
    if (draft->overflow || size < PIF_DHCP_MIN_REPLY)
        return 0;
    areas_init(&areas, draft, bytes + FIXED_SIZE, size - FIXED_SIZE - 1);
    for (unsigned i = 0; i < draft->n_items; i++)
        if (!place_item(&areas, draft, i))
            return 0;
    uint8_t overload = finish_texts(&areas, &draft->header);
    pif_writer_init(&fixed, bytes, FIXED_SIZE);
    write_header(&fixed, &draft->header, &areas);
    size_t end = FIXED_SIZE + areas.writers[0].position;
    if (overload) {
        memcpy(bytes + end, (const uint8_t[]){PIF_DHCP_OVERLOAD, 1, overload}, OVERLOAD_ROOM);
        end += OVERLOAD_ROOM;
    }
    bytes[end++] = END;
    if (end < PIF_DHCP_MIN_REPLY)
        memset(bytes + end, 0, PIF_DHCP_MIN_REPLY - end);
    return end < PIF_DHCP_MIN_REPLY ? PIF_DHCP_MIN_REPLY : end;
}
