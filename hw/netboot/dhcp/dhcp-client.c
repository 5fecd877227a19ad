// SPDX-License-Identifier: MIT
// The client's half of the exchange: which message follows on which.
#include "hw/netboot/dhcp/dhcp-client.h"

#include <net/if_arp.h>
#include <string.h>

enum { MAX_REQUESTS = 3 };

/* Answers are to be broadcast: without an address of ours the kernel would not give us others. */
size_t pif_dhcp_client_ask(PifDhcpClient *client, void *buffer, size_t size)
{
    static const uint8_t wanted[] = {PIF_DHCP_NETMASK, PIF_DHCP_ROUTER, PIF_DHCP_DNS};
    PifDhcpDraft draft = {.header = {.op = PIF_DHCP_BOOTREQUEST,
                                     .htype = ARPHRD_ETHER,
                                     .hlen = PIF_DHCP_MAC_SIZE,
                                     .xid = client->xid,
                                     .flags = PIF_DHCP_FLAG_BROADCAST}};
    memcpy(draft.header.chaddr, client->mac, PIF_DHCP_MAC_SIZE);
    if (client->state == PIF_DHCP_REQUESTING && client->n_asked++ == MAX_REQUESTS)
        client->state = PIF_DHCP_SELECTING;
    gboolean is_request = client->state == PIF_DHCP_REQUESTING;
    pif_dhcp_add_u8(&draft, PIF_DHCP_TYPE, is_request ? PIF_DHCP_REQUEST : PIF_DHCP_DISCOVER);
    if (is_request) {
        pif_dhcp_add_u32(&draft, PIF_DHCP_REQUESTED, client->answer.address);
        pif_dhcp_add_u32(&draft, PIF_DHCP_SERVER, client->server);
    }
    pif_dhcp_add(&draft, PIF_DHCP_PARAMETERS, wanted, sizeof wanted);
    return pif_dhcp_format(&draft, buffer, size);
}

static bool is_for(const PifDhcpClient *client, const PifDhcpMessage *message)
{
    return message->header.op == PIF_DHCP_BOOTREPLY && message->header.xid == client->xid &&
           memcmp(message->header.chaddr, client->mac, PIF_DHCP_MAC_SIZE) == 0;
}

/* The first of an option's addresses, up to max of them. */
static size_t read_addresses(const PifDhcpMessage *message, PifDhcpCode code, uint32_t *addresses,
                             size_t max)
{
    size_t size = 0, n = 0;
    const uint8_t *bytes = pif_dhcp_get(message, code, &size);
    for (; bytes && n < max && (n + 1) * 4 <= size; n++) {
        const uint8_t *at = bytes + n * 4;
        addresses[n] = (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
    }
    return n;
}

static PifDhcpAnswer read_answer(const PifDhcpMessage *message)
{
    PifDhcpAnswer answer = {.address = message->header.yiaddr};
    read_addresses(message, PIF_DHCP_NETMASK, &answer.netmask, 1);
    read_addresses(message, PIF_DHCP_ROUTER, &answer.router, 1);
    answer.n_dns = read_addresses(message, PIF_DHCP_DNS, answer.dns, PIF_DHCP_CLIENT_DNS);
    return answer;
}

static bool take_offer(PifDhcpClient *client, const PifDhcpMessage *message)
{
    if (client->state != PIF_DHCP_SELECTING || !message->header.yiaddr ||
        !pif_dhcp_get_u32(message, PIF_DHCP_SERVER, &client->server))
        return false;
    client->answer = read_answer(message);
    client->n_asked = 0;
    client->state = PIF_DHCP_REQUESTING;
    return true;
}

/* What is confirmed counts, should it differ from what was offered. */
static bool take_end(PifDhcpClient *client, const PifDhcpMessage *message, bool is_confirmed)
{
    uint32_t server;
    if (client->state != PIF_DHCP_REQUESTING ||
        !pif_dhcp_get_u32(message, PIF_DHCP_SERVER, &server) || server != client->server ||
        (is_confirmed && !message->header.yiaddr))
        return false;
    client->state = is_confirmed ? PIF_DHCP_BOUND : PIF_DHCP_SELECTING;
    if (is_confirmed)
        client->answer = read_answer(message);
    return true;
}

bool pif_dhcp_client_take(PifDhcpClient *client, const void *bytes, size_t size)
{
    PifDhcpMessage message;
    uint8_t type;
    if (!pif_dhcp_parse(bytes, size, &message) || !is_for(client, &message) ||
        !pif_dhcp_get_u8(&message, PIF_DHCP_TYPE, &type))
        return false;
    if (type == PIF_DHCP_OFFER)
        return take_offer(client, &message);
    if (type == PIF_DHCP_ACK || type == PIF_DHCP_NAK)
        return take_end(client, &message, type == PIF_DHCP_ACK);
    return false;
}
