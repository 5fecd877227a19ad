// SPDX-License-Identifier: MIT
// The DHCP server's two sockets.
#include "hw/netboot/dhcp/dhcp-server.h"
#include "pifarm/base/error.h"
#include "pifarm/base/fd.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

enum { PORT = 67, BURST = 1 << 20 };

gboolean pif_dhcp_listen(const char *interface, PifDhcpSockets *ret_sockets, GError **error)
{
    const struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(PORT)};
    const int one = 1;
    const int burst = BURST;
    g_auto(PifFd) udp = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (udp < 0 ||
        setsockopt(udp, SOL_SOCKET, SO_BINDTODEVICE, interface, (socklen_t)strlen(interface)) < 0)
        return pif_error_set_errno(error, errno, "cannot listen on interface %s", interface);
    setsockopt(udp, SOL_SOCKET, SO_BROADCAST, &one, sizeof one);
    setsockopt(udp, SOL_SOCKET, SO_RCVBUF, &burst, sizeof burst);
    if (bind(udp, (const struct sockaddr *)&address, sizeof address) < 0)
        return pif_error_set_errno(error, errno, "cannot serve DHCP on %s port %d", interface,
                                   PORT);
    /* protocol 0: it only sends */
    g_auto(PifFd) frames = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (frames < 0)
        return pif_error_set_errno(error, errno, "cannot send frames on %s", interface);
    *ret_sockets = (PifDhcpSockets){pif_fd_steal(&udp), pif_fd_steal(&frames)};
    return TRUE;
}
