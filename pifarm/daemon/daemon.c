// SPDX-License-Identifier: MIT
// What every part of the daemon may ask for: its events, and where a node's files are.
#include "pifarm/daemon/daemon.h"

#include "pifarm/base/error.h"

void pif_daemon_add_event(PifDaemon *daemon, const char *node, const char *kind, const char *format,
                          ...)
{
    g_autoptr(GError) error = NULL;
    va_list args;
    va_start(args, format);
    PifEvent event = {.time_us = g_get_real_time(),
                      .node = (char *)node,
                      .kind = (char *)kind,
                      .text = g_strdup_vprintf(format, args)};
    va_end(args);
    if (!pif_state_add_event(daemon->state, node, kind, event.text, &event.sequence, &error))
        g_warning("%s", error->message);
    g_message("%s%s%s%s%s", node ? node : "", node ? ": " : "", kind, *event.text ? ": " : "",
              event.text);
    if (daemon->on_event)
        daemon->on_event(&event, daemon->on_event_data);
    g_free(event.text);
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
