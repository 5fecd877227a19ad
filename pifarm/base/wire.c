// SPDX-License-Identifier: MIT
// The bounds-checked cursors of wire.h.
#include "pifarm/base/wire.h"

#include <string.h>

void pif_reader_init(PifReader *reader, const void *data, size_t size)
{
    *reader = (PifReader){.data = data, .size = size};
}

size_t pif_reader_left(const PifReader *reader)
{
    return reader->overflow ? 0 : reader->size - reader->position;
}

const uint8_t *pif_reader_bytes(PifReader *reader, size_t count)
{
    if (count > pif_reader_left(reader)) {
        reader->overflow = true;
        return NULL;
    }
    const uint8_t *bytes = reader->data + reader->position;
    reader->position += count;
    return bytes;
}

void pif_reader_skip(PifReader *reader, size_t count)
{
    pif_reader_bytes(reader, count);
}

void pif_reader_seek(PifReader *reader, size_t position)
{
    if (position > reader->size)
        reader->overflow = true;
    else
        reader->position = position;
}

static uint64_t read_be(PifReader *reader, size_t width)
{
    const uint8_t *bytes = pif_reader_bytes(reader, width);
    uint64_t value = 0;
    for (size_t i = 0; bytes && i < width; i++)
        value = value << 8 | bytes[i];
    return value;
}

static uint64_t read_le(PifReader *reader, size_t width)
{
    const uint8_t *bytes = pif_reader_bytes(reader, width);
    uint64_t value = 0;
    for (size_t i = width; bytes && i > 0; i--)
        value = value << 8 | bytes[i - 1];
    return value;
}

uint8_t pif_reader_u8(PifReader *reader)
{
    return (uint8_t)read_be(reader, 1);
}

uint16_t pif_reader_be16(PifReader *reader)
{
    return (uint16_t)read_be(reader, 2);
}

uint32_t pif_reader_be32(PifReader *reader)
{
    return (uint32_t)read_be(reader, 4);
}

uint16_t pif_reader_le16(PifReader *reader)
{
    return (uint16_t)read_le(reader, 2);
}

uint32_t pif_reader_le32(PifReader *reader)
{
    return (uint32_t)read_le(reader, 4);
}

uint64_t pif_reader_le64(PifReader *reader)
{
    return read_le(reader, 8);
}

const char *pif_reader_string(PifReader *reader)
{
    size_t left = pif_reader_left(reader);
    size_t length = left ? strnlen((const char *)reader->data + reader->position, left) : 0;
    if (length == left) {
        reader->overflow = true;
        return NULL;
    }
    return (const char *)pif_reader_bytes(reader, length + 1);
}

void pif_writer_init(PifWriter *writer, void *data, size_t size)
{
    *writer = (PifWriter){.data = data, .size = size};
}

static uint8_t *writer_take(PifWriter *writer, size_t count)
{
    if (writer->overflow || count > writer->size - writer->position) {
        writer->overflow = true;
        return NULL;
    }
    uint8_t *bytes = writer->data + writer->position;
    writer->position += count;
    return bytes;
}

static void write_be(PifWriter *writer, uint64_t value, size_t width)
{
    uint8_t *bytes = writer_take(writer, width);
    for (size_t i = width; bytes && i > 0; i--, value >>= 8)
        bytes[i - 1] = (uint8_t)value;
}

static void write_le(PifWriter *writer, uint64_t value, size_t width)
{
    uint8_t *bytes = writer_take(writer, width);
    for (size_t i = 0; bytes && i < width; i++, value >>= 8)
        bytes[i] = (uint8_t)value;
}

void pif_writer_u8(PifWriter *writer, uint8_t value)
{
    write_be(writer, value, 1);
}

void pif_writer_be16(PifWriter *writer, uint16_t value)
{
    write_be(writer, value, 2);
}

void pif_writer_be32(PifWriter *writer, uint32_t value)
{
    write_be(writer, value, 4);
}

void pif_writer_le16(PifWriter *writer, uint16_t value)
{
    write_le(writer, value, 2);
}

void pif_writer_le32(PifWriter *writer, uint32_t value)
{
    write_le(writer, value, 4);
}

void pif_writer_bytes(PifWriter *writer, const void *bytes, size_t count)
{
    uint8_t *to = writer_take(writer, count);
    if (to && count)
        memcpy(to, bytes, count);
}

void pif_writer_fill(PifWriter *writer, uint8_t value, size_t count)
{
    uint8_t *to = writer_take(writer, count);
    if (to && count)
        memset(to, value, count);
}
