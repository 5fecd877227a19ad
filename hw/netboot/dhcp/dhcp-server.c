// SPDX-License-Identifier: MIT
// Requests are taken in batches; the leases of a batch reach the disk together, before its answers
// are sent.
#include "hw/netboot/dhcp/dhcp-server.h"

#include "hw/netboot/dhcp/dhcp-frame.h"

#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { BATCH = 128, SERVER_PORT = 67, CLIENT_PORT = 68, MAX_LATER = 256, FRAME_SIZE = 1600 };

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
    int frames;
    PifDhcpDesk *desk;
    PifTimer desk_timer;
    Batch *batch;
    struct Later *later; /* frames whose time has not come */
    unsigned n_later;
};

/* A frame to be sent later. */
typedef struct Later {
    PifTimer timer;
    PifDhcpServer *server;
    struct Later *next;
    size_t size;
    uint8_t bytes[FRAME_SIZE];
} Later;

static void send_frame(const PifDhcpServer *server, const uint8_t *bytes, size_t size)
{
    struct sockaddr_ll to = {.sll_family = AF_PACKET,
                             .sll_ifindex = server->config.interface_index,
                             .sll_halen = PIF_DHCP_MAC_SIZE};
    memcpy(to.sll_addr, bytes, PIF_DHCP_MAC_SIZE);
    sendto(server->frames, bytes, size, MSG_DONTWAIT, (const struct sockaddr *)&to, sizeof to);
}

static void unlink_later(Later *later)
{
    Later **link = &later->server->later;
    while (*link != later)
        link = &(*link)->next;
    *link = later->next;
    later->server->n_later--;
}

static void on_later(PifTimer *timer, int64_t now_us)
{
    Later *later = PIF_CONTAINER_OF(timer, Later, timer);
    send_frame(later->server, later->bytes, later->size);
    unlink_later(later);
    g_free(later);
}

/* Without delay at once. Too many: they are left out, clients ask again. */
static void send_frame_after(PifDhcpServer *server, const uint8_t *bytes, size_t size,
                             unsigned delay_ms)
{
    if (delay_ms == 0) {
        send_frame(server, bytes, size);
        return;
    }
    if (server->n_later == MAX_LATER || size > FRAME_SIZE)
        return;
    Later *later = g_new0(Later, 1);
    later->timer.fire = on_later;
    later->server = server;
    later->size = size;
    memcpy(later->bytes, bytes, size);
    later->next = server->later;
    server->later = later;
    server->n_later++;
    pif_loop_set_timer(server->loop, &later->timer, pif_loop_now_us() + (int64_t)delay_ms * 1000);
}

static PifFramePath path_to(const PifDhcpServer *server, const PifDhcpReply *reply)
{
    bool is_broadcast = reply->destination == PIF_DHCP_TO_EVERYBODY;
    PifFramePath path = {.from = server->config.decide.server,
                         .to = is_broadcast ? INADDR_BROADCAST : reply->address,
                         .from_port = SERVER_PORT,
                         .to_port = CLIENT_PORT};
    memcpy(path.from_mac, server->config.mac, sizeof path.from_mac);
    memset(path.to_mac, 0xff, sizeof path.to_mac);
    if (!is_broadcast)
        memcpy(path.to_mac, reply->mac, sizeof path.to_mac);
    return path;
}

static void answer_by_frame(PifDhcpServer *server, const PifDhcpReply *reply)
{
    uint8_t frame[FRAME_SIZE];
    PifFramePath path = path_to(server, reply);
    size_t size = pif_frame_format(&path, reply->bytes, reply->size, frame, sizeof frame);
    send_frame_after(server, frame, size, reply->profile->delay_ms);
    memcpy(path.to_mac, reply->mac, sizeof path.to_mac);
    size = pif_frame_format_nudge(&path, frame, sizeof frame);
    for (unsigned i = 0; i < G_N_ELEMENTS(reply->profile->nudge_ms); i++)
        if (reply->profile->nudge_ms[i] > 0)
            send_frame_after(server, frame, size, reply->profile->nudge_ms[i]);
}

static void answer_by_datagram(const PifDhcpServer *server, const PifDhcpReply *reply)
{
    bool is_relay = reply->destination == PIF_DHCP_TO_RELAY;
    const struct sockaddr_in to = {.sin_family = AF_INET,
                                   .sin_port = htons(is_relay ? SERVER_PORT : CLIENT_PORT),
                                   .sin_addr.s_addr = htonl(reply->address)};
    sendto(server->watch.fd, reply->bytes, reply->size, MSG_DONTWAIT, (const struct sockaddr *)&to,
           sizeof to);
}

static void answer(PifDhcpServer *server, const PifDhcpReply *reply)
{
    switch (reply->destination) {
    case PIF_DHCP_TO_NOBODY:
        return;
    case PIF_DHCP_TO_MAC:
    case PIF_DHCP_TO_EVERYBODY:
        answer_by_frame(server, reply);
        return;
    case PIF_DHCP_TO_ADDRESS:
    case PIF_DHCP_TO_RELAY:
        answer_by_datagram(server, reply);
        return;
    }
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
    answer(server, reply);
    server->config.on_event(reply, server->config.data);
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
    gboolean is_safe = commit(server);
    for (int i = 0; i < n_complete; i++)
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

static PifDhcpDesk *make_desk(PifDhcpServer *server)
{
    const PifDhcpServerConfig *config = &server->config;
    const PifDhcpDeskConfig desk = {.decide = &config->decide,
                                    .pool = config->pool,
                                    .ask = config->ask ? ask : NULL,
                                    .answer = on_late_answer,
                                    .data = server,
                                    .ask_timeout_us = config->ask_timeout_us,
                                    .remember_us = config->remember_us};
    return pif_dhcp_desk_new(&desk);
}

PifDhcpServer *pif_dhcp_server_new(PifLoop *loop, const PifDhcpSockets *sockets,
                                   const PifDhcpServerConfig *config, GError **error)
{
    PifDhcpServer *server = g_new0(PifDhcpServer, 1);
    server->watch = (PifWatch){sockets->udp, on_requests};
    server->frames = sockets->frames;
    server->batch = g_new0(Batch, 1);
    server->loop = loop;
    server->config = *config;
    server->desk = make_desk(server);
    server->desk_timer.fire = on_desk_timer;
    if (pif_loop_add(loop, &server->watch, error))
        return server;
    pif_dhcp_server_free(server);
    return NULL;
}

void pif_dhcp_server_free(PifDhcpServer *server)
{
    if (!server)
        return;
    while (server->later) {
        Later *later = server->later;
        pif_loop_cancel_timer(server->loop, &later->timer);
        unlink_later(later);
        g_free(later);
    }
    pif_loop_cancel_timer(server->loop, &server->desk_timer);
    pif_dhcp_desk_free(server->desk);
    pif_loop_remove(server->loop, &server->watch);
    close(server->watch.fd);
    close(server->frames);
    g_free(server->batch);
    g_free(server);
}
