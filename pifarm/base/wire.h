// SPDX-License-Identifier: MIT
// Bounds-checked cursors over packet bytes, with a sticky overflow flag instead of a check at every
// field.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Reads from bytes it does not own. A read past the end returns zeros and sets overflow, for good.
 */
typedef struct {
    const uint8_t *data;
    size_t size;
    size_t position;
    bool overflow;
} PifReader;

void pif_reader_init(PifReader *reader, const void *data, size_t size);
size_t pif_reader_left(const PifReader *reader);
uint8_t pif_reader_u8(PifReader *reader);
uint16_t pif_reader_be16(PifReader *reader);
uint32_t pif_reader_be32(PifReader *reader);
uint16_t pif_reader_le16(PifReader *reader);
uint32_t pif_reader_le32(PifReader *reader);
uint64_t pif_reader_le64(PifReader *reader);
void pif_reader_skip(PifReader *reader, size_t count);
void pif_reader_seek(PifReader *reader, size_t position);

/* Pointer to the next count bytes within the data, NULL (and overflow) when there are fewer. */
const uint8_t *pif_reader_bytes(PifReader *reader, size_t count);

/* The bytes up to a NUL, which is consumed too; NULL (and overflow) when there is no NUL. */
const char *pif_reader_string(PifReader *reader);

/* Writes into a buffer it does not own. A write past the end writes nothing and sets overflow, for
 * good. */
typedef struct {
    uint8_t *data;
    size_t size;
    size_t position;
    bool overflow;
} PifWriter;

void pif_writer_init(PifWriter *writer, void *data, size_t size);
void pif_writer_u8(PifWriter *writer, uint8_t value);
void pif_writer_be16(PifWriter *writer, uint16_t value);
void pif_writer_be32(PifWriter *writer, uint32_t value);
void pif_writer_le16(PifWriter *writer, uint16_t value);
void pif_writer_le32(PifWriter *writer, uint32_t value);
void pif_writer_bytes(PifWriter *writer, const void *bytes, size_t count);
void pif_writer_fill(PifWriter *writer, uint8_t value, size_t count);
