// SPDX-License-Identifier: MIT
// The sockets of listen.h.
#include "hw/netboot/loop/listen.h"

#include "pifarm/base/error.h"
#include "pifarm/base/fd.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

enum { BACKLOG = 128 };

static gboolean bind_to_interface(int fd, const char *interface, GError **error)
{
    if (!interface ||
        setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, interface, (socklen_t)strlen(interface)) == 0)
        return TRUE;
    return pif_error_set_errno(error, errno, "cannot listen on interface %s", interface);
}

int pif_listen(int type, const char *service, const char *interface,
               const struct sockaddr_in *address, GError **error)
{
    const int one = 1;
    char text[INET_ADDRSTRLEN];
    g_auto(PifFd) fd = socket(AF_INET, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        pif_error_set_errno(error, errno, "cannot make a socket for %s", service);
        return -1;
    }
    if (!bind_to_interface(fd, interface, error))
        return -1;
    /* connections of a server that ended a moment ago are not in the way */
    if (type == SOCK_STREAM)
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(fd, (const struct sockaddr *)address, sizeof *address) < 0 ||
        (type == SOCK_STREAM && listen(fd, BACKLOG) < 0)) {
        pif_error_set_errno(error, errno, "cannot serve %s on %s port %u", service,
                            inet_ntop(AF_INET, &address->sin_addr, text, sizeof text),
                            ntohs(address->sin_port));
        return -1;
    }
    return pif_fd_steal(&fd);
}
