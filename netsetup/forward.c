// SPDX-License-Identifier: MIT
// The socket that a forward listens with, and why there is none.
#include "netsetup/forward-kind.h"
#include "netsetup/outside.h"
#include "netsetup/state.h"
#include "pifarm/base/error.h"
#include "pifarm/base/fd.h"

#include <errno.h>
#include <netinet/in.h>

struct PifForward {
    const PifForwardKind *kind;
    gpointer forward;
};

static const PifForwardKind *const kinds[] = {
    [PIF_PORT_TCP] = &pif_forward_tcp,
    [PIF_PORT_UDP] = &pif_forward_udp,
};

GSocketAddress *pif_ipv4_socket_address(uint32_t address, uint16_t port)
{
    uint32_t bytes = htonl(address);
    g_autoptr(GInetAddress) inet =
        g_inet_address_new_from_bytes((const guint8 *)&bytes, G_SOCKET_FAMILY_IPV4);
    return g_inet_socket_address_new(inet, port);
}

static gboolean set_busy(GError **error, const PifForwardSpec *spec)
{
    g_autofree char *owner = pif_port_find_owner(spec->protocol, spec->port);
    return pif_error_set(error, PIF_ERROR_BUSY,
                         "%s port %u of this host is in use by %s; stop it, or choose another by "
                         "forward, or ssh-ports under lan",
                         spec->protocol == PIF_PORT_UDP ? "UDP" : "TCP", spec->port,
                         owner ? owner : "another process");
}

static gboolean set_listen_error(GError **error, const PifForwardSpec *spec, GError *failure)
{
    g_autofree char *address = pif_ip_format(spec->address);
    if (g_error_matches(failure, G_IO_ERROR, G_IO_ERROR_ADDRESS_IN_USE)) {
        g_error_free(failure);
        return set_busy(error, spec);
    }
    /* GLib has no code of its own for EADDRNOTAVAIL: whatever else bind(2) says of such an address
     * comes to the same */
    if (g_error_matches(failure, G_IO_ERROR, G_IO_ERROR_FAILED)) {
        g_error_free(failure);
        return pif_error_set(error, PIF_ERROR_CONFIG,
                             "cannot listen on %s:%u: this host has no address %s; correct the "
                             "forward",
                             address, spec->port, address);
    }
    return pif_error_take(error, failure, "cannot listen on %s:%u", address, spec->port);
}

static GSocket *new_socket(int type, GError **error)
{
    g_auto(PifFd) fd = pif_outside_socket(type);
    if (fd < 0) {
        pif_error_set_errno(error, errno, "cannot make a socket");
        return NULL;
    }
    return g_socket_new_from_fd(pif_fd_steal(&fd), error);
}

/* SO_REUSEADDR: past connections of a TCP port don't hold it. With UDP it would let two of us have
 * one port. */
static GSocket *listen_on(const PifForwardSpec *spec, GError **error)
{
    GSocketType type = kinds[spec->protocol]->type;
    gboolean is_stream = type == G_SOCKET_TYPE_STREAM;
    g_autoptr(GError) failure = NULL;
    g_autoptr(GSocketAddress) address = pif_ipv4_socket_address(spec->address, spec->port);
    g_autoptr(GSocket) socket = new_socket(is_stream ? SOCK_STREAM : SOCK_DGRAM, &failure);
    if (socket && g_socket_bind(socket, address, is_stream, &failure) &&
        (!is_stream || g_socket_listen(socket, &failure))) {
        g_socket_set_blocking(socket, FALSE);
        return g_steal_pointer(&socket);
    }
    set_listen_error(error, spec, g_steal_pointer(&failure));
    return NULL;
}

PifForward *pif_forward_start(const PifForwardSpec *spec, GError **error)
{
    GSocket *listener = listen_on(spec, error);
    if (!listener)
        return NULL;
    PifForward *forward = g_new0(PifForward, 1);
    forward->kind = kinds[spec->protocol];
    forward->forward = forward->kind->start(listener, spec);
    return forward;
}

void pif_forward_free(PifForward *forward)
{
    if (!forward)
        return;
    forward->kind->end(forward->forward);
    g_free(forward);
}

gboolean pif_forward_try(const PifForwardSpec *spec, GError **error)
{
    g_autoptr(GSocket) listener = listen_on(spec, error);
    return listener != NULL;
}
