// SPDX-License-Identifier: MIT
// The desk of dhcp-desk.h: who waits for a verdict, who waits for the network.
#include "hw/netboot/dhcp/dhcp-desk.h"

#include "hw/netboot/dhcp/dhcp-memory.h"

#include <string.h>

enum { MAX_TRIES = 4 };

/* One of a client's; its next message takes the place of the one that waits. */
typedef struct {
    GList link; /* in the queue of those who wait for the same */
    GQueue *queue;
    PifDhcpClientKey key;
    uint32_t id;      /* of the question */
    uint32_t address; /* that is probed for */
    unsigned tries;
    bool is_adopted;
    bool has_hearsay; /* known already */
    PifDhcpHearsay hearsay;
    int64_t deadline_us;
    PifDhcpMessage message;
} Waiting;

struct PifDhcpDesk {
    PifDhcpDeskConfig config;
    PifDhcpMemory *memory;
    GHashTable *waiting; /* by key; owns */
    GQueue asking;       /* each in the order of its deadlines, for all wait equally long */
    GQueue probing;
    uint32_t last_id;
};

PifDhcpDesk *pif_dhcp_desk_new(const PifDhcpDeskConfig *config)
{
    PifDhcpDesk *desk = g_new0(PifDhcpDesk, 1);
    desk->config = *config;
    desk->memory = pif_dhcp_memory_new();
    desk->waiting =
        g_hash_table_new_full(pif_dhcp_client_key_hash, pif_dhcp_client_key_equal, NULL, g_free);
    g_queue_init(&desk->asking);
    g_queue_init(&desk->probing);
    return desk;
}

void pif_dhcp_desk_free(PifDhcpDesk *desk)
{
    if (!desk)
        return;
    g_hash_table_unref(desk->waiting);
    pif_dhcp_memory_free(desk->memory);
    g_free(desk);
}

unsigned pif_dhcp_desk_count(const PifDhcpDesk *desk)
{
    return g_hash_table_size(desk->waiting);
}

static void forget(PifDhcpDesk *desk, Waiting *waiting)
{
    g_queue_unlink(waiting->queue, &waiting->link);
    g_hash_table_remove(desk->waiting, &waiting->key);
}

/* NULL when too many wait. */
static Waiting *add_waiting(PifDhcpDesk *desk, const PifDhcpClientKey *key,
                            const PifDhcpMessage *message)
{
    if (g_hash_table_size(desk->waiting) >= PIF_DHCP_MAX_WAITING)
        return NULL;
    Waiting *waiting = g_new0(Waiting, 1);
    waiting->link.data = waiting;
    waiting->key = *key;
    waiting->message = *message;
    g_hash_table_insert(desk->waiting, &waiting->key, waiting);
    return waiting;
}

static void wait_in(Waiting *waiting, GQueue *queue, int64_t deadline_us)
{
    if (waiting->queue)
        g_queue_unlink(waiting->queue, &waiting->link);
    waiting->queue = queue;
    waiting->deadline_us = deadline_us;
    g_queue_push_tail_link(queue, &waiting->link);
}

static bool is_asked_about(const PifDhcpReply *reply)
{
    return (reply->type == PIF_DHCP_DISCOVER || reply->type == PIF_DHCP_REQUEST ||
            reply->type == PIF_DHCP_INFORM) &&
           !reply->other_server;
}

static bool ask(PifDhcpDesk *desk, const PifDhcpReply *reply, uint32_t id)
{
    const PifDhcpLease *lease = pif_dhcp_pool_find_client(desk->config.pool, reply->mac);
    PifDhcpQuestion question = {.id = id,
                                .is_boot_rom = reply->is_boot_rom,
                                .has_uuid = reply->has_uuid,
                                .address = lease ? lease->address : 0};
    memcpy(question.mac, reply->mac, sizeof question.mac);
    memcpy(question.uuid, reply->uuid, sizeof question.uuid);
    return desk->config.ask(&question, desk->config.data);
}

/* True: the answer is to be waited for. False: there will be none. */
static bool begin_to_ask(PifDhcpDesk *desk, const PifDhcpClientKey *key,
                         const PifDhcpMessage *message, PifDhcpTime now, PifDhcpReply *reply)
{
    Waiting *waiting = add_waiting(desk, key, message);
    if (!waiting) {
        reply->note = "too many questions are open";
        return false;
    }
    waiting->id = ++desk->last_id;
    wait_in(waiting, &desk->asking, now.mono_us + desk->config.ask_timeout_us);
    if (ask(desk, reply, waiting->id))
        return true;
    forget(desk, waiting);
    reply->note = "the HTTP server cannot be asked now";
    return false;
}

/* The client has it, or had it until just now. */
static bool is_its_own(const PifDhcpDesk *desk, const uint8_t *mac, PifDhcpTime now)
{
    const PifDhcpLease *lease = pif_dhcp_pool_find_client(desk->config.pool, mac);
    return lease && (lease->is_static || lease->is_adopted ||
                     ((lease->state == PIF_DHCP_OFFERED || lease->state == PIF_DHCP_LEASED) &&
                      lease->expires_s > now.wall_s));
}

/* Behind a relay the network cannot be asked. */
static bool wants_probe(const PifDhcpDesk *desk, const PifDhcpMessage *message,
                        const PifDhcpReply *reply)
{
    return desk->config.probe && reply->answer == PIF_DHCP_OFFER && reply->yiaddr != 0 &&
           message->header.giaddr == 0;
}

/* False when too many wait: then the offer goes out as it is. */
static bool begin_to_probe(PifDhcpDesk *desk, Waiting *waiting, const PifDhcpMessage *message,
                           const PifDhcpHearsay *hearsay, const PifDhcpReply *reply,
                           PifDhcpTime now)
{
    const PifDhcpClientKey key = pif_dhcp_client_key(reply->mac, reply->is_boot_rom);
    if (!waiting)
        waiting = add_waiting(desk, &key, message);
    if (!waiting)
        return false;
    if (hearsay) {
        waiting->has_hearsay = true;
        waiting->hearsay = *hearsay;
    }
    waiting->address = reply->yiaddr;
    waiting->is_adopted = waiting->is_adopted || reply->is_adopted;
    waiting->tries++;
    wait_in(waiting, &desk->probing, now.mono_us + desk->config.probe_wait_us);
    desk->config.probe(reply->yiaddr, desk->config.data);
    return true;
}

/* waiting: the one whose turn it is; NULL: it has not waited yet. */
static bool decide(PifDhcpDesk *desk, Waiting *waiting, const PifDhcpMessage *message,
                   const PifDhcpHearsay *hearsay, PifDhcpTime now, PifDhcpReply *reply)
{
    const PifDhcpDeskConfig *config = &desk->config;
    const PifDhcpVerdict verdict =
        hearsay ? pif_dhcp_hearsay_verdict(hearsay) : (PifDhcpVerdict){0};
    bool is_safe = is_its_own(desk, message->header.chaddr, now);
    pif_dhcp_decide(config->decide, config->pool, message, hearsay ? &verdict : NULL, now.wall_s,
                    reply);
    if (waiting && waiting->is_adopted)
        reply->is_adopted = true;
    return is_safe || !wants_probe(desk, message, reply) ||
           !begin_to_probe(desk, waiting, message, hearsay, reply, now);
}

/* For one that has waited. */
static void decide_late(PifDhcpDesk *desk, Waiting *waiting, const PifDhcpHearsay *hearsay,
                        PifDhcpTime now)
{
    PifDhcpReply reply;
    if (!decide(desk, waiting, &waiting->message, hearsay, now, &reply))
        return;
    forget(desk, waiting);
    desk->config.answer(&reply, desk->config.data);
}

/* A client that waits says something else: its newest word is answered. What it requests it does
 * not wait to be offered. */
static bool takes_place(PifDhcpDesk *desk, Waiting *waiting, const PifDhcpMessage *message,
                        const PifDhcpReply *reply)
{
    bool is_request = reply->type == PIF_DHCP_REQUEST || reply->type == PIF_DHCP_INFORM;
    if (!waiting || (!is_request && reply->type != PIF_DHCP_DISCOVER))
        return false;
    if (is_request && waiting->queue == &desk->probing) {
        forget(desk, waiting);
        return false;
    }
    waiting->message = *message;
    return true;
}

bool pif_dhcp_desk_handle(PifDhcpDesk *desk, const PifDhcpMessage *message, PifDhcpTime now,
                          PifDhcpReply *ret_reply)
{
    const PifDhcpConfig *config = desk->config.decide;
    if (!desk->config.ask && !desk->config.probe) {
        pif_dhcp_decide(config, desk->config.pool, message, NULL, now.wall_s, ret_reply);
        return true;
    }
    if (!pif_dhcp_identify(config, desk->config.pool, message, ret_reply) ||
        !pif_dhcp_admit(config, desk->config.pool, ret_reply))
        return true;
    const PifDhcpClientKey key = pif_dhcp_client_key(ret_reply->mac, ret_reply->is_boot_rom);
    bool is_asked = desk->config.ask && is_asked_about(ret_reply);
    const PifDhcpHearsay *hearsay =
        is_asked ? pif_dhcp_memory_find(desk->memory, &key, now.mono_us) : NULL;
    if (takes_place(desk, g_hash_table_lookup(desk->waiting, &key), message, ret_reply))
        return false;
    if (is_asked && !hearsay)
        return !begin_to_ask(desk, &key, message, now, ret_reply);
    return decide(desk, NULL, message, hearsay, now, ret_reply);
}

static Waiting *find_question(const PifDhcpDesk *desk, uint32_t id)
{
    for (GList *link = desk->asking.head; link; link = link->next)
        if (((Waiting *)link->data)->id == id)
            return link->data;
    return NULL;
}

void pif_dhcp_desk_hear(PifDhcpDesk *desk, uint32_t id, const PifDhcpHearsay *hearsay,
                        PifDhcpTime now)
{
    Waiting *waiting = find_question(desk, id);
    if (!waiting)
        return;
    if (desk->config.remember_us > 0 && hearsay->kind != PIF_DHCP_VERDICT_NONE)
        pif_dhcp_memory_add(desk->memory, &waiting->key, hearsay,
                            now.mono_us + desk->config.remember_us);
    decide_late(desk, waiting, hearsay, now);
}

static Waiting *find_probe(const PifDhcpDesk *desk, uint32_t address)
{
    for (GList *link = desk->probing.head; link; link = link->next)
        if (((Waiting *)link->data)->address == address)
            return link->data;
    return NULL;
}

static void give_up(PifDhcpDesk *desk, Waiting *waiting)
{
    PifDhcpReply reply;
    pif_dhcp_identify(desk->config.decide, desk->config.pool, &waiting->message, &reply);
    reply.note = "others use the addresses that it was to be offered";
    forget(desk, waiting);
    desk->config.answer(&reply, desk->config.data);
}

void pif_dhcp_desk_see(PifDhcpDesk *desk, uint32_t address, const uint8_t *mac, PifDhcpTime now)
{
    Waiting *waiting = find_probe(desk, address);
    if (!waiting || memcmp(mac, waiting->key.mac, PIF_DHCP_MAC_SIZE) == 0)
        return;
    desk->config.on_conflict(address, mac, desk->config.data);
    pif_dhcp_pool_decline(desk->config.pool, waiting->key.mac, address, now.wall_s);
    if (waiting->tries == MAX_TRIES)
        give_up(desk, waiting);
    else
        decide_late(desk, waiting, waiting->has_hearsay ? &waiting->hearsay : NULL, now);
}

int64_t pif_dhcp_desk_next_us(const PifDhcpDesk *desk)
{
    const Waiting *asking = desk->asking.head ? desk->asking.head->data : NULL;
    const Waiting *probing = desk->probing.head ? desk->probing.head->data : NULL;
    return MIN(asking ? asking->deadline_us : INT64_MAX,
               probing ? probing->deadline_us : INT64_MAX);
}

static Waiting *first_due(const GQueue *queue, PifDhcpTime now)
{
    Waiting *waiting = queue->head ? queue->head->data : NULL;
    return waiting && waiting->deadline_us <= now.mono_us ? waiting : NULL;
}

void pif_dhcp_desk_turn(PifDhcpDesk *desk, PifDhcpTime now)
{
    static const PifDhcpHearsay silence = {.kind = PIF_DHCP_VERDICT_NONE};
    Waiting *waiting = NULL;
    while ((waiting = first_due(&desk->asking, now)))
        decide_late(desk, waiting, &silence, now);
    while ((waiting = first_due(&desk->probing, now)))
        decide_late(desk, waiting, waiting->has_hearsay ? &waiting->hearsay : NULL, now);
}
