// SPDX-License-Identifier: MIT
// Notices of notice.h.
#include "hw/netboot/server/notice.h"

#include "hw/netboot/dhcp/dhcp-verdict.h"
#include "hw/netboot/server/events.h"

#include <arpa/inet.h>
#include <stdlib.h>

const char *pif_notice_name(const PifDhcpReply *reply)
{
    if (reply->type == PIF_DHCP_RELEASE && !reply->note)
        return "RELEASE";
    /* a Pi's ROM takes the offer and says no more */
    if (reply->answer == PIF_DHCP_OFFER && reply->yiaddr && reply->profile->is_pi)
        return "BOOT";
    if (reply->answer != PIF_DHCP_ACK || !reply->yiaddr)
        return NULL;
    return reply->is_boot_rom ? "BOOT" : "LEASE";
}

static uint32_t address_of(const PifDhcpReply *reply)
{
    return reply->yiaddr ? reply->yiaddr : reply->address;
}

char *pif_notice_format_line(const char *name, const PifDhcpReply *reply)
{
    char mac[PIF_DHCP_MAC_TEXT];
    char uuid[PIF_DHCP_UUID_TEXT];
    char address[INET_ADDRSTRLEN];
    const struct in_addr in = {htonl(address_of(reply))};
    pif_dhcp_mac_format(reply->mac, mac);
    pif_dhcp_uuid_format(reply->uuid, uuid);
    inet_ntop(AF_INET, &in, address, sizeof address);
    return g_strdup_printf("%s,%s%s%s,%s", name, reply->has_uuid ? uuid : "",
                           reply->has_uuid ? "," : "", mac, address);
}

char *pif_notice_format_json(const char *name, const PifDhcpReply *reply)
{
    char uuid[PIF_DHCP_UUID_TEXT];
    json_t *object = json_pack("{s:s, s:o, s:o}", "event", name, "mac", pif_event_mac(reply->mac),
                               "address", pif_event_address(htonl(address_of(reply))));
    pif_dhcp_uuid_format(reply->uuid, uuid);
    if (reply->has_uuid)
        json_object_set_new(object, "uuid", json_string(uuid));
    if (reply->has_serial)
        json_object_set_new(object, "serial", json_sprintf("%08x", reply->serial));
    if (*reply->hostname)
        json_object_set_new(object, "hostname", pif_event_text(reply->hostname));
    char *text = json_dumps(object, JSON_COMPACT);
    char *copy = g_strdup(text);
    free(text);
    json_decref(object);
    return copy;
}
