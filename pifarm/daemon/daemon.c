// SPDX-License-Identifier: MIT
// What every part of the daemon may ask for: its events, and where a node's files are.
#include "pifarm/daemon/daemon.h"

#include "pifarm/base/error.h"

static void add_event(PifDaemon *daemon, PifStateLog log, PifEvent *event)
{
    g_autoptr(GError) error = NULL;
    event->time_us = g_get_real_time();
    if (!pif_state_add_event(daemon->state, log, event, &error))
        g_warning("%s", error->message);
    if (daemon->on_event)
        daemon->on_event(log, event, daemon->on_event_data);
}

void pif_daemon_add_event(PifDaemon *daemon, const char *node, const char *kind, const char *format,
                          ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    PifEvent event = {.node = (char *)node, .kind = (char *)kind, .text = text};
    g_message("%s%s%s%s%s", node ? node : "", node ? ": " : "", kind, *text ? ": " : "", text);
    add_event(daemon, PIF_STATE_EVENTS, &event);
}

void pif_daemon_add_netboot(PifDaemon *daemon, const char *node, const char *kind, const char *text)
{
    PifEvent event = {.node = (char *)node, .kind = (char *)kind, .text = (char *)text};
    add_event(daemon, PIF_STATE_NETBOOT, &event);
}

char *pif_daemon_node_file(const PifDaemon *daemon, const PifNode *node, const char *folder,
                           const char *suffix)
{
    g_autofree char *name = g_strconcat(node->name, suffix, NULL);
    return g_build_filename(daemon->directory, folder, name, NULL);
}

char *pif_daemon_card_path(const PifDaemon *daemon, const PifNode *node)
{
    return pif_daemon_node_file(daemon, node, "cards", ".qcow2");
}
