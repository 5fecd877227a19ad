// SPDX-License-Identifier: MIT
// Ethernet, IPv4 and UDP heads with their checksums (RFC 791, 768).
#include "hw/netboot/dhcp/dhcp-frame.h"

#include "pifarm/base/wire.h"

#include <string.h>

enum {
    IP_HEAD = 20,
    UDP_HEAD = 8,
    UDP = 17,
    TTL = 64,
    ETHERTYPE_IP = 0x0800,
    ETHERTYPE_WOL = 0x0842
};

static uint32_t sum_words(const uint8_t *bytes, size_t size)
{
    uint32_t sum = 0;
    for (size_t i = 0; i + 1 < size; i += 2)
        sum += (uint32_t)bytes[i] << 8 | bytes[i + 1];
    return size % 2 ? sum + ((uint32_t)bytes[size - 1] << 8) : sum;
}

static uint16_t fold(uint32_t sum)
{
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)~sum;
}

static void write_ethernet(PifWriter *writer, const PifFramePath *path, uint16_t type)
{
    pif_writer_bytes(writer, path->to_mac, sizeof path->to_mac);
    pif_writer_bytes(writer, path->from_mac, sizeof path->from_mac);
    pif_writer_be16(writer, type);
}

static void write_ip(PifWriter *writer, const PifFramePath *path, size_t size)
{
    uint8_t head[IP_HEAD];
    uint16_t checksum = 0;
    for (unsigned pass = 0; pass < 2; pass++) {
        PifWriter ip;
        pif_writer_init(&ip, head, sizeof head);
        pif_writer_be16(&ip, 0x4500); /* version 4, five words */
        pif_writer_be16(&ip, (uint16_t)(IP_HEAD + UDP_HEAD + size));
        pif_writer_be32(&ip, 0); /* in one piece */
        pif_writer_u8(&ip, TTL);
        pif_writer_u8(&ip, UDP);
        pif_writer_be16(&ip, checksum);
        pif_writer_be32(&ip, path->from);
        pif_writer_be32(&ip, path->to);
        checksum = fold(sum_words(head, sizeof head));
    }
    /* of a head with its checksum the sum is 0: the first pass's is in it */
    pif_writer_bytes(writer, head, sizeof head);
}

static uint16_t udp_checksum(const PifFramePath *path, const void *payload, size_t size)
{
    uint32_t length = (uint32_t)(UDP_HEAD + size);
    uint32_t sum = (path->from >> 16) + (path->from & 0xffff) + (path->to >> 16) +
                   (path->to & 0xffff) + UDP + 2 * length + path->from_port + path->to_port;
    uint16_t checksum = fold(sum + sum_words(payload, size));
    return checksum ? checksum : 0xffff; /* RFC 768: 0 would mean that there is none */
}

size_t pif_frame_format(const PifFramePath *path, const void *payload, size_t size, void *buffer,
                        size_t room)
{
    PifWriter writer;
    pif_writer_init(&writer, buffer, room);
    write_ethernet(&writer, path, ETHERTYPE_IP);
    write_ip(&writer, path, size);
    pif_writer_be16(&writer, path->from_port);
    pif_writer_be16(&writer, path->to_port);
    pif_writer_be16(&writer, (uint16_t)(UDP_HEAD + size));
    pif_writer_be16(&writer, udp_checksum(path, payload, size));
    pif_writer_bytes(&writer, payload, size);
    return writer.overflow ? 0 : writer.position;
}

/* From the first word of the head to the payload's; the size that is left is the datagram's. */
static bool parse_ip(PifReader *reader, PifFramePath *path)
{
    enum { MORE_OR_LATER_PIECES = 0x3fff };
    uint8_t version_and_words = pif_reader_u8(reader);
    size_t head = (size_t)(version_and_words & 15) * 4;
    pif_reader_skip(reader, 5);
    uint16_t pieces = pif_reader_be16(reader);
    pif_reader_skip(reader, 1);
    uint8_t protocol = pif_reader_u8(reader);
    pif_reader_skip(reader, 2);
    path->from = pif_reader_be32(reader);
    path->to = pif_reader_be32(reader);
    if (version_and_words >> 4 != 4 || head < IP_HEAD || protocol != UDP ||
        (pieces & MORE_OR_LATER_PIECES))
        return false;
    pif_reader_skip(reader, head - IP_HEAD);
    return true;
}

const uint8_t *pif_frame_parse(const void *bytes, size_t size, PifFramePath *ret_path,
                               size_t *ret_size)
{
    PifReader reader;
    pif_reader_init(&reader, bytes, size);
    const uint8_t *to_mac = pif_reader_bytes(&reader, sizeof ret_path->to_mac);
    const uint8_t *from_mac = pif_reader_bytes(&reader, sizeof ret_path->from_mac);
    if (pif_reader_be16(&reader) != ETHERTYPE_IP || !parse_ip(&reader, ret_path))
        return NULL;
    ret_path->from_port = pif_reader_be16(&reader);
    ret_path->to_port = pif_reader_be16(&reader);
    uint16_t length = pif_reader_be16(&reader);
    pif_reader_skip(&reader, 2);
    if (reader.overflow || length < UDP_HEAD)
        return NULL;
    memcpy(ret_path->to_mac, to_mac, sizeof ret_path->to_mac);
    memcpy(ret_path->from_mac, from_mac, sizeof ret_path->from_mac);
    *ret_size = length - UDP_HEAD;
    return pif_reader_bytes(&reader, *ret_size);
}

size_t pif_frame_format_nudge(const PifFramePath *path, void *buffer, size_t room)
{
    enum { COPIES = 16 };
    PifWriter writer;
    pif_writer_init(&writer, buffer, room);
    write_ethernet(&writer, path, ETHERTYPE_WOL);
    pif_writer_fill(&writer, 0xff, sizeof path->to_mac);
    for (unsigned i = 0; i < COPIES; i++)
        pif_writer_bytes(&writer, path->to_mac, sizeof path->to_mac);
    return writer.overflow ? 0 : writer.position;
}
