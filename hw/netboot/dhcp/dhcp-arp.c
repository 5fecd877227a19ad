// SPDX-License-Identifier: MIT
// Frames of dhcp-arp.h.
#include "hw/netboot/dhcp/dhcp-arp.h"

#include "pifarm/base/wire.h"

#include <string.h>

enum {
    MAC_SIZE = 6,
    ETHERTYPE_ARP = 0x0806,
    ETHERTYPE_IP = 0x0800,
    ETHERNET = 1,
    REQUEST = 1,
    REPLY = 2,
    LEAST_FRAME = 60
};

size_t pif_arp_format_probe(const uint8_t *from_mac, uint32_t address, void *buffer, size_t room)
{
    PifWriter writer;
    pif_writer_init(&writer, buffer, room);
    pif_writer_fill(&writer, 0xff, MAC_SIZE);
    pif_writer_bytes(&writer, from_mac, MAC_SIZE);
    pif_writer_be16(&writer, ETHERTYPE_ARP);
    pif_writer_be16(&writer, ETHERNET);
    pif_writer_be16(&writer, ETHERTYPE_IP);
    pif_writer_u8(&writer, MAC_SIZE);
    pif_writer_u8(&writer, sizeof address);
    pif_writer_be16(&writer, REQUEST);
    pif_writer_bytes(&writer, from_mac, MAC_SIZE);
    pif_writer_be32(&writer, 0); /* RFC 5227, section 1.1: a probe has no sender */
    pif_writer_fill(&writer, 0, MAC_SIZE);
    pif_writer_be32(&writer, address);
    if (writer.position < LEAST_FRAME)
        pif_writer_fill(&writer, 0, LEAST_FRAME - writer.position);
    return writer.overflow ? 0 : writer.position;
}

bool pif_arp_parse(const void *bytes, size_t size, PifArpSender *ret_sender)
{
    PifReader reader;
    pif_reader_init(&reader, bytes, size);
    pif_reader_skip(&reader, 2 * MAC_SIZE);
    uint16_t type = pif_reader_be16(&reader);
    uint16_t hardware = pif_reader_be16(&reader);
    uint16_t protocol = pif_reader_be16(&reader);
    uint8_t mac_size = pif_reader_u8(&reader);
    uint8_t address_size = pif_reader_u8(&reader);
    uint16_t operation = pif_reader_be16(&reader);
    const uint8_t *mac = pif_reader_bytes(&reader, MAC_SIZE);
    uint32_t address = pif_reader_be32(&reader);
    if (type != ETHERTYPE_ARP || hardware != ETHERNET || protocol != ETHERTYPE_IP ||
        mac_size != MAC_SIZE || address_size != sizeof address || reader.overflow ||
        (operation != REQUEST && operation != REPLY))
        return false;
    memcpy(ret_sender->mac, mac, MAC_SIZE);
    ret_sender->address = address;
    return true;
}
