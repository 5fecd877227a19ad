// SPDX-License-Identifier: MIT
// The sender of dhcp-sender.h, and frames whose time has not come.
#include "hw/netboot/dhcp/dhcp-sender.h"

#include "hw/netboot/dhcp/dhcp-frame.h"

#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

enum { SERVER_PORT = 67, CLIENT_PORT = 68, MAX_LATER = 256, FRAME_SIZE = 1600 };

struct PifDhcpSender {
    PifLoop *loop;
    int udp;
    int frames;
    int interface_index;
    uint8_t mac[PIF_DHCP_MAC_SIZE];
    uint32_t from;
    struct Later *later; /* frames whose time has not come */
    unsigned n_later;
};

/* A frame to be sent later. */
typedef struct Later {
    PifTimer timer;
    PifDhcpSender *sender;
    struct Later *next;
    size_t size;
    uint8_t bytes[FRAME_SIZE];
} Later;

void pif_dhcp_sender_send_frame(const PifDhcpSender *sender, const uint8_t *bytes, size_t size)
{
    struct sockaddr_ll to = {.sll_family = AF_PACKET,
                             .sll_ifindex = sender->interface_index,
                             .sll_halen = PIF_DHCP_MAC_SIZE};
    memcpy(to.sll_addr, bytes, PIF_DHCP_MAC_SIZE);
    sendto(sender->frames, bytes, size, MSG_DONTWAIT, (const struct sockaddr *)&to, sizeof to);
}

static void unlink_later(Later *later)
{
    Later **link = &later->sender->later;
    while (*link != later)
        link = &(*link)->next;
    *link = later->next;
    later->sender->n_later--;
}

static void on_later(PifTimer *timer, int64_t now_us)
{
    Later *later = PIF_CONTAINER_OF(timer, Later, timer);
    pif_dhcp_sender_send_frame(later->sender, later->bytes, later->size);
    unlink_later(later);
    g_free(later);
}

/* Without delay at once. Too many: they are left out, clients ask again. */
static void send_frame_after(PifDhcpSender *sender, const uint8_t *bytes, size_t size,
                             unsigned delay_ms)
{
    if (delay_ms == 0) {
        pif_dhcp_sender_send_frame(sender, bytes, size);
        return;
    }
    if (sender->n_later == MAX_LATER || size > FRAME_SIZE)
        return;
    Later *later = g_new0(Later, 1);
    later->timer.fire = on_later;
    later->sender = sender;
    later->size = size;
    memcpy(later->bytes, bytes, size);
    later->next = sender->later;
    sender->later = later;
    sender->n_later++;
    pif_loop_set_timer(sender->loop, &later->timer, pif_loop_now_us() + (int64_t)delay_ms * 1000);
}

static PifFramePath path_to(const PifDhcpSender *sender, const PifDhcpReply *reply)
{
    bool is_broadcast = reply->destination == PIF_DHCP_TO_EVERYBODY;
    PifFramePath path = {.from = sender->from,
                         .to = is_broadcast ? INADDR_BROADCAST : reply->address,
                         .from_port = SERVER_PORT,
                         .to_port = CLIENT_PORT};
    memcpy(path.from_mac, sender->mac, sizeof path.from_mac);
    memset(path.to_mac, 0xff, sizeof path.to_mac);
    if (!is_broadcast)
        memcpy(path.to_mac, reply->mac, sizeof path.to_mac);
    return path;
}

static void answer_by_frame(PifDhcpSender *sender, const PifDhcpReply *reply)
{
    uint8_t frame[FRAME_SIZE];
    PifFramePath path = path_to(sender, reply);
    size_t size = pif_frame_format(&path, reply->bytes, reply->size, frame, sizeof frame);
    send_frame_after(sender, frame, size, reply->profile->delay_ms);
    memcpy(path.to_mac, reply->mac, sizeof path.to_mac);
    size = pif_frame_format_nudge(&path, frame, sizeof frame);
    for (unsigned i = 0; i < G_N_ELEMENTS(reply->profile->nudge_ms); i++)
        if (reply->profile->nudge_ms[i] > 0)
            send_frame_after(sender, frame, size, reply->profile->nudge_ms[i]);
}

static void answer_by_datagram(const PifDhcpSender *sender, const PifDhcpReply *reply)
{
    bool is_relay = reply->destination == PIF_DHCP_TO_RELAY;
    const struct sockaddr_in to = {.sin_family = AF_INET,
                                   .sin_port = htons(is_relay ? SERVER_PORT : CLIENT_PORT),
                                   .sin_addr.s_addr = htonl(reply->address)};
    sendto(sender->udp, reply->bytes, reply->size, MSG_DONTWAIT, (const struct sockaddr *)&to,
           sizeof to);
}

void pif_dhcp_sender_answer(PifDhcpSender *sender, const PifDhcpReply *reply)
{
    switch (reply->destination) {
    case PIF_DHCP_TO_NOBODY:
        return;
    case PIF_DHCP_TO_MAC:
    case PIF_DHCP_TO_EVERYBODY:
        answer_by_frame(sender, reply);
        return;
    case PIF_DHCP_TO_ADDRESS:
    case PIF_DHCP_TO_RELAY:
        answer_by_datagram(sender, reply);
        return;
    }
}

PifDhcpSender *pif_dhcp_sender_new(PifLoop *loop, int udp, int frames, int interface_index,
                                   const uint8_t *mac, uint32_t from)
{
    PifDhcpSender *sender = g_new0(PifDhcpSender, 1);
    sender->loop = loop;
    sender->udp = udp;
    sender->frames = frames;
    sender->interface_index = interface_index;
    memcpy(sender->mac, mac, sizeof sender->mac);
    sender->from = from;
    return sender;
}

void pif_dhcp_sender_free(PifDhcpSender *sender)
{
    if (!sender)
        return;
    while (sender->later) {
        Later *later = sender->later;
        pif_loop_cancel_timer(sender->loop, &later->timer);
        unlink_later(later);
        g_free(later);
    }
    g_free(sender);
}
