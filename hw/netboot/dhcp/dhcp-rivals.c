// SPDX-License-Identifier: MIT
// Answers of other servers read, and a question to them written.
#include "hw/netboot/dhcp/dhcp-rivals.h"

#include "hw/netboot/dhcp/dhcp-frame.h"

#include <string.h>

enum { SERVER_PORT = 67, CLIENT_PORT = 68, US = 1000000 };

bool pif_dhcp_rivals_is_news(PifDhcpRivals *rivals, uint32_t address, int64_t now_us)
{
    PifDhcpRival *oldest = &rivals->rows[0];
    for (unsigned i = 0; i < PIF_DHCP_MAX_RIVALS; i++) {
        PifDhcpRival *row = &rivals->rows[i];
        if (row->address == address && now_us - row->said_us < (int64_t)PIF_DHCP_RIVAL_AGAIN_S * US)
            return false;
        if (row->address == address || row->said_us < oldest->said_us)
            oldest = row;
        if (row->address == address)
            break;
    }
    *oldest = (PifDhcpRival){address, now_us};
    return true;
}

uint32_t pif_dhcp_rival_parse(const void *frame, size_t size)
{
    PifFramePath path;
    PifDhcpMessage message;
    uint8_t type = 0;
    uint32_t server = 0;
    size_t payload_size = 0;
    const uint8_t *payload = pif_frame_parse(frame, size, &path, &payload_size);
    if (!payload || path.from_port != SERVER_PORT || path.to_port != CLIENT_PORT ||
        !pif_dhcp_parse(payload, payload_size, &message) ||
        message.header.op != PIF_DHCP_BOOTREPLY ||
        !pif_dhcp_get_u8(&message, PIF_DHCP_TYPE, &type) ||
        (type != PIF_DHCP_OFFER && type != PIF_DHCP_ACK && type != PIF_DHCP_NAK))
        return 0;
    return pif_dhcp_get_u32(&message, PIF_DHCP_SERVER, &server) ? server : path.from;
}

size_t pif_dhcp_rival_format_probe(const uint8_t *from_mac, uint32_t xid, void *buffer, size_t room)
{
    static const uint8_t wanted[] = {PIF_DHCP_NETMASK, PIF_DHCP_ROUTER};
    uint8_t bytes[PIF_DHCP_MIN_REPLY];
    PifDhcpDraft draft = {.header = {.op = PIF_DHCP_BOOTREQUEST,
                                     .htype = 1,
                                     .hlen = PIF_DHCP_MAC_SIZE,
                                     .xid = xid,
                                     .flags = PIF_DHCP_FLAG_BROADCAST}};
    PifFramePath path = {.to = UINT32_MAX, .from_port = CLIENT_PORT, .to_port = SERVER_PORT};
    memcpy(draft.header.chaddr, from_mac, PIF_DHCP_MAC_SIZE);
    memcpy(path.from_mac, from_mac, sizeof path.from_mac);
    memset(path.to_mac, 0xff, sizeof path.to_mac);
    pif_dhcp_add_u8(&draft, PIF_DHCP_TYPE, PIF_DHCP_DISCOVER);
    pif_dhcp_add(&draft, PIF_DHCP_PARAMETERS, wanted, sizeof wanted);
    size_t size = pif_dhcp_format(&draft, bytes, sizeof bytes);
    return pif_frame_format(&path, bytes, size, buffer, room);
}
