// SPDX-License-Identifier: MIT
// The boot server of dhcp-boot-server.h.
#include "hw/netboot/dhcp/dhcp-boot-server.h"

#include <netinet/in.h>
#include <sys/socket.h>

enum { AT_A_TIME = 64 };

struct PifDhcpBootServer {
    PifWatch watch;
    PifLoop *loop;
    const PifDhcpConfig *config;
    PifDhcpPool *pool;
    void (*on_event)(const PifDhcpReply *reply, gpointer data);
    gpointer data;
};

static void handle(const PifDhcpBootServer *server, const void *bytes, size_t size,
                   const struct sockaddr_in *peer)
{
    PifDhcpMessage message;
    PifDhcpReply reply;
    if (!pif_dhcp_parse(bytes, size, &message))
        return;
    pif_dhcp_decide_boot(server->config, server->pool, &message, &reply);
    if (reply.size > 0)
        sendto(server->watch.fd, reply.bytes, reply.size, MSG_DONTWAIT,
               (const struct sockaddr *)peer, sizeof *peer);
    if (reply.type != 0)
        server->on_event(&reply, server->data);
}

static void on_requests(PifWatch *watch, int64_t now_us)
{
    const PifDhcpBootServer *server = PIF_CONTAINER_OF(watch, PifDhcpBootServer, watch);
    for (unsigned i = 0; i < AT_A_TIME; i++) {
        uint8_t bytes[PIF_DHCP_MAX_MESSAGE];
        struct sockaddr_in peer;
        socklen_t peer_size = sizeof peer;
        ssize_t size = recvfrom(watch->fd, bytes, sizeof bytes, MSG_DONTWAIT,
                                (struct sockaddr *)&peer, &peer_size);
        if (size <= 0)
            return;
        handle(server, bytes, (size_t)size, &peer);
    }
}

PifDhcpBootServer *
pif_dhcp_boot_server_new(PifLoop *loop, int fd, const PifDhcpConfig *config, PifDhcpPool *pool,
                         void (*on_event)(const PifDhcpReply *reply, gpointer data), gpointer data,
                         GError **error)
{
    PifDhcpBootServer *server = g_new0(PifDhcpBootServer, 1);
    server->watch = (PifWatch){fd, on_requests};
    server->loop = loop;
    server->config = config;
    server->pool = pool;
    server->on_event = on_event;
    server->data = data;
    if (pif_loop_add(loop, &server->watch, error))
        return server;
    g_free(server);
    return NULL;
}

void pif_dhcp_boot_server_free(PifDhcpBootServer *server)
{
    if (!server)
        return;
    pif_loop_remove(server->loop, &server->watch);
    g_free(server);
}
