// SPDX-License-Identifier: MIT
// Waits for a server's end, and starts it again.
#include "pifarm/daemon/keeper.h"

/* The pause doubles up to the maximum; a server that has lived longer than that begins anew. */
enum { BACKOFF_MIN_MS = 500, BACKOFF_MAX_MS = 30000 };

struct PifKeeper {
    PifDaemon *daemon;
    const char *name;
    PifStartFunc start;
    gpointer data;
    GSubprocess *server;
    GCancellable *watch;
    guint backoff_ms;
    gint64 started_us;
    guint timer;
};

static void start_again_later(PifKeeper *keeper, const char *reason);

static void on_ended(GObject *source, GAsyncResult *result, gpointer data)
{
    g_autoptr(GError) error = NULL;
    g_subprocess_wait_check_finish(G_SUBPROCESS(source), result, &error);
    if (!g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
        start_again_later(data, error ? error->message : "it ended");
}

static gboolean start(PifKeeper *keeper, GError **error)
{
    keeper->server = keeper->start(keeper->data, error);
    if (!keeper->server)
        return FALSE;
    keeper->started_us = g_get_monotonic_time();
    keeper->watch = g_cancellable_new();
    g_subprocess_wait_check_async(keeper->server, keeper->watch, on_ended, keeper);
    return TRUE;
}

static void stop(PifKeeper *keeper)
{
    g_clear_handle_id(&keeper->timer, g_source_remove);
    if (keeper->watch)
        g_cancellable_cancel(keeper->watch);
    g_clear_object(&keeper->watch);
    if (keeper->server) {
        g_subprocess_force_exit(keeper->server);
        g_subprocess_wait(keeper->server, NULL, NULL);
    }
    g_clear_object(&keeper->server);
}

static gboolean start_again(gpointer data)
{
    PifKeeper *keeper = data;
    g_autoptr(GError) error = NULL;
    keeper->timer = 0;
    if (!start(keeper, &error))
        start_again_later(keeper, error->message);
    return G_SOURCE_REMOVE;
}

static void start_again_later(PifKeeper *keeper, const char *reason)
{
    gint64 lived_ms = (g_get_monotonic_time() - keeper->started_us) / 1000;
    keeper->backoff_ms = lived_ms > BACKOFF_MAX_MS
                             ? BACKOFF_MIN_MS
                             : CLAMP(keeper->backoff_ms * 2, BACKOFF_MIN_MS, BACKOFF_MAX_MS);
    stop(keeper);
    pif_daemon_add_event(keeper->daemon, NULL, "warning",
                         "%s died (%s); starting it again in %.1f s", keeper->name, reason,
                         keeper->backoff_ms / 1000.0);
    keeper->timer = g_timeout_add(keeper->backoff_ms, start_again, keeper);
}

PifKeeper *pif_keeper_new(PifDaemon *daemon, const char *name, PifStartFunc start_server,
                          gpointer data, GError **error)
{
    g_autoptr(PifKeeper) keeper = g_new0(PifKeeper, 1);
    keeper->daemon = daemon;
    keeper->name = name;
    keeper->start = start_server;
    keeper->data = data;
    return start(keeper, error) ? g_steal_pointer(&keeper) : NULL;
}

void pif_keeper_free(PifKeeper *keeper)
{
    if (!keeper)
        return;
    stop(keeper);
    g_free(keeper);
}
