// SPDX-License-Identifier: MIT
// The codec of tftp-packet.h; options are the rows of a table.
#include "hw/netboot/tftp/tftp-packet.h"

#include "pifarm/base/wire.h"

#include <string.h>
#include <strings.h>

typedef struct {
    const char *name;
    uint64_t least;
    uint64_t most;
} OptionRow;

static const OptionRow option_rows[PIF_TFTP_N_OPTIONS] = {
    [PIF_TFTP_BLKSIZE] = {"blksize", 8, 65464},      /* RFC 2348 */
    [PIF_TFTP_TSIZE] = {"tsize", 0, INT64_MAX},      /* RFC 2349 */
    [PIF_TFTP_TIMEOUT] = {"timeout", 1, 255},        /* RFC 2349 */
    [PIF_TFTP_WINDOWSIZE] = {"windowsize", 1, 65535} /* RFC 7440 */
};

static bool parse_number(const char *text, uint64_t *ret_number)
{
    uint64_t number = 0;
    if (!*text)
        return false;
    for (; *text; text++) {
        if (*text < '0' || *text > '9' || number > (UINT64_MAX - 9) / 10)
            return false;
        number = number * 10 + (uint64_t)(*text - '0');
    }
    *ret_number = number;
    return true;
}

static void set_option(PifTftpOptions *options, const char *name, const char *value)
{
    uint64_t number = 0;
    for (unsigned i = 0; i < PIF_TFTP_N_OPTIONS; i++) {
        const OptionRow *row = &option_rows[i];
        if (strcasecmp(name, row->name) != 0 || !parse_number(value, &number) ||
            number < row->least || number > row->most)
            continue;
        options->is_set[i] = true;
        options->value[i] = number;
    }
}

static void parse_options(PifReader *reader, PifTftpOptions *options)
{
    while (pif_reader_left(reader) > 0) {
        const char *name = pif_reader_string(reader);
        const char *value = name ? pif_reader_string(reader) : NULL;
        if (value)
            set_option(options, name, value);
    }
}

static bool parse_request(PifReader *reader, PifTftpPacket *packet)
{
    packet->file = pif_reader_string(reader);
    packet->mode = packet->file ? pif_reader_string(reader) : NULL;
    if (!packet->mode || reader->size > PIF_TFTP_REQUEST_MAX)
        return false;
    parse_options(reader, &packet->options);
    return true;
}

static bool parse_error(PifReader *reader, PifTftpPacket *packet)
{
    packet->error = pif_reader_be16(reader);
    bool is_whole = !reader->overflow;
    const char *message = pif_reader_string(reader);
    packet->message = message ? message : "";
    return is_whole;
}

static bool parse_block(PifReader *reader, PifTftpPacket *packet)
{
    packet->block = pif_reader_be16(reader);
    if (packet->opcode == PIF_TFTP_DATA) {
        packet->data_size = pif_reader_left(reader);
        packet->data = pif_reader_bytes(reader, packet->data_size);
    }
    return !reader->overflow;
}

bool pif_tftp_parse(const void *bytes, size_t size, PifTftpPacket *ret_packet)
{
    PifReader reader;
    pif_reader_init(&reader, bytes, size);
    uint16_t opcode = pif_reader_be16(&reader);
    PifTftpPacket packet = {.opcode = (PifTftpOpcode)opcode};
    bool is_good = false;
    if (opcode == PIF_TFTP_RRQ || opcode == PIF_TFTP_WRQ)
        is_good = parse_request(&reader, &packet);
    else if (opcode == PIF_TFTP_DATA || opcode == PIF_TFTP_ACK)
        is_good = parse_block(&reader, &packet);
    else if (opcode == PIF_TFTP_ERROR)
        is_good = parse_error(&reader, &packet);
    else if (opcode == PIF_TFTP_OACK) {
        parse_options(&reader, &packet.options);
        is_good = true;
    }
    if (is_good)
        *ret_packet = packet;
    return is_good;
}

static void write_string(PifWriter *writer, const char *text)
{
    pif_writer_bytes(writer, text, strlen(text) + 1);
}

static void write_number(PifWriter *writer, uint64_t number)
{
    char text[24];
    char *digit = text + sizeof text - 1;
    *digit = '\0';
    do
        *--digit = (char)('0' + number % 10);
    while (number /= 10);
    write_string(writer, digit);
}

static void write_options(PifWriter *writer, const PifTftpOptions *options)
{
    for (unsigned i = 0; i < PIF_TFTP_N_OPTIONS; i++) {
        if (!options->is_set[i])
            continue;
        write_string(writer, option_rows[i].name);
        write_number(writer, options->value[i]);
    }
}

static void write_body(PifWriter *writer, const PifTftpPacket *packet)
{
    switch (packet->opcode) {
    case PIF_TFTP_RRQ:
    case PIF_TFTP_WRQ:
        write_string(writer, packet->file);
        write_string(writer, packet->mode);
        write_options(writer, &packet->options);
        break;
    case PIF_TFTP_DATA:
        pif_writer_be16(writer, packet->block);
        if (packet->data)
            pif_writer_bytes(writer, packet->data, packet->data_size);
        break;
    case PIF_TFTP_ACK:
        pif_writer_be16(writer, packet->block);
        break;
    case PIF_TFTP_ERROR:
        pif_writer_be16(writer, packet->error);
        write_string(writer, packet->message);
        break;
    case PIF_TFTP_OACK:
        write_options(writer, &packet->options);
        break;
    }
}

size_t pif_tftp_format(const PifTftpPacket *packet, void *buffer, size_t size)
{
    PifWriter writer;
    pif_writer_init(&writer, buffer, size);
    pif_writer_be16(&writer, (uint16_t)packet->opcode);
    write_body(&writer, packet);
    return writer.overflow ? 0 : writer.position;
}
