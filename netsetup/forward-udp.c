// SPDX-License-Identifier: MIT
// UDP: a socket towards the node for each client, as the node's answers go back by it.
#include "netsetup/forward-kind.h"

enum { IDLE_S = 60, MAX_DATAGRAM = 65536, MAX_AT_ONCE = 64 };

typedef struct {
    GSocket *listener;
    GSource *incoming;
    GSocketAddress *target;
    GHashTable *clients; /* "127.0.0.1:40000" -> Client */
    GQueue by_silence;   /* Client: who has been silent for longest first */
    unsigned max_clients;
    char buffer[MAX_DATAGRAM];
} Forward;

typedef struct {
    Forward *forward;
    char *name;
    GSocketAddress *address;
    GSocket *to_node;
    GSource *answers;
    GSource *idle;
    GList *link; /* in by_silence */
} Client;

static void drop_source(GSource *source)
{
    g_source_destroy(source);
    g_source_unref(source);
}

static GSource *watch(GSocket *socket, GSocketSourceFunc callback, gpointer data)
{
    GSource *source = g_socket_create_source(socket, G_IO_IN, NULL);
    g_source_set_callback(source, G_SOURCE_FUNC(callback), data, NULL);
    g_source_attach(source, g_main_context_get_thread_default());
    return source;
}

static void client_free(gpointer data)
{
    Client *client = data;
    drop_source(client->answers);
    drop_source(client->idle);
    g_queue_delete_link(&client->forward->by_silence, client->link);
    g_socket_close(client->to_node, NULL);
    g_object_unref(client->to_node);
    g_object_unref(client->address);
    g_free(client->name);
    g_free(client);
}

static void forget(Client *client)
{
    g_hash_table_remove(client->forward->clients, client->name);
}

static gboolean on_idle(gpointer client)
{
    forget(client);
    return G_SOURCE_REMOVE;
}

static void has_spoken(Client *client)
{
    GQueue *queue = &client->forward->by_silence;
    g_queue_unlink(queue, client->link);
    g_queue_push_tail_link(queue, client->link);
    g_source_set_ready_time(client->idle, g_get_monotonic_time() + IDLE_S * G_USEC_PER_SEC);
}

/* That a node refuses the port, or is off, comes back as an error of a later call: as UDP has it,
 * nobody is told. */
static gboolean on_answer(GSocket *socket, GIOCondition condition, gpointer data)
{
    Client *client = data;
    Forward *forward = client->forward;
    (void)condition;
    for (int i = 0; i < MAX_AT_ONCE; i++) {
        gssize size = g_socket_receive(socket, forward->buffer, MAX_DATAGRAM, NULL, NULL);
        if (size < 0)
            break;
        has_spoken(client);
        g_socket_send_to(forward->listener, client->address, forward->buffer, (gsize)size, NULL,
                         NULL);
    }
    return G_SOURCE_CONTINUE;
}

static GSocket *connect_to(GSocketAddress *target)
{
    g_autoptr(GSocket) socket =
        g_socket_new(G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_DATAGRAM, G_SOCKET_PROTOCOL_DEFAULT, NULL);
    if (!socket || !g_socket_connect(socket, target, NULL, NULL))
        return NULL;
    g_socket_set_blocking(socket, FALSE);
    return g_steal_pointer(&socket);
}

static char *name_of(GSocketAddress *address)
{
    GInetSocketAddress *inet = G_INET_SOCKET_ADDRESS(address);
    g_autofree char *host = g_inet_address_to_string(g_inet_socket_address_get_address(inet));
    return g_strdup_printf("%s:%u", host, g_inet_socket_address_get_port(inet));
}

/* NULL when there is no socket to be had. */
static Client *client_new(Forward *forward, const char *name, GSocketAddress *address)
{
    GSocket *to_node = connect_to(forward->target);
    if (!to_node)
        return NULL;
    if (g_hash_table_size(forward->clients) >= forward->max_clients)
        forget(g_queue_peek_head(&forward->by_silence));
    Client *client = g_new0(Client, 1);
    client->forward = forward;
    client->name = g_strdup(name);
    client->address = g_object_ref(address);
    client->to_node = to_node;
    client->answers = watch(to_node, on_answer, client);
    client->idle = g_timeout_source_new_seconds(IDLE_S);
    g_source_set_callback(client->idle, on_idle, client, NULL);
    g_source_attach(client->idle, g_main_context_get_thread_default());
    g_queue_push_tail(&forward->by_silence, client);
    client->link = g_queue_peek_tail_link(&forward->by_silence);
    g_hash_table_insert(forward->clients, client->name, client);
    return client;
}

static void pass_on(Forward *forward, GSocketAddress *from, gsize size)
{
    g_autofree char *name = name_of(from);
    Client *client = g_hash_table_lookup(forward->clients, name);
    if (!client)
        client = client_new(forward, name, from);
    if (!client)
        return;
    has_spoken(client);
    g_socket_send(client->to_node, forward->buffer, size, NULL, NULL);
}

static gboolean on_incoming(GSocket *listener, GIOCondition condition, gpointer data)
{
    Forward *forward = data;
    (void)condition;
    for (int i = 0; i < MAX_AT_ONCE; i++) {
        g_autoptr(GSocketAddress) from = NULL;
        gssize size =
            g_socket_receive_from(listener, &from, forward->buffer, MAX_DATAGRAM, NULL, NULL);
        if (size < 0)
            break;
        pass_on(forward, from, (gsize)size);
    }
    return G_SOURCE_CONTINUE;
}

static gpointer start(GSocket *listener, const PifForwardSpec *spec)
{
    Forward *forward = g_new0(Forward, 1);
    forward->listener = listener;
    forward->target = pif_ipv4_socket_address(spec->target, spec->target_port);
    forward->clients = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, client_free);
    forward->max_clients = spec->max_connections;
    g_queue_init(&forward->by_silence);
    forward->incoming = watch(listener, on_incoming, forward);
    return forward;
}

static void end(gpointer data)
{
    Forward *forward = data;
    drop_source(forward->incoming);
    g_hash_table_unref(forward->clients);
    g_object_unref(forward->target);
    g_socket_close(forward->listener, NULL);
    g_object_unref(forward->listener);
    g_free(forward);
}

const PifForwardKind pif_forward_udp = {G_SOCKET_TYPE_DATAGRAM, start, end};
