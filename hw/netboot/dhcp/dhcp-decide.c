// SPDX-License-Identifier: MIT
// RFC 2131's server as a function, with what boot ROMs want of it.
#include "hw/netboot/dhcp/dhcp-case.h"

#include <string.h>

enum {
    ETHERNET = 1,
    OFFER_HOLD_S = 60,
    ROM_HOLD_S = 300, /* the ROM takes the offer, and loads for minutes before Linux asks again */
};

static void ignore(PifDhcpCase *c, const char *why)
{
    c->reply->note = why;
}

static void refuse(PifDhcpCase *c, const char *why)
{
    c->reply->note = why;
    pif_dhcp_answer_nak(c);
}

/* A Pi that nobody knew: the address is its own from here on, for its ROM asks no further. */
static void adopt(PifDhcpCase *c)
{
    const PifDhcpLease *lease = pif_dhcp_pool_find_client(c->pool, c->reply->mac);
    if (!c->config->access || c->config->access->unknown != PIF_DHCP_UNKNOWN_ADOPT ||
        !c->reply->profile->is_pi || !lease || lease->is_static || lease->is_adopted)
        return;
    pif_dhcp_pool_adopt(c->pool, c->reply->mac);
    c->reply->is_adopted = true;
}

static void discover(PifDhcpCase *c)
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
    pif_dhcp_answer(c, PIF_DHCP_OFFER, lease->address);
}

static void take(PifDhcpCase *c, uint32_t address)
{
    if (pif_dhcp_pool_take(c->pool, c->reply->mac, address, c->now_s, c->config->lease_s))
        pif_dhcp_answer(c, PIF_DHCP_ACK, address);
    else
        refuse(c, "that address is not for this client");
}

/* RFC 2131, table 4: SELECTING names a server; INIT-REBOOT an address; RENEWING and REBINDING have
 * theirs in ciaddr. */
static void request(PifDhcpCase *c)
{
    uint32_t address = c->message->header.ciaddr;
    if (!address)
        pif_dhcp_get_u32(c->message, PIF_DHCP_REQUESTED, &address);
    if (c->reply->other_server)
        ignore(c, "the client chose another server");
    else if (address == 0)
        ignore(c, "a request without an address");
    else if (c->verdict && c->verdict->is_refused)
        refuse(c, c->verdict->reason);
    else
        take(c, address);
}

static void decline(PifDhcpCase *c)
{
    uint32_t address = 0;
    pif_dhcp_get_u32(c->message, PIF_DHCP_REQUESTED, &address);
    c->reply->address = address;
    ignore(c, pif_dhcp_pool_decline(c->pool, c->reply->mac, address, c->now_s)
                  ? "the client says that its address is in use"
                  : "declined what was not its own");
}

static void release(PifDhcpCase *c)
{
    c->reply->address = c->message->header.ciaddr;
    if (!pif_dhcp_pool_release(c->pool, c->reply->mac, c->message->header.ciaddr))
        ignore(c, "released what was not its own");
}

static void inform(PifDhcpCase *c)
{
    if (c->message->header.ciaddr)
        pif_dhcp_answer_inform(c);
    else
        ignore(c, "an inform without an address");
}

/* The other server gives the address; we say where to boot from. */
static void answer_as_proxy(PifDhcpCase *c)
{
    if (c->reply->type != PIF_DHCP_DISCOVER)
        ignore(c, "addresses come from another server");
    else if (!c->reply->profile->name)
        ignore(c, "no boot ROM, and addresses come from another server");
    else
        pif_dhcp_answer_boot(c, PIF_DHCP_OFFER);
}

static void answer(PifDhcpCase *c)
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

static void copy_hostname(const PifDhcpMessage *message, PifDhcpReply *reply)
{
    size_t size = 0;
    const uint8_t *bytes = pif_dhcp_get(message, PIF_DHCP_HOSTNAME, &size);
    if (bytes)
        memcpy(reply->hostname, bytes, MIN(size, sizeof reply->hostname - 1));
}

/* What its boot ROM says of it, else what is remembered of that. */
static void recognise(const PifDhcpPool *pool, const PifDhcpMessage *message, PifDhcpReply *reply)
{
    const PifDhcpLease *lease = pif_dhcp_pool_find_client(pool, reply->mac);
    const uint8_t *uuid = pif_dhcp_uuid_of(message);
    reply->is_boot_rom = uuid != NULL;
    reply->has_serial = pif_dhcp_serial_of(message, &reply->serial);
    if (!uuid && lease && lease->has_serial) {
        reply->has_serial = true;
        reply->serial = lease->serial;
    }
    if (!uuid && lease && lease->has_uuid)
        uuid = lease->uuid;
    if (!uuid)
        return;
    reply->has_uuid = true;
    memcpy(reply->uuid, uuid, sizeof reply->uuid);
}

bool pif_dhcp_identify(const PifDhcpConfig *config, const PifDhcpPool *pool,
                       const PifDhcpMessage *message, PifDhcpReply *ret_reply)
{
    const PifDhcpHeader *header = &message->header;
    uint32_t server = 0;
    memset(ret_reply, 0, offsetof(PifDhcpReply, bytes));
    ret_reply->profile = pif_dhcp_profile_of(message);
    memcpy(ret_reply->mac, header->chaddr, sizeof ret_reply->mac);
    if (header->op != PIF_DHCP_BOOTREQUEST || header->htype != ETHERNET ||
        header->hlen != PIF_DHCP_MAC_SIZE || (header->chaddr[0] & 1) ||
        !pif_dhcp_get_u8(message, PIF_DHCP_TYPE, &ret_reply->type)) {
        ret_reply->type = 0;
        ret_reply->note = "no DHCP request of an Ethernet client";
        return false;
    }
    if (pif_dhcp_get_u32(message, PIF_DHCP_SERVER, &server) && server != config->server)
        ret_reply->other_server = server;
    if (config->hosts)
        ret_reply->place = pif_dhcp_hosts_find(config->hosts, message);
    copy_hostname(message, ret_reply);
    recognise(pool, message, ret_reply);
    return true;
}

bool pif_dhcp_admit(const PifDhcpConfig *config, const PifDhcpPool *pool, PifDhcpReply *reply)
{
    const PifDhcpLease *lease = pif_dhcp_pool_find_client(pool, reply->mac);
    const PifDhcpAccess *access = config->access;
    if (!access)
        return true;
    switch (
        pif_dhcp_access_of(access, reply->mac, reply->has_uuid ? reply->uuid : NULL,
                           reply->place || (lease && (lease->is_static || lease->is_adopted)))) {
    case PIF_DHCP_KNOWN:
        return true;
    case PIF_DHCP_DENIED:
        reply->note = "this client is denied";
        return false;
    case PIF_DHCP_STRANGER:
        break;
    }
    if (access->unknown != PIF_DHCP_UNKNOWN_IGNORE)
        return true;
    reply->note = "this client is unknown, and unknown ones are ignored";
    return false;
}

/* Only what came through a relay says where a client sits, or that it has left. */
static void sit_down(PifDhcpCase *c)
{
    size_t size = 0;
    if (c->reply->place || (c->config->hosts && pif_dhcp_get(c->message, PIF_DHCP_RELAY, &size)))
        pif_dhcp_pool_bind(c->pool, c->reply->mac, c->reply->place);
}

/* After an OFFER to a ROM there is a lease to remember it by. */
static void remember(PifDhcpCase *c)
{
    const PifDhcpReply *reply = c->reply;
    pif_dhcp_pool_identify(c->pool, reply->mac, reply->has_serial ? &reply->serial : NULL,
                           reply->has_uuid ? reply->uuid : NULL);
}

void pif_dhcp_decide(const PifDhcpConfig *config, PifDhcpPool *pool, const PifDhcpMessage *message,
                     const PifDhcpVerdict *verdict, int64_t now_s, PifDhcpReply *ret_reply)
{
    PifDhcpCase c = {config, pool, message, verdict, now_s, ret_reply, {{0}}};
    if (!pif_dhcp_identify(config, pool, message, ret_reply) ||
        !pif_dhcp_admit(config, pool, ret_reply))
        return;
    sit_down(&c);
    if (verdict && !verdict->is_allowed &&
        !(verdict->is_refused && ret_reply->type == PIF_DHCP_REQUEST))
        ignore(&c, verdict->reason);
    else if (config->is_proxy)
        answer_as_proxy(&c);
    else
        answer(&c);
    if (ret_reply->answer == PIF_DHCP_OFFER || ret_reply->answer == PIF_DHCP_ACK)
        adopt(&c);
    remember(&c);
}

void pif_dhcp_decide_boot(const PifDhcpConfig *config, PifDhcpPool *pool,
                          const PifDhcpMessage *message, PifDhcpReply *ret_reply)
{
    PifDhcpCase c = {config, pool, message, NULL, 0, ret_reply, {{0}}};
    if (!pif_dhcp_identify(config, pool, message, ret_reply) ||
        !pif_dhcp_admit(config, pool, ret_reply))
        return;
    if (!ret_reply->profile->name)
        ignore(&c, "no boot ROM");
    else if (ret_reply->type != PIF_DHCP_REQUEST && ret_reply->type != PIF_DHCP_INFORM)
        ignore(&c, "no question of what to boot");
    else
        pif_dhcp_answer_boot(&c, PIF_DHCP_ACK);
}
