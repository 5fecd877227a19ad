// SPDX-License-Identifier: MIT
// The DHCP server's sockets.
#include "hw/netboot/dhcp/dhcp-server.h"
#include "pifarm/base/error.h"
#include "pifarm/base/fd.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

/* BURST: what comes while leases are written, which on a busy disk takes as long as it takes. */
enum { PORT = 67, BOOT_PORT = 4011, BURST = 8 << 20 };

static gboolean open_udp(const char *interface, uint16_t port, PifFd *ret_fd, GError **error)
{
    const struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    const int one = 1;
    const int burst = BURST;
    g_auto(PifFd) fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0 ||
        setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, interface, (socklen_t)strlen(interface)) < 0)
        return pif_error_set_errno(error, errno, "cannot listen on interface %s", interface);
    setsockopt(fd, SOL_SOCKET, SO_BROADCAST, &one, sizeof one);
    if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &burst, sizeof burst) < 0)
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &burst, sizeof burst);
    if (bind(fd, (const struct sockaddr *)&address, sizeof address) < 0)
        return pif_error_set_errno(error, errno, "cannot serve DHCP on %s port %u", interface,
                                   port);
    *ret_fd = pif_fd_steal(&fd);
    return TRUE;
}

/* Frames of that Ethernet type, 0: it only sends. The filter comes before the first frame. */
static gboolean open_frames(int interface_index, uint16_t type, const struct sock_fprog *filter,
                            PifFd *ret_fd, GError **error)
{
    const struct sockaddr_ll address = {
        .sll_family = AF_PACKET, .sll_protocol = htons(type), .sll_ifindex = interface_index};
    g_auto(PifFd) fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0 ||
        (filter && setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, filter, sizeof *filter) < 0) ||
        (type && bind(fd, (const struct sockaddr *)&address, sizeof address) < 0))
        return pif_error_set_errno(error, errno, "cannot send and receive frames");
    *ret_fd = pif_fd_steal(&fd);
    return TRUE;
}

/* Whole UDP datagrams from port 67 to 68: what DHCP servers say to clients. */
static gboolean open_rivals(int interface_index, PifFd *ret_fd, GError **error)
{
    static const struct sock_filter steps[] = {
        BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 23),             /* IPv4's protocol */
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 17, 0, 7),      /* UDP */
        BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 20),             /* flags and place in the whole */
        BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 0x1fff, 5, 0), /* a later piece */
        BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, 14),            /* size of the head */
        BPF_STMT(BPF_LD | BPF_W | BPF_IND, 14),             /* both ports */
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 67U << 16 | 68, 1, 0),
        BPF_STMT(BPF_RET | BPF_K, 0),
        BPF_STMT(BPF_RET | BPF_K, UINT16_MAX),
        BPF_STMT(BPF_RET | BPF_K, 0),
    };
    const struct sock_fprog filter = {G_N_ELEMENTS(steps), (struct sock_filter *)steps};
    return open_frames(interface_index, ETH_P_IP, &filter, ret_fd, error);
}

void pif_dhcp_sockets_clear(PifDhcpSockets *sockets)
{
    pif_fd_clear(&sockets->udp);
    pif_fd_clear(&sockets->boot);
    pif_fd_clear(&sockets->frames);
    pif_fd_clear(&sockets->arp);
    pif_fd_clear(&sockets->rivals);
}

gboolean pif_dhcp_listen(const char *interface, int interface_index, PifDhcpSockets *ret_sockets,
                         GError **error)
{
    PifDhcpSockets sockets = PIF_DHCP_NO_SOCKETS;
    if (open_udp(interface, PORT, &sockets.udp, error) &&
        open_udp(interface, BOOT_PORT, &sockets.boot, error) &&
        open_frames(interface_index, 0, NULL, &sockets.frames, error) &&
        open_frames(interface_index, ETH_P_ARP, NULL, &sockets.arp, error) &&
        open_rivals(interface_index, &sockets.rivals, error)) {
        *ret_sockets = sockets;
        return TRUE;
    }
    pif_dhcp_sockets_clear(&sockets);
    return FALSE;
}
