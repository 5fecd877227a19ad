// SPDX-License-Identifier: MIT
// The sockets of sockets.h, opened while there are the rights for it.
#include "hw/netboot/server/sockets.h"

#include "hw/netboot/loop/listen.h"
#include "hw/netboot/tftp/tftp-server.h"
#include "pifarm/base/fd.h"

#include <arpa/inet.h>
#include <sys/socket.h>

static struct sockaddr_in any_address(int port)
{
    return (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
}

static gboolean open_dhcp(const PifServeOptions *options, const PifInterface *interface,
                          PifServeSockets *sockets, GError **error)
{
    return !pif_serve_options_has_dhcp(options) ||
           pif_dhcp_listen(interface->name, interface->index, &sockets->dhcp, error);
}

static gboolean open_tftp(const PifServeOptions *options, const char *interface,
                          PifServeSockets *sockets, GError **error)
{
    const struct sockaddr_in address = any_address(options->tftp_port);
    return !pif_serve_options_has_tftp(options) ||
           pif_tftp_listen(interface, &address, &sockets->tftp, error);
}

static gboolean open_http(const PifServeOptions *options, const char *interface,
                          PifServeSockets *sockets, GError **error)
{
    const struct sockaddr_in address = any_address(options->http_port);
    if (!pif_serve_options_has_http(options))
        return TRUE;
    sockets->http = pif_listen(SOCK_STREAM, "HTTP", interface, &address, error);
    return sockets->http >= 0;
}

gboolean pif_serve_sockets_open(const PifServeOptions *options, const PifInterface *interface,
                                PifServeSockets *ret_sockets, GError **error)
{
    const char *name = *interface->name ? interface->name : NULL;
    PifServeSockets sockets = PIF_SERVE_NO_SOCKETS;
    if (open_dhcp(options, interface, &sockets, error) &&
        open_tftp(options, name, &sockets, error) && open_http(options, name, &sockets, error)) {
        *ret_sockets = sockets;
        return TRUE;
    }
    pif_serve_sockets_clear(&sockets);
    return FALSE;
}

void pif_serve_sockets_clear(PifServeSockets *sockets)
{
    pif_dhcp_sockets_clear(&sockets->dhcp);
    pif_fd_clear(&sockets->tftp);
    pif_fd_clear(&sockets->http);
}
