// SPDX-License-Identifier: MIT
// Fan-out of a console. libvirt's stream is open only while somebody is attached and the machine
// runs.
#include "pifarm/daemon/console-hub.h"

struct PifConsoleHub {
    char *node;
    GPtrArray *connections;    /* SoupWebsocketConnection* */
    PifHypervisor *hypervisor; /* NULL: no machine */
    PifConsole *console;
};

/* Bytes that may wait for one slow client before it is cut off; a console prints some kilobytes a
 * second. */
enum { MAX_PAYLOAD = 128 * 1024 };

static void send_text(PifConsoleHub *hub, const char *format, ...) G_GNUC_PRINTF(2, 3);
static void send_text(PifConsoleHub *hub, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    for (guint i = 0; i < hub->connections->len; i++)
        soup_websocket_connection_send_text(g_ptr_array_index(hub->connections, i), text);
}

static void on_console_bytes(const void *bytes, gsize size, gpointer data)
{
    PifConsoleHub *hub = data;
    for (guint i = 0; i < hub->connections->len && size > 0; i++) {
        SoupWebsocketConnection *connection = g_ptr_array_index(hub->connections, i);
        if (soup_websocket_connection_get_state(connection) == SOUP_WEBSOCKET_STATE_OPEN)
            soup_websocket_connection_send_binary(connection, bytes, size);
    }
}

static void open_console(PifConsoleHub *hub)
{
    g_autoptr(GError) error = NULL;
    if (hub->console || !hub->hypervisor || hub->connections->len == 0)
        return;
    hub->console = pif_console_open(hub->hypervisor, hub->node, on_console_bytes, hub, &error);
    if (!hub->console)
        send_text(hub, "%s", error->message);
}

static void on_message(SoupWebsocketConnection *connection, gint type, GBytes *message,
                       gpointer data)
{
    (void)connection;
    PifConsoleHub *hub = data;
    gsize size = 0;
    const void *bytes = g_bytes_get_data(message, &size);
    g_autoptr(GError) error = NULL;
    if (type != SOUP_WEBSOCKET_DATA_BINARY || !hub->console)
        return;
    if (!pif_console_write(hub->console, bytes, size, &error))
        send_text(hub, "%s", error->message);
}

static void on_closed(SoupWebsocketConnection *connection, gpointer data)
{
    PifConsoleHub *hub = data;
    g_signal_handlers_disconnect_by_data(connection, hub);
    g_ptr_array_remove(hub->connections, connection);
    if (hub->connections->len == 0)
        g_clear_pointer(&hub->console, pif_console_free);
}

PifConsoleHub *pif_console_hub_new(const char *node)
{
    PifConsoleHub *hub = g_new0(PifConsoleHub, 1);
    hub->node = g_strdup(node);
    hub->connections = g_ptr_array_new_with_free_func(g_object_unref);
    return hub;
}

void pif_console_hub_free(PifConsoleHub *hub)
{
    if (!hub)
        return;
    g_clear_pointer(&hub->console, pif_console_free);
    for (guint i = 0; i < hub->connections->len; i++)
        g_signal_handlers_disconnect_by_data(g_ptr_array_index(hub->connections, i), hub);
    g_ptr_array_unref(hub->connections);
    g_free(hub->node);
    g_free(hub);
}

void pif_console_hub_attach(PifConsoleHub *hub, SoupWebsocketConnection *connection)
{
    soup_websocket_connection_set_max_incoming_payload_size(connection, MAX_PAYLOAD);
    g_ptr_array_add(hub->connections, g_object_ref(connection));
    g_signal_connect(connection, "message", G_CALLBACK(on_message), hub);
    g_signal_connect(connection, "closed", G_CALLBACK(on_closed), hub);
    if (!hub->hypervisor)
        soup_websocket_connection_send_text(connection, "the node has no power; waiting for it");
    open_console(hub);
}

void pif_console_hub_set_machine(PifConsoleHub *hub, PifHypervisor *hypervisor)
{
    if (hub->hypervisor && !hypervisor)
        send_text(hub, "%s has gone off; waiting for it", hub->node);
    hub->hypervisor = hypervisor;
    if (!hypervisor)
        g_clear_pointer(&hub->console, pif_console_free);
    open_console(hub);
}
