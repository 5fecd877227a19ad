// SPDX-License-Identifier: MIT
// The socket that requests come to.
#include "hw/netboot/tftp/tftp-server.h"

#include "pifarm/base/error.h"
#include "pifarm/base/fd.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

static gboolean bind_to_interface(int fd, const char *interface, GError **error)
{
    if (!interface ||
        setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, interface, (socklen_t)strlen(interface)) == 0)
        return TRUE;
    return pif_error_set_errno(error, errno, "cannot listen on interface %s", interface);
}

gboolean pif_tftp_listen(const char *interface, const struct sockaddr_in *address, int *ret_fd,
                         GError **error)
{
    enum { BURST = 1 << 20 }; /* requests of a rack that is switched on at once */
    const int one = 1;
    const int burst = BURST;
    char text[INET_ADDRSTRLEN];
    g_auto(PifFd) fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return pif_error_set_errno(error, errno, "cannot make a UDP socket");
    if (!bind_to_interface(fd, interface, error))
        return FALSE;
    setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &one, sizeof one);
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &burst, sizeof burst);
    if (bind(fd, (const struct sockaddr *)address, sizeof *address) < 0)
        return pif_error_set_errno(error, errno, "cannot serve TFTP on %s port %u",
                                   inet_ntop(AF_INET, &address->sin_addr, text, sizeof text),
                                   ntohs(address->sin_port));
    *ret_fd = pif_fd_steal(&fd);
    return TRUE;
}
