// SPDX-License-Identifier: MIT
// The SSH probe. Nothing tells a host from outside when a port of another host opens, so this must
// ask again and again: a new connection each time, because a SYN that is lost while the guest has
// no address yet is repeated after a second only.
#include "pifarm/daemon/probe.h"

#include "pifarm/base/fd.h"

#include <arpa/inet.h>
#include <errno.h>
#include <glib-unix.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

enum { PERIOD_MS = 100, CONNECT_TIMEOUT_MS = 250, BANNER_TIMEOUT_MS = 1500, BANNER_MAX = 255 };

struct PifProbe {
    struct sockaddr_in target;
    PifProbeFunc on_banner;
    gpointer data;
    int fd;
    guint watch; /* of fd */
    guint timer; /* deadline of this attempt, or the pause before the next */
    size_t length;
    char banner[BANNER_MAX + 1];
};

static gboolean begin_attempt(gpointer data);

static void end_attempt(PifProbe *probe)
{
    g_clear_handle_id(&probe->watch, g_source_remove);
    g_clear_handle_id(&probe->timer, g_source_remove);
    pif_fd_clear(&probe->fd);
    probe->length = 0;
}

static void try_again_later(PifProbe *probe)
{
    end_attempt(probe);
    probe->timer = g_timeout_add(PERIOD_MS, begin_attempt, probe);
}

static gboolean on_deadline(gpointer data)
{
    PifProbe *probe = data;
    probe->timer = 0;
    end_attempt(probe);
    begin_attempt(probe);
    return G_SOURCE_REMOVE;
}

static void set_deadline(PifProbe *probe, guint timeout_ms)
{
    g_clear_handle_id(&probe->timer, g_source_remove);
    probe->timer = g_timeout_add(timeout_ms, on_deadline, probe);
}

static gboolean on_readable(int fd, GIOCondition condition, gpointer data)
{
    (void)condition;
    PifProbe *probe = data;
    ssize_t got = recv(fd, probe->banner + probe->length, BANNER_MAX - probe->length, 0);
    if (got > 0)
        probe->length += (size_t)got;
    probe->banner[probe->length] = '\0';
    char *end = strpbrk(probe->banner, "\r\n");
    if (end && g_str_has_prefix(probe->banner, "SSH-")) {
        *end = '\0';
        g_autofree char *banner = g_strdup(probe->banner);
        probe->watch = 0;
        end_attempt(probe);
        probe->on_banner(banner, probe->data);
        return G_SOURCE_REMOVE;
    }
    if (got > 0 && probe->length < BANNER_MAX)
        return G_SOURCE_CONTINUE;
    probe->watch = 0;
    try_again_later(probe);
    return G_SOURCE_REMOVE;
}

static gboolean on_connected(int fd, GIOCondition condition, gpointer data)
{
    (void)condition;
    PifProbe *probe = data;
    int err = 0;
    socklen_t size = sizeof err;
    probe->watch = 0;
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &size) < 0 || err != 0) {
        try_again_later(probe);
        return G_SOURCE_REMOVE;
    }
    set_deadline(probe, BANNER_TIMEOUT_MS);
    probe->watch = g_unix_fd_add(fd, G_IO_IN | G_IO_HUP | G_IO_ERR, on_readable, probe);
    return G_SOURCE_REMOVE;
}

static gboolean begin_attempt(gpointer data)
{
    PifProbe *probe = data;
    probe->timer = 0;
    probe->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (probe->fd < 0 ||
        (connect(probe->fd, (struct sockaddr *)&probe->target, sizeof probe->target) < 0 &&
         errno != EINPROGRESS)) {
        try_again_later(probe);
        return G_SOURCE_REMOVE;
    }
    set_deadline(probe, CONNECT_TIMEOUT_MS);
    probe->watch = g_unix_fd_add(probe->fd, G_IO_OUT | G_IO_HUP | G_IO_ERR, on_connected, probe);
    return G_SOURCE_REMOVE;
}

PifProbe *pif_probe_start(uint32_t address, uint16_t port, PifProbeFunc on_banner, gpointer data)
{
    PifProbe *probe = g_new0(PifProbe, 1);
    probe->target = (struct sockaddr_in){
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(address)};
    probe->on_banner = on_banner;
    probe->data = data;
    probe->fd = -1;
    begin_attempt(probe);
    return probe;
}

void pif_probe_free(PifProbe *probe)
{
    if (!probe)
        return;
    end_attempt(probe);
    g_free(probe);
}
