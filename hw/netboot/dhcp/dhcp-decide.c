// SPDX-License-Identifier: MIT
// RFC 2131's server as a function, with what boot ROMs want of it.
#include "hw/netboot/dhcp/dhcp-decide.h"

#include <stdio.h>
#include <string.h>

enum {
    ETHERNET = 1,
    MAX_UDP_HEADS = 28,
    LEAST_MAX_SIZE = 576, /* RFC 2132, section 9.10 */
    MOST_MAX_SIZE = 1500,
    OFFER_HOLD_S = 60,
    ROM_HOLD_S = 300, /* the ROM takes the offer, and loads for minutes before Linux asks again */
};

/* What is being decided. */
typedef struct {
    const PifDhcpConfig *config;
    PifDhcpPool *pool;
    const PifDhcpMessage *message;
    int64_t now_s;
    PifDhcpReply *reply;
    PifDhcpDraft draft;
} Case;

static void add_boot_menu(PifDhcpDraft *draft)
{
    /* As dnsmasq sends it; the 3B wants the three spaces (NETBOOT.md 1.3). */
    static const char menu[] = "\x06\x01\x03"
                               "\x0a\x04\x00PXE"
                               "\x09\x17\x00\x00\x14Raspberry Pi Boot   "
                               "\xff";
    pif_dhcp_add(draft, PIF_DHCP_VENDOR, menu, sizeof menu - 1);
}

static void add_tftp_server(PifDhcpDraft *draft, uint32_t address)
{
    char text[16];
    snprintf(text, sizeof text, "%u.%u.%u.%u", address >> 24, address >> 16 & 255,
             address >> 8 & 255, address & 255);
    pif_dhcp_add_string(draft, PIF_DHCP_TFTP_SERVER, text);
}

/* Both name the TFTP server for a Pi, and the last one wins: option 43 means whoever sends it. */
static void add_pi_options(Case *c, uint32_t tftp_server)
{
    if (tftp_server != c->config->server)
        add_boot_menu(&c->draft);
    add_tftp_server(&c->draft, tftp_server);
    if (tftp_server == c->config->server)
        add_boot_menu(&c->draft);
}

static void add_pxe_options(Case *c)
{
    size_t size = 0;
    const PifDhcpConfig *config = c->config;
    uint32_t tftp_server = config->tftp_server ? config->tftp_server : config->server;
    const uint8_t *uuid = pif_dhcp_get(c->message, PIF_DHCP_UUID, &size);
    if (!c->reply->profile->name)
        return;
    c->draft.header.siaddr = tftp_server;
    pif_dhcp_add_string(&c->draft, PIF_DHCP_CLASS, "PXEClient");
    if (uuid)
        pif_dhcp_add(&c->draft, PIF_DHCP_UUID, uuid, size);
    if (c->reply->profile->is_pi) {
        add_pi_options(c, tftp_server);
        return;
    }
    add_tftp_server(&c->draft, tftp_server);
    if (!config->boot_file)
        return;
    pif_dhcp_add_string(&c->draft, PIF_DHCP_BOOT_FILE, config->boot_file);
    snprintf(c->draft.header.file, sizeof c->draft.header.file, "%s", config->boot_file);
}

static void add_network_options(Case *c)
{
    const PifDhcpConfig *config = c->config;
    pif_dhcp_add_u32(&c->draft, PIF_DHCP_NETMASK, config->netmask);
    if (config->router)
        pif_dhcp_add_u32(&c->draft, PIF_DHCP_ROUTER, config->router);
    if (config->dns)
        pif_dhcp_add_u32(&c->draft, PIF_DHCP_DNS, config->dns);
    if (config->domain)
        pif_dhcp_add_string(&c->draft, PIF_DHCP_DOMAIN, config->domain);
}

static void add_times(Case *c)
{
    uint32_t lease_s = c->config->lease_s;
    pif_dhcp_add_u32(&c->draft, PIF_DHCP_LEASE_TIME, lease_s);
    if (c->reply->profile->name)
        return;
    pif_dhcp_add_u32(&c->draft, PIF_DHCP_RENEWAL, lease_s / 2); /* RFC 2131, section 4.4.5 */
    pif_dhcp_add_u32(&c->draft, PIF_DHCP_REBINDING, lease_s / 8 * 7);
}

static void begin(Case *c, PifDhcpType answer)
{
    const PifDhcpHeader *asked = &c->message->header;
    c->reply->answer = (uint8_t)answer;
    c->draft.header = (PifDhcpHeader){.op = PIF_DHCP_BOOTREPLY,
                                      .htype = asked->htype,
                                      .hlen = asked->hlen,
                                      .xid = asked->xid,
                                      .flags = asked->flags,
                                      .giaddr = asked->giaddr};
    memcpy(c->draft.header.chaddr, asked->chaddr, sizeof asked->chaddr);
    pif_dhcp_add_u8(&c->draft, PIF_DHCP_TYPE, (uint8_t)answer);
    pif_dhcp_add_u32(&c->draft, PIF_DHCP_SERVER, c->config->server);
}

static void echo(Case *c, PifDhcpCode code)
{
    size_t size = 0;
    const uint8_t *bytes = pif_dhcp_get(c->message, code, &size);
    if (bytes)
        pif_dhcp_add(&c->draft, code, bytes, size);
}

/* RFC 2131, section 4.1. */
static void choose_destination(Case *c, uint32_t yiaddr)
{
    const PifDhcpHeader *asked = &c->message->header;
    PifDhcpReply *reply = c->reply;
    bool is_nak = reply->answer == PIF_DHCP_NAK;
    reply->address = yiaddr;
    if (asked->giaddr) {
        reply->destination = PIF_DHCP_TO_RELAY;
        reply->address = asked->giaddr;
        if (is_nak)
            c->draft.header.flags |= PIF_DHCP_FLAG_BROADCAST;
    } else if (asked->ciaddr && !is_nak) {
        reply->destination = PIF_DHCP_TO_ADDRESS;
        reply->address = asked->ciaddr;
    } else if (is_nak || (asked->flags & PIF_DHCP_FLAG_BROADCAST) || yiaddr == 0) {
        reply->destination = PIF_DHCP_TO_EVERYBODY;
    } else {
        reply->destination = PIF_DHCP_TO_MAC;
    }
}

static void finish(Case *c, uint32_t yiaddr)
{
    uint16_t limit = LEAST_MAX_SIZE;
    c->draft.header.yiaddr = yiaddr;
    echo(c, PIF_DHCP_CLIENT_ID); /* RFC 6842 */
    echo(c, PIF_DHCP_RELAY);     /* RFC 3046: the last one */
    choose_destination(c, yiaddr);
    pif_dhcp_get_u16(c->message, PIF_DHCP_MAX_SIZE, &limit);
    limit = limit < LEAST_MAX_SIZE ? LEAST_MAX_SIZE : limit > MOST_MAX_SIZE ? MOST_MAX_SIZE : limit;
    c->reply->size = pif_dhcp_format(&c->draft, c->reply->bytes, limit - MAX_UDP_HEADS);
    if (c->reply->size > 0)
        return;
    c->reply->destination = PIF_DHCP_TO_NOBODY;
    c->reply->note = "the answer does not fit into what the client takes";
}

static void ignore(Case *c, const char *why)
{
    c->reply->note = why;
}

static void refuse(Case *c, const char *why)
{
    c->reply->note = why;
    begin(c, PIF_DHCP_NAK);
    finish(c, 0);
}

static void discover(Case *c)
{
    uint32_t wanted = 0;
    int64_t hold_s = c->reply->profile->name ? ROM_HOLD_S : OFFER_HOLD_S;
    pif_dhcp_get_u32(c->message, PIF_DHCP_REQUESTED, &wanted);
    const PifDhcpLease *lease =
        pif_dhcp_pool_offer(c->pool, c->reply->mac, wanted, c->now_s, hold_s);
    if (!lease) {
        ignore(c, "no address is left");
        return;
    }
    begin(c, PIF_DHCP_OFFER);
    add_times(c);
    add_network_options(c);
    add_pxe_options(c);
    finish(c, lease->address);
}

static void acknowledge(Case *c, uint32_t address)
{
    begin(c, PIF_DHCP_ACK);
    add_times(c);
    add_network_options(c);
    add_pxe_options(c);
    finish(c, address);
}

static void take(Case *c, uint32_t address)
{
    if (pif_dhcp_pool_take(c->pool, c->reply->mac, address, c->now_s, c->config->lease_s))
        acknowledge(c, address);
    else
        refuse(c, "that address is not for this client");
}

/* RFC 2131, table 4: SELECTING names a server; INIT-REBOOT an address; RENEWING and REBINDING have
 * theirs in ciaddr. */
static void request(Case *c)
{
    uint32_t server = 0;
    uint32_t address = c->message->header.ciaddr;
    if (pif_dhcp_get_u32(c->message, PIF_DHCP_SERVER, &server) && server != c->config->server) {
        ignore(c, "the client chose another server");
        return;
    }
    if (!address)
        pif_dhcp_get_u32(c->message, PIF_DHCP_REQUESTED, &address);
    if (address == 0)
        ignore(c, "a request without an address");
    else
        take(c, address);
}

static void decline(Case *c)
{
    uint32_t address = 0;
    pif_dhcp_get_u32(c->message, PIF_DHCP_REQUESTED, &address);
    c->reply->address = address;
    ignore(c, pif_dhcp_pool_decline(c->pool, c->reply->mac, address, c->now_s)
                  ? "the client says that its address is in use"
                  : "declined what was not its own");
}

static void release(Case *c)
{
    c->reply->address = c->message->header.ciaddr;
    if (!pif_dhcp_pool_release(c->pool, c->reply->mac, c->message->header.ciaddr))
        ignore(c, "released what was not its own");
}

/* No times and no address (RFC 2131, section 4.3.5). */
static void inform(Case *c)
{
    if (!c->message->header.ciaddr) {
        ignore(c, "an inform without an address");
        return;
    }
    begin(c, PIF_DHCP_ACK);
    add_network_options(c);
    add_pxe_options(c);
    finish(c, 0);
}

/* The other server gives the address; we say where to boot from. */
static void discover_as_proxy(Case *c)
{
    if (!c->reply->profile->name) {
        ignore(c, "no boot ROM, and addresses come from another server");
        return;
    }
    begin(c, PIF_DHCP_OFFER);
    add_pxe_options(c);
    finish(c, 0);
}

static void answer(Case *c)
{
    switch ((PifDhcpType)c->reply->type) {
    case PIF_DHCP_DISCOVER:
        discover(c);
        return;
    case PIF_DHCP_REQUEST:
        request(c);
        return;
    case PIF_DHCP_DECLINE:
        decline(c);
        return;
    case PIF_DHCP_RELEASE:
        release(c);
        return;
    case PIF_DHCP_INFORM:
        inform(c);
        return;
    case PIF_DHCP_OFFER:
    case PIF_DHCP_ACK:
    case PIF_DHCP_NAK:
        break;
    }
    ignore(c, "no message to a server");
}

void pif_dhcp_decide(const PifDhcpConfig *config, PifDhcpPool *pool, const PifDhcpMessage *message,
                     int64_t now_s, PifDhcpReply *ret_reply)
{
    Case c = {config, pool, message, now_s, ret_reply, {{0}}};
    const PifDhcpHeader *header = &message->header;
    memset(ret_reply, 0, offsetof(PifDhcpReply, bytes));
    ret_reply->profile = pif_dhcp_profile_of(message);
    memcpy(ret_reply->mac, header->chaddr, sizeof ret_reply->mac);
    if (header->op != PIF_DHCP_BOOTREQUEST || header->htype != ETHERNET ||
        header->hlen != PIF_DHCP_MAC_SIZE || (header->chaddr[0] & 1) ||
        !pif_dhcp_get_u8(message, PIF_DHCP_TYPE, &ret_reply->type)) {
        ret_reply->type = 0;
        ignore(&c, "no DHCP request of an Ethernet client");
        return;
    }
    ret_reply->has_serial = pif_dhcp_serial_of(message, &ret_reply->serial);
    if (config->is_proxy && ret_reply->type == PIF_DHCP_DISCOVER)
        discover_as_proxy(&c);
    else if (config->is_proxy)
        ignore(&c, "addresses come from another server");
    else
        answer(&c);
    if (ret_reply->has_serial)
        pif_dhcp_pool_set_serial(pool, ret_reply->mac, ret_reply->serial);
}
