// SPDX-License-Identifier: MIT
// The socket that requests come to.
#include "hw/netboot/loop/listen.h"
#include "hw/netboot/tftp/tftp-server.h"

#include <sys/socket.h>

gboolean pif_tftp_listen(const char *interface, const struct sockaddr_in *address, int *ret_fd,
                         GError **error)
{
    enum { BURST = 1 << 20 }; /* requests of a rack that is switched on at once */
    const int one = 1;
    const int burst = BURST;
    int fd = pif_listen(SOCK_DGRAM, "TFTP", interface, address, error);
    if (fd < 0)
        return FALSE;
    setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &one, sizeof one);
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &burst, sizeof burst);
    *ret_fd = fd;
    return TRUE;
}
