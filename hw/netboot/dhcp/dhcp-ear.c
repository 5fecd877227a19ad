// SPDX-License-Identifier: MIT
// The ear of dhcp-ear.h: two sockets that get frames.
#include "hw/netboot/dhcp/dhcp-ear.h"

#include "hw/netboot/dhcp/dhcp-rivals.h"

#include <sys/socket.h>

enum { FRAME_SIZE = 1600, AT_A_TIME = 64 };

struct PifDhcpEar {
    PifLoop *loop;
    PifWatch arp;
    PifWatch rivals;
    PifDhcpEarConfig config;
};

static void on_arp(PifWatch *watch, int64_t now_us)
{
    PifDhcpEar *ear = PIF_CONTAINER_OF(watch, PifDhcpEar, arp);
    uint8_t frame[FRAME_SIZE];
    ssize_t size = 0;
    for (unsigned i = 0;
         i < AT_A_TIME && (size = recv(watch->fd, frame, sizeof frame, MSG_DONTWAIT)) > 0; i++) {
        PifArpSender sender;
        if (pif_arp_parse(frame, (size_t)size, &sender) && sender.address)
            ear->config.on_arp(&sender, ear->config.data);
    }
}

static void on_rivals(PifWatch *watch, int64_t now_us)
{
    PifDhcpEar *ear = PIF_CONTAINER_OF(watch, PifDhcpEar, rivals);
    uint8_t frame[FRAME_SIZE];
    ssize_t size = 0;
    for (unsigned i = 0;
         i < AT_A_TIME && (size = recv(watch->fd, frame, sizeof frame, MSG_DONTWAIT)) > 0; i++) {
        uint32_t server = pif_dhcp_rival_parse(frame, (size_t)size);
        if (server)
            ear->config.on_rival(server, ear->config.data);
    }
}

PifDhcpEar *pif_dhcp_ear_new(PifLoop *loop, int arp, int rivals, const PifDhcpEarConfig *config,
                             GError **error)
{
    PifDhcpEar *ear = g_new0(PifDhcpEar, 1);
    ear->loop = loop;
    ear->arp = (PifWatch){arp, on_arp};
    ear->rivals = (PifWatch){rivals, on_rivals};
    ear->config = *config;
    if (pif_loop_add(loop, &ear->arp, error) && pif_loop_add(loop, &ear->rivals, error))
        return ear;
    pif_dhcp_ear_free(ear);
    return NULL;
}

void pif_dhcp_ear_free(PifDhcpEar *ear)
{
    if (!ear)
        return;
    pif_loop_remove(ear->loop, &ear->arp);
    pif_loop_remove(ear->loop, &ear->rivals);
    g_free(ear);
}
