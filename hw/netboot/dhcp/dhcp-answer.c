// SPDX-License-Identifier: MIT
// What an answer says and where it goes, once it is decided that there is one.
#include "hw/netboot/dhcp/dhcp-case.h"

#include <stdio.h>
#include <string.h>

enum {
    MAX_UDP_HEADS = 28,
    LEAST_MAX_SIZE = 576, /* RFC 2132, section 9.10 */
    MOST_MAX_SIZE = 1500,
};

static void add_boot_menu(PifDhcpDraft *draft)
{
    /* As dnsmasq sends it; the 3B wants the three spaces (NETBOOT.md 1.3). */
    static const char menu[] = "\x06\x01\x03"
                               "\x0a\x04\x00PXE"
                               "\x09\x17\x00\x00\x14Raspberry Pi Boot   "
                               "\xff";
    pif_dhcp_add(draft, PIF_DHCP_VENDOR, menu, sizeof menu - 1);
}

/* The PXE specification 2.1, table 2-1: option 43's 6, bit 3: no menu, the file that is named. */
static void add_no_menu(PifDhcpDraft *draft)
{
    static const char no_menu[] = "\x06\x01\x08\xff";
    pif_dhcp_add(draft, PIF_DHCP_VENDOR, no_menu, sizeof no_menu - 1);
}

static void add_tftp_server(PifDhcpDraft *draft, uint32_t address)
{
    char text[16];
    snprintf(text, sizeof text, "%u.%u.%u.%u", address >> 24, address >> 16 & 255,
             address >> 8 & 255, address & 255);
    pif_dhcp_add_string(draft, PIF_DHCP_TFTP_SERVER, text);
}

/* Both name the TFTP server for a Pi, and the last one wins: option 43 means whoever sends it. */
static void add_pi_options(PifDhcpCase *c, uint32_t tftp_server)
{
    if (tftp_server != c->config->server)
        add_boot_menu(&c->draft);
    add_tftp_server(&c->draft, tftp_server);
    if (tftp_server == c->config->server)
        add_boot_menu(&c->draft);
}

/* Option 93, else what option 60 says: "PXEClient:Arch:00007:..." */
static bool arch_of(const PifDhcpMessage *message, unsigned *ret_arch)
{
    size_t size = 0;
    const uint8_t *bytes = pif_dhcp_get(message, PIF_DHCP_ARCH, &size);
    if (bytes && size >= 2) {
        *ret_arch = (unsigned)bytes[0] << 8 | bytes[1];
        return true;
    }
    bytes = pif_dhcp_get(message, PIF_DHCP_CLASS, &size);
    g_autofree char *class = bytes ? g_strndup((const char *)bytes, size) : NULL;
    return class && sscanf(class, "PXEClient:Arch:%5u", ret_arch) == 1;
}

static const char *boot_file_for(const PifDhcpCase *c)
{
    const PifDhcpConfig *config = c->config;
    unsigned arch = 0;
    if (c->verdict && c->verdict->boot_file)
        return c->verdict->boot_file;
    if (config->n_boot_files == 0 || !arch_of(c->message, &arch))
        return config->boot_file;
    for (unsigned i = 0; i < config->n_boot_files; i++)
        if (config->boot_files[i].arch == arch)
            return config->boot_files[i].file;
    return config->boot_file;
}

static void add_pxe_options(PifDhcpCase *c)
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
    if (config->is_proxy)
        add_no_menu(&c->draft);
    add_tftp_server(&c->draft, tftp_server);
    const char *file = boot_file_for(c);
    if (!file)
        return;
    pif_dhcp_add_string(&c->draft, PIF_DHCP_BOOT_FILE, file);
    snprintf(c->draft.header.file, sizeof c->draft.header.file, "%s", file);
}

/* What the client is to call itself; or NULL. */
static const char *hostname_for(const PifDhcpCase *c)
{
    const PifDhcpLease *lease = pif_dhcp_pool_find_client(c->pool, c->reply->mac);
    if (c->verdict && c->verdict->hostname)
        return c->verdict->hostname;
    return lease ? lease->name : NULL;
}

static void add_network_options(PifDhcpCase *c)
{
    const PifDhcpConfig *config = c->config;
    const char *hostname = hostname_for(c);
    pif_dhcp_add_u32(&c->draft, PIF_DHCP_NETMASK, config->netmask);
    if (config->router)
        pif_dhcp_add_u32(&c->draft, PIF_DHCP_ROUTER, config->router);
    if (config->dns)
        pif_dhcp_add_u32(&c->draft, PIF_DHCP_DNS, config->dns);
    if (config->domain)
        pif_dhcp_add_string(&c->draft, PIF_DHCP_DOMAIN, config->domain);
    if (hostname && !c->reply->profile->name) /* a boot ROM has no use for it */
        pif_dhcp_add_string(&c->draft, PIF_DHCP_HOSTNAME, hostname);
}

static void add_times(PifDhcpCase *c)
{
    uint32_t lease_s = c->config->lease_s;
    pif_dhcp_add_u32(&c->draft, PIF_DHCP_LEASE_TIME, lease_s);
    if (c->reply->profile->name)
        return;
    pif_dhcp_add_u32(&c->draft, PIF_DHCP_RENEWAL, lease_s / 2); /* RFC 2131, section 4.4.5 */
    pif_dhcp_add_u32(&c->draft, PIF_DHCP_REBINDING, lease_s / 8 * 7);
}

static void begin(PifDhcpCase *c, PifDhcpType answer)
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

static void echo(PifDhcpCase *c, PifDhcpCode code)
{
    size_t size = 0;
    const uint8_t *bytes = pif_dhcp_get(c->message, code, &size);
    if (bytes)
        pif_dhcp_add(&c->draft, code, bytes, size);
}

static bool hears_only_broadcasts(const PifDhcpCase *c)
{
    const PifDhcpReply *reply = c->reply;
    for (unsigned i = 0; i < c->config->n_broadcast; i++)
        if (pif_dhcp_match_test(&c->config->broadcast[i], reply->mac,
                                reply->has_uuid ? reply->uuid : NULL))
            return true;
    return false;
}

/* RFC 2131, section 4.1. */
static void choose_destination(PifDhcpCase *c, uint32_t yiaddr)
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
    } else if (is_nak || (asked->flags & PIF_DHCP_FLAG_BROADCAST) || yiaddr == 0 ||
               hears_only_broadcasts(c)) {
        reply->destination = PIF_DHCP_TO_EVERYBODY;
    } else {
        reply->destination = PIF_DHCP_TO_MAC;
    }
}

static bool is_wanted(const PifDhcpCase *c, const PifDhcpOption *option)
{
    size_t size = 0;
    const uint8_t *wanted = pif_dhcp_get(c->message, PIF_DHCP_PARAMETERS, &size);
    return option->is_forced || !wanted || memchr(wanted, option->code, size) ||
           pif_dhcp_has(&c->draft, (PifDhcpCode)option->code);
}

/* What is configured by name or number goes before what we would say. */
static void add_configured_options(PifDhcpCase *c)
{
    const PifDhcpReply *reply = c->reply;
    const PifDhcpOption *chosen[256];
    if (c->config->n_options == 0)
        return;
    pif_dhcp_options_choose(c->config->options, c->config->n_options, reply->mac,
                            reply->has_uuid ? reply->uuid : NULL, chosen);
    for (unsigned code = 0; code < G_N_ELEMENTS(chosen); code++)
        if (chosen[code] && is_wanted(c, chosen[code]))
            pif_dhcp_set(&c->draft, (PifDhcpCode)code, chosen[code]->bytes, chosen[code]->size);
}

static void finish(PifDhcpCase *c, uint32_t yiaddr)
{
    uint16_t limit = LEAST_MAX_SIZE;
    c->draft.header.yiaddr = yiaddr;
    c->reply->yiaddr = yiaddr;
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

void pif_dhcp_answer(PifDhcpCase *c, PifDhcpType type, uint32_t address)
{
    begin(c, type);
    add_times(c);
    add_network_options(c);
    add_pxe_options(c);
    add_configured_options(c);
    finish(c, address);
}

void pif_dhcp_answer_inform(PifDhcpCase *c)
{
    begin(c, PIF_DHCP_ACK);
    add_network_options(c);
    add_pxe_options(c);
    add_configured_options(c);
    finish(c, 0);
}

void pif_dhcp_answer_boot(PifDhcpCase *c, PifDhcpType type)
{
    begin(c, type);
    c->draft.header.ciaddr = type == PIF_DHCP_ACK ? c->message->header.ciaddr : 0;
    add_pxe_options(c);
    finish(c, 0);
}

void pif_dhcp_answer_nak(PifDhcpCase *c)
{
    begin(c, PIF_DHCP_NAK);
    finish(c, 0);
}
