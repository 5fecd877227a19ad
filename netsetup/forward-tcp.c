// SPDX-License-Identifier: MIT
// TCP: accepts connections on a local port, connects to the node for each, and joins the two.
#include "netsetup/forward-kind.h"
#include "netsetup/splice.h"

#include <netinet/in.h>
#include <netinet/tcp.h>

typedef struct {
    GSocket *listener;
    GSource *accepting; /* NULL while as many are connected as may be */
    GSource *pause;     /* NULL unless accepting has failed just now */
    GSocketAddress *target;
    GHashTable *calls; /* set of Call */
    unsigned max_calls;
    uint16_t port;
} Forward;

/* One connection to the port, and what it leads to. Outlives the forward by the moment that its
 * operations take to be cancelled. */
typedef struct {
    Forward *forward; /* NULL when that has been freed */
    GSocketConnection *client;
    GSocketConnection *target; /* NULL until connected */
    GCancellable *cancellable;
} Call;

static void drop_source(GSource **source)
{
    if (!*source)
        return;
    g_source_destroy(*source);
    g_clear_pointer(source, g_source_unref);
}

static void resume_accepting(Forward *forward);

static void call_end(gpointer data)
{
    Call *call = data;
    if (call->forward) {
        g_hash_table_remove(call->forward->calls, call);
        resume_accepting(call->forward);
    }
    g_clear_object(&call->client);
    g_clear_object(&call->target);
    g_object_unref(call->cancellable);
    g_free(call);
}

/* Interactive bytes go out at once, and a node that lost its power is noticed. */
static void tune(GSocketConnection *connection)
{
    enum { IDLE_S = 30, INTERVAL_S = 10, PROBES = 6 };
    GSocket *socket = g_socket_connection_get_socket(connection);
    g_socket_set_timeout(socket, 0);
    g_socket_set_keepalive(socket, TRUE);
    g_socket_set_option(socket, IPPROTO_TCP, TCP_NODELAY, 1, NULL);
    g_socket_set_option(socket, IPPROTO_TCP, TCP_KEEPIDLE, IDLE_S, NULL);
    g_socket_set_option(socket, IPPROTO_TCP, TCP_KEEPINTVL, INTERVAL_S, NULL);
    g_socket_set_option(socket, IPPROTO_TCP, TCP_KEEPCNT, PROBES, NULL);
}

static void on_connected(GObject *client, GAsyncResult *result, gpointer data)
{
    Call *call = data;
    g_autoptr(GError) error = NULL;
    call->target = g_socket_client_connect_finish(G_SOCKET_CLIENT(client), result, &error);
    if (!call->target) {
        if (call->forward)
            g_info("forward from port %u: %s", call->forward->port, error->message);
        call_end(call);
        return;
    }
    tune(call->client);
    tune(call->target);
    pif_splice_start(call->client, call->target, call->cancellable, call_end, call);
}

static void call_start(Forward *forward, GSocket *accepted)
{
    enum { CONNECT_TIMEOUT_S = 10 };
    Call *call = g_new0(Call, 1);
    call->forward = forward;
    call->client = g_socket_connection_factory_create_connection(accepted);
    call->cancellable = g_cancellable_new();
    g_hash_table_add(forward->calls, call);
    g_autoptr(GSocketClient) client = g_socket_client_new();
    g_socket_client_set_enable_proxy(client, FALSE);
    g_socket_client_set_timeout(client, CONNECT_TIMEOUT_S);
    g_socket_client_connect_async(client, G_SOCKET_CONNECTABLE(forward->target), call->cancellable,
                                  on_connected, call);
}

static gboolean on_pause_over(gpointer data)
{
    Forward *forward = data;
    drop_source(&forward->pause);
    resume_accepting(forward);
    return G_SOURCE_REMOVE;
}

/* Out of descriptors, most likely. No event tells when there are some again. */
static void pause_accepting(Forward *forward, const GError *error)
{
    enum { PAUSE_S = 1 };
    g_warning("forward from port %u: %s", forward->port, error->message);
    drop_source(&forward->accepting);
    forward->pause = g_timeout_source_new_seconds(PAUSE_S);
    g_source_set_callback(forward->pause, on_pause_over, forward, NULL);
    g_source_attach(forward->pause, g_main_context_get_thread_default());
}

static gboolean on_incoming(GSocket *listener, GIOCondition condition, gpointer data)
{
    Forward *forward = data;
    g_autoptr(GError) error = NULL;
    g_autoptr(GSocket) accepted = g_socket_accept(listener, NULL, &error);
    if (accepted) {
        call_start(forward, accepted);
        if (g_hash_table_size(forward->calls) >= forward->max_calls)
            drop_source(&forward->accepting);
    } else if (!g_error_matches(error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK)) {
        pause_accepting(forward, error);
    }
    return G_SOURCE_CONTINUE;
}

static void resume_accepting(Forward *forward)
{
    if (forward->accepting || forward->pause ||
        g_hash_table_size(forward->calls) >= forward->max_calls)
        return;
    forward->accepting = g_socket_create_source(forward->listener, G_IO_IN, NULL);
    g_source_set_callback(forward->accepting, G_SOURCE_FUNC(on_incoming), forward, NULL);
    g_source_attach(forward->accepting, g_main_context_get_thread_default());
}

static gpointer start(GSocket *listener, const PifForwardSpec *spec)
{
    Forward *forward = g_new0(Forward, 1);
    forward->listener = listener;
    forward->target = pif_ipv4_socket_address(spec->target, spec->target_port);
    forward->calls = g_hash_table_new(NULL, NULL);
    forward->max_calls = spec->max_connections;
    forward->port = spec->port;
    resume_accepting(forward);
    return forward;
}

static void end(gpointer data)
{
    Forward *forward = data;
    drop_source(&forward->accepting);
    drop_source(&forward->pause);
    GHashTableIter iter;
    g_hash_table_iter_init(&iter, forward->calls);
    for (gpointer key; g_hash_table_iter_next(&iter, &key, NULL);) {
        Call *call = key;
        call->forward = NULL;
        g_cancellable_cancel(call->cancellable);
    }
    g_hash_table_unref(forward->calls);
    g_object_unref(forward->target);
    g_socket_close(forward->listener, NULL);
    g_object_unref(forward->listener);
    g_free(forward);
}

const PifForwardKind pif_forward_tcp = {G_SOCKET_TYPE_STREAM, start, end};
