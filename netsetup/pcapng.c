// SPDX-License-Identifier: MIT
// Blocks of a capture file. Each begins with its type and its length and ends with its length.
#include "netsetup/pcapng.h"

#include <string.h>

/* draft-ietf-opsawg-pcapng: block types, section 4; options, sections 3.5, 4.2 and 4.3 */
enum {
    SECTION_HEADER = 0x0a0d0d0a,
    INTERFACE = 1,
    ENHANCED_PACKET = 6,
    BYTE_ORDER_MAGIC = 0x1a2b3c4d,
    LINKTYPE_ETHERNET = 1,
    OPTION_END = 0,
    OPTION_IF_NAME = 2,
    OPTION_IF_TSRESOL = 9,
    OPTION_EPB_FLAGS = 2,
    INBOUND = 1,
    OUTBOUND = 2,
};

static void put_u16(GByteArray *file, uint16_t value)
{
    uint16_t bytes = GUINT16_TO_LE(value);
    g_byte_array_append(file, (const guint8 *)&bytes, sizeof bytes);
}

static void put_u32(GByteArray *file, uint32_t value)
{
    uint32_t bytes = GUINT32_TO_LE(value);
    g_byte_array_append(file, (const guint8 *)&bytes, sizeof bytes);
}

static void put_padded(GByteArray *file, const void *bytes, size_t size)
{
    static const guint8 padding[4];
    g_byte_array_append(file, bytes, (guint)size);
    g_byte_array_append(file, padding, (guint)(-size & 3));
}

static void put_option(GByteArray *file, uint16_t code, const void *value, size_t size)
{
    put_u16(file, code);
    put_u16(file, (uint16_t)size);
    if (size)
        put_padded(file, value, size);
}

/* Returns where the block begins, for end_block(). */
static guint begin_block(GByteArray *file, uint32_t type)
{
    guint start = file->len;
    put_u32(file, type);
    put_u32(file, 0);
    return start;
}

static void end_block(GByteArray *file, guint start)
{
    uint32_t length = file->len - start + 4;
    uint32_t bytes = GUINT32_TO_LE(length);
    memcpy(file->data + start + 4, &bytes, sizeof bytes);
    put_u32(file, length);
}

static void append_section(GByteArray *file)
{
    guint start = begin_block(file, SECTION_HEADER);
    put_u32(file, BYTE_ORDER_MAGIC);
    put_u16(file, 1); /* version 1.0 */
    put_u16(file, 0);
    put_u32(file, UINT32_MAX); /* length of the section: not known */
    put_u32(file, UINT32_MAX);
    end_block(file, start);
}

static void append_interface(GByteArray *file, const char *link)
{
    static const guint8 nanoseconds = 9; /* 10^-9 s */
    guint start = begin_block(file, INTERFACE);
    put_u16(file, LINKTYPE_ETHERNET);
    put_u16(file, 0);
    put_u32(file, 0); /* no limit to a frame's length */
    put_option(file, OPTION_IF_NAME, link, strlen(link));
    put_option(file, OPTION_IF_TSRESOL, &nanoseconds, sizeof nanoseconds);
    put_option(file, OPTION_END, NULL, 0);
    end_block(file, start);
}

void pif_pcapng_append_heading(GByteArray *file, const char *link)
{
    append_section(file);
    append_interface(file, link);
}

void pif_pcapng_append_frame(GByteArray *file, const PifFrame *frame)
{
    uint32_t flags = GUINT32_TO_LE(frame->is_outbound ? OUTBOUND : INBOUND);
    guint start = begin_block(file, ENHANCED_PACKET);
    put_u32(file, 0); /* the only interface */
    put_u32(file, (uint32_t)((guint64)frame->time_ns >> 32));
    put_u32(file, (uint32_t)frame->time_ns);
    put_u32(file, frame->size);
    put_u32(file, frame->original);
    put_padded(file, frame->bytes, frame->size);
    put_option(file, OPTION_EPB_FLAGS, &flags, sizeof flags);
    put_option(file, OPTION_END, NULL, 0);
    end_block(file, start);
}
