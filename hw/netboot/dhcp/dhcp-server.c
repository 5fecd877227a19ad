// SPDX-License-Identifier: MIT
// Requests are taken in batches; the leases of a batch reach the disk together, before its answers
// are sent.
#include "hw/netboot/dhcp/dhcp-server.h"

#include "hw/netboot/dhcp/dhcp-arp.h"
#include "hw/netboot/dhcp/dhcp-boot-server.h"
#include "hw/netboot/dhcp/dhcp-ear.h"
#include "hw/netboot/dhcp/dhcp-patience.h"
#include "hw/netboot/dhcp/dhcp-rivals.h"
#include "hw/netboot/dhcp/dhcp-sender.h"

#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    BATCH = 512,
    FRAME_SIZE = 1600,
    PROBE_WAIT_US = 250000,
    FIRST_LOOK_US = 2000000, /* for other servers: when the link has come up */
};

/* One fdatasync() is for as many leases as are asked for at once. */
typedef struct {
    struct iovec vectors[BATCH];
    struct mmsghdr messages[BATCH];
    uint8_t bytes[BATCH][PIF_DHCP_MAX_MESSAGE];
    PifDhcpReply replies[BATCH];
} Batch;

struct PifDhcpServer {
    PifWatch watch;
    PifLoop *loop;
    PifDhcpServerConfig config;
    PifDhcpSockets sockets;
    PifDhcpSender *sender;
    PifDhcpBootServer *boot;
    PifDhcpEar *ear;
    PifDhcpRivals rivals;
    PifTimer rival_timer;
    PifDhcpPatience *patience;
    PifDhcpDesk *desk;
    PifTimer desk_timer;
    Batch *batch;
};

static void notice(const PifDhcpServer *server, PifDhcpNoticeKind kind, uint32_t address,
                   const uint8_t *mac)
{
    PifDhcpNotice notice = {.kind = kind, .address = address};
    if (mac)
        memcpy(notice.mac, mac, sizeof notice.mac);
    server->config.on_notice(&notice, server->config.data);
}

static void notice_rival(PifDhcpServer *server, uint32_t address)
{
    if (address != server->config.decide.server && !server->config.decide.is_proxy &&
        pif_dhcp_rivals_is_news(&server->rivals, address, pif_loop_now_us()))
        notice(server, PIF_DHCP_NOTICE_RIVAL, address, NULL);
}

static void notice_impatience(PifDhcpServer *server, const PifDhcpReply *reply)
{
    if (reply->answer == PIF_DHCP_ACK)
        pif_dhcp_patience_went_on(server->patience, reply->mac);
    else if (reply->answer == PIF_DHCP_OFFER &&
             pif_dhcp_patience_offered(server->patience, reply->mac, pif_loop_now_us()))
        notice(server, PIF_DHCP_NOTICE_KEEPS_ASKING, reply->yiaddr, reply->mac);
}

static bool is_promise(const PifDhcpReply *reply)
{
    return reply->answer == PIF_DHCP_ACK || reply->is_adopted;
}

static void put_down(const PifDhcpServer *server, const PifDhcpReply *reply)
{
    bool is_release = reply->type == PIF_DHCP_RELEASE && !reply->note;
    uint32_t address = is_release ? reply->address : reply->yiaddr;
    const PifDhcpLease *lease = address ? pif_dhcp_pool_find(server->config.pool, address) : NULL;
    if (server->config.journal && lease && (is_release || is_promise(reply)))
        pif_dhcp_journal_add(server->config.journal, lease);
}

static int receive_batch(int fd, Batch *batch)
{
    for (unsigned i = 0; i < BATCH; i++) {
        batch->vectors[i] = (struct iovec){batch->bytes[i], sizeof batch->bytes[i]};
        batch->messages[i].msg_hdr =
            (struct msghdr){.msg_iov = &batch->vectors[i], .msg_iovlen = 1};
    }
    return recvmmsg(fd, batch->messages, BATCH, MSG_DONTWAIT, NULL);
}

static PifDhcpTime time_now(void)
{
    return (PifDhcpTime){time(NULL), pif_loop_now_us()};
}

/* False when there is nothing to be said about it, or not yet. */
static bool handle(const PifDhcpServer *server, const void *bytes, size_t size, PifDhcpReply *reply)
{
    PifDhcpMessage message;
    if (!pif_dhcp_parse(bytes, size, &message) ||
        !pif_dhcp_desk_handle(server->desk, &message, time_now(), reply))
        return false;
    put_down(server, reply);
    return reply->type != 0;
}

/* What is not on the disk is not acknowledged: the clients ask again. */
static gboolean commit(const PifDhcpServer *server)
{
    g_autoptr(GError) error = NULL;
    if (!server->config.journal || pif_dhcp_journal_commit(server->config.journal, &error))
        return TRUE;
    server->config.on_failure(error, server->config.data);
    return FALSE;
}

static void complete(PifDhcpServer *server, PifDhcpReply *reply, gboolean is_safe)
{
    if (!is_safe && is_promise(reply)) {
        reply->destination = PIF_DHCP_TO_NOBODY;
        reply->answer = 0;
        reply->note = "its lease could not be written";
    }
    pif_dhcp_sender_answer(server->sender, reply);
    server->config.on_event(reply, server->config.data);
    notice_impatience(server, reply);
    if (reply->other_server)
        notice_rival(server, reply->other_server);
}

static void set_desk_timer(PifDhcpServer *server)
{
    int64_t next_us = pif_dhcp_desk_next_us(server->desk);
    if (next_us < INT64_MAX)
        pif_loop_set_timer(server->loop, &server->desk_timer, next_us);
}

static void on_requests(PifWatch *watch, int64_t now_us)
{
    PifDhcpServer *server = PIF_CONTAINER_OF(watch, PifDhcpServer, watch);
    Batch *batch = server->batch;
    int n_complete = 0;
    int count = receive_batch(watch->fd, batch);
    for (int i = 0; i < count; i++)
        if (handle(server, batch->bytes[i], batch->messages[i].msg_len,
                   &batch->replies[n_complete]))
            n_complete++;
    /* offers do not wait for the disk */
    for (int i = 0; i < n_complete; i++)
        if (!is_promise(&batch->replies[i]))
            complete(server, &batch->replies[i], TRUE);
    gboolean is_safe = commit(server);
    for (int i = 0; i < n_complete; i++)
        if (is_promise(&batch->replies[i]))
            complete(server, &batch->replies[i], is_safe);
    set_desk_timer(server);
}

static void on_late_answer(PifDhcpReply *reply, gpointer data)
{
    PifDhcpServer *server = data;
    put_down(server, reply);
    complete(server, reply, commit(server));
}

static void on_desk_timer(PifTimer *timer, int64_t now_us)
{
    PifDhcpServer *server = PIF_CONTAINER_OF(timer, PifDhcpServer, desk_timer);
    pif_dhcp_desk_turn(server->desk, time_now());
    set_desk_timer(server);
}

void pif_dhcp_server_hear(PifDhcpServer *server, uint32_t id, const PifDhcpHearsay *hearsay)
{
    pif_dhcp_desk_hear(server->desk, id, hearsay, time_now());
    set_desk_timer(server);
}

static bool ask(const PifDhcpQuestion *question, gpointer data)
{
    const PifDhcpServer *server = data;
    return server->config.ask(question, server->config.data);
}

static void probe(uint32_t address, gpointer data)
{
    const PifDhcpServer *server = data;
    uint8_t frame[FRAME_SIZE];
    size_t size = pif_arp_format_probe(server->config.mac, address, frame, sizeof frame);
    pif_dhcp_sender_send_frame(server->sender, frame, size);
}

static void on_conflict(uint32_t address, const uint8_t *mac, gpointer data)
{
    notice(data, PIF_DHCP_NOTICE_CONFLICT, address, mac);
}

static void on_arp(const PifArpSender *sender, gpointer data)
{
    PifDhcpServer *server = data;
    pif_dhcp_desk_see(server->desk, sender->address, sender->mac, time_now());
    set_desk_timer(server);
}

static void on_rival(uint32_t address, gpointer data)
{
    notice_rival(data, address);
}

/* Most of what others say goes to their clients alone: so they are made to speak. */
static void look_for_rivals(PifTimer *timer, int64_t now_us)
{
    PifDhcpServer *server = PIF_CONTAINER_OF(timer, PifDhcpServer, rival_timer);
    uint8_t frame[FRAME_SIZE];
    size_t size =
        pif_dhcp_rival_format_probe(server->config.mac, g_random_int(), frame, sizeof frame);
    pif_dhcp_sender_send_frame(server->sender, frame, size);
    pif_loop_set_timer(server->loop, timer, now_us + PIF_DHCP_RIVAL_AGAIN_S * INT64_C(1000000));
}

void pif_dhcp_server_note_progress(PifDhcpServer *server, const uint8_t *mac)
{
    pif_dhcp_patience_went_on(server->patience, mac);
}

static PifDhcpDesk *make_desk(PifDhcpServer *server)
{
    const PifDhcpServerConfig *config = &server->config;
    const PifDhcpDeskConfig desk = {.decide = &config->decide,
                                    .pool = config->pool,
                                    .ask = config->ask ? ask : NULL,
                                    .probe = config->probes ? probe : NULL,
                                    .answer = on_late_answer,
                                    .on_conflict = on_conflict,
                                    .data = server,
                                    .ask_timeout_us = config->ask_timeout_us,
                                    .probe_wait_us = PROBE_WAIT_US,
                                    .remember_us = config->remember_us};
    return pif_dhcp_desk_new(&desk);
}

static gboolean start(PifDhcpServer *server, GError **error)
{
    const PifDhcpServerConfig *config = &server->config;
    const PifDhcpSockets *sockets = &server->sockets;
    const PifDhcpEarConfig ear = {on_arp, on_rival, server};
    server->sender =
        pif_dhcp_sender_new(server->loop, sockets->udp, sockets->frames, config->interface_index,
                            config->mac, config->decide.server);
    server->desk = make_desk(server);
    server->patience = pif_dhcp_patience_new();
    server->boot = pif_dhcp_boot_server_new(server->loop, sockets->boot, &config->decide,
                                            config->pool, config->on_event, config->data, error);
    server->ear = server->boot
                      ? pif_dhcp_ear_new(server->loop, sockets->arp, sockets->rivals, &ear, error)
                      : NULL;
    if (!config->decide.is_proxy)
        pif_loop_set_timer(server->loop, &server->rival_timer, pif_loop_now_us() + FIRST_LOOK_US);
    return server->ear && pif_loop_add(server->loop, &server->watch, error);
}

PifDhcpServer *pif_dhcp_server_new(PifLoop *loop, const PifDhcpSockets *sockets,
                                   const PifDhcpServerConfig *config, GError **error)
{
    g_autoptr(PifDhcpServer) server = g_new0(PifDhcpServer, 1);
    server->watch = (PifWatch){sockets->udp, on_requests};
    server->sockets = *sockets;
    server->batch = g_new0(Batch, 1);
    server->loop = loop;
    server->config = *config;
    server->desk_timer.fire = on_desk_timer;
    server->rival_timer.fire = look_for_rivals;
    return start(server, error) ? g_steal_pointer(&server) : NULL;
}

void pif_dhcp_server_free(PifDhcpServer *server)
{
    if (!server)
        return;
    pif_loop_cancel_timer(server->loop, &server->rival_timer);
    pif_loop_cancel_timer(server->loop, &server->desk_timer);
    pif_loop_remove(server->loop, &server->watch);
    pif_dhcp_ear_free(server->ear);
    pif_dhcp_boot_server_free(server->boot);
    pif_dhcp_sender_free(server->sender);
    pif_dhcp_desk_free(server->desk);
    pif_dhcp_patience_free(server->patience);
    pif_dhcp_sockets_clear(&server->sockets);
    g_free(server->batch);
    g_free(server);
}
