// SPDX-License-Identifier: MIT
// Events and console logs for those who follow them.
#include "pifarm/base/error.h"
#include "pifarm/daemon/api-private.h"
#include "pifarm/daemon/api-stream.h"
#include "pifarm/daemon/tail.h"

#include <string.h>

enum { MAX_FOLLOWERS = 256, MAX_EVENTS = 1000 };

typedef struct {
    PifApi *api;
    PifStream *stream;
    PifStateLog log;
    char *node; /* NULL: all */
} EventFollower;

static void send_event(PifStream *stream, PifStateLog log, const PifEvent *event)
{
    json_t *json = pif_event_to_json(event);
    if (log == PIF_STATE_NETBOOT) { /* its text is JSON itself */
        json_object_set_new(json, "record", json_loads(event->text, 0, NULL));
        json_object_del(json, "text");
    }
    char *text = json_dumps(json, JSON_COMPACT);
    g_autofree char *line = g_strconcat(text, "\n", NULL);
    pif_stream_send(stream, line, strlen(line));
    free(text);
    json_decref(json);
}

static void on_follower_closed(PifStream *stream, gpointer data)
{
    (void)stream;
    EventFollower *follower = data;
    follower->api->n_streams--;
    g_ptr_array_remove_fast(follower->api->followers, follower);
    g_free(follower->node);
    g_free(follower);
}

static gboolean check_stream_limit(PifApi *api, GError **error)
{
    if (api->n_streams < MAX_FOLLOWERS)
        return TRUE;
    return pif_error_set(error, PIF_ERROR_BUSY, "%d clients follow already", MAX_FOLLOWERS);
}

/* Those of the past, page by page. */
static gboolean send_past_events(EventFollower *follower, gint64 after, GError **error)
{
    for (guint n = MAX_EVENTS; n == MAX_EVENTS;) {
        g_autoptr(GPtrArray) past = pif_state_list_events(
            follower->api->daemon->state, follower->log, follower->node, after, MAX_EVENTS, error);
        if (!past)
            return FALSE;
        n = past->len;
        for (guint i = 0; i < n; i++)
            send_event(follower->stream, follower->log, g_ptr_array_index(past, i));
        if (n > 0)
            after = ((const PifEvent *)g_ptr_array_index(past, n - 1))->sequence;
    }
    return TRUE;
}

static gboolean follow(PifApiRequest *request, PifStateLog log, GError **error)
{
    PifApi *api = request->api;
    if (!check_stream_limit(api, error))
        return FALSE;
    EventFollower *follower = g_new0(EventFollower, 1);
    follower->api = api;
    follower->log = log;
    follower->node = g_strdup(pif_api_query(request, "node"));
    follower->stream =
        pif_stream_new(request->message, "application/x-ndjson", on_follower_closed, follower);
    api->n_streams++;
    g_autoptr(GError) failure = NULL;
    if (!send_past_events(follower, pif_api_query_number(request, "after", G_MAXINT64), &failure))
        g_warning("%s", failure->message);
    if (pif_api_query_number(request, "follow", 0) && !failure)
        g_ptr_array_add(api->followers, follower);
    else
        pif_stream_end(follower->stream);
    return TRUE;
}

gboolean pif_api_get_events(PifApiRequest *request, json_t **ret_answer, GError **error)
{
    (void)ret_answer;
    return follow(request, PIF_STATE_EVENTS, error);
}

gboolean pif_api_get_netboot(PifApiRequest *request, json_t **ret_answer, GError **error)
{
    (void)ret_answer;
    return follow(request, PIF_STATE_NETBOOT, error);
}

void pif_api_publish(PifStateLog log, const PifEvent *event, gpointer data)
{
    PifApi *api = data;
    for (guint i = 0; i < api->followers->len; i++) {
        EventFollower *follower = g_ptr_array_index(api->followers, i);
        if (follower->log == log &&
            (!follower->node || g_strcmp0(follower->node, event->node) == 0))
            send_event(follower->stream, log, event);
    }
}

typedef struct {
    PifApi *api;
    PifTail *tail;
    PifStream *stream;
} LogFollower;

static void on_log_bytes(const char *bytes, gsize size, gpointer data)
{
    LogFollower *follower = data;
    pif_stream_send(follower->stream, bytes, size);
}

static void on_log_closed(PifStream *stream, gpointer data)
{
    (void)stream;
    LogFollower *follower = data;
    follower->api->n_streams--;
    pif_tail_free(follower->tail);
    g_free(follower);
}

gboolean pif_api_get_log(PifApiRequest *request, json_t **ret_answer, GError **error)
{
    (void)ret_answer;
    PifUnit *unit = pif_api_request_unit(request, error);
    if (!unit || !check_stream_limit(request->api, error))
        return FALSE;
    g_autofree char *path = g_strcmp0(pif_api_query(request, "of"), "kernel") == 0
                                ? pif_unit_kernel_log(unit)
                                : pif_unit_console_log(unit);
    gint64 last_bytes = pif_api_query_number(request, "bytes", 0);
    LogFollower *follower = g_new0(LogFollower, 1);
    follower->api = request->api;
    follower->stream = pif_stream_new(request->message, "text/plain", on_log_closed, follower);
    request->api->n_streams++;
    follower->tail = pif_tail_start(path, -last_bytes, on_log_bytes, follower);
    if (!pif_api_query_number(request, "follow", 0))
        pif_stream_end(follower->stream);
    return TRUE;
}
