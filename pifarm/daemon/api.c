// SPDX-License-Identifier: MIT
// Routes of the API: a table of method, path and handler.
#include "pifarm/base/error.h"
#include "pifarm/base/file.h"
#include "pifarm/daemon/api-private.h"
#include "pifarm/daemon/console-hub.h"

#include <errno.h>
#include <gio/gunixsocketaddress.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct {
    const char *method;
    const char *path; /* "*" stands for a node's name */
    PifApiHandler handle;
} Route;

static const Route routes[] = {
    {"GET", "/v1/farm", pif_api_get_farm},
    {"GET", "/v1/nodes", pif_api_get_nodes},
    {"GET", "/v1/nodes/*", pif_api_get_node},
    {"GET", "/v1/nodes/*/log", pif_api_get_log},
    {"POST", "/v1/nodes/*/fault", pif_api_post_fault},
    {"GET", "/v1/events", pif_api_get_events},
    {"GET", "/v1/netboot", pif_api_get_netboot},
    {"GET", "/v1/netboot/leases", pif_api_get_leases},
    {"POST", "/v1/power/on", pif_api_post_on},
    {"POST", "/v1/power/off", pif_api_post_off},
    {"POST", "/v1/cards/remove", pif_api_post_remove_cards},
    {"POST", "/v1/reload", pif_api_post_reload},
    {"POST", "/v1/shutdown", pif_api_post_shutdown},
};

/* Compares segment by segment; ret_node gets the one that stands at "*". */
static gboolean path_matches(const char *pattern, const char *path, char **ret_node)
{
    g_auto(GStrv) wanted = g_strsplit(pattern, "/", -1);
    g_auto(GStrv) given = g_strsplit(path, "/", -1);
    if (g_strv_length(wanted) != g_strv_length(given))
        return FALSE;
    g_autofree char *node = NULL;
    for (guint i = 0; wanted[i]; i++) {
        if (g_str_equal(wanted[i], "*")) {
            g_free(node);
            node = g_strdup(given[i]);
        } else if (!g_str_equal(wanted[i], given[i])) {
            return FALSE;
        }
    }
    *ret_node = g_steal_pointer(&node);
    return TRUE;
}

static const Route *find_route(const char *method, const char *path, char **ret_node,
                               GError **error)
{
    gboolean is_known_path = FALSE;
    for (size_t i = 0; i < G_N_ELEMENTS(routes); i++) {
        g_autofree char *node = NULL;
        if (!path_matches(routes[i].path, path, &node))
            continue;
        is_known_path = TRUE;
        if (!g_str_equal(routes[i].method, method))
            continue;
        *ret_node = g_steal_pointer(&node);
        return &routes[i];
    }
    if (is_known_path)
        pif_error_set(error, PIF_ERROR_USAGE, "%s does not take %s", path, method);
    else
        pif_error_set(error, PIF_ERROR_NOT_FOUND, "there is no %s", path);
    return NULL;
}

static void on_request(SoupServer *server, SoupServerMessage *message, const char *path,
                       GHashTable *query, gpointer data)
{
    (void)server;
    g_autoptr(GError) error = NULL;
    g_autofree char *node = NULL;
    PifApiRequest request = {.api = data, .message = message, .query = query};
    json_t *answer = NULL;
    const Route *route = find_route(soup_server_message_get_method(message), path, &node, &error);
    request.node = node;
    if (route && pif_api_parse_body(message, &request.body, &error) &&
        route->handle(&request, &answer, &error)) {
        if (answer)
            pif_api_answer(message, SOUP_STATUS_OK, answer);
    } else {
        pif_api_answer_error(message, error);
    }
    json_decref(answer);
    json_decref(request.body);
}

static void on_console(SoupServer *server, SoupServerMessage *message, const char *path,
                       SoupWebsocketConnection *connection, gpointer data)
{
    (void)server, (void)message;
    PifApi *api = data;
    g_autofree char *node = NULL;
    PifUnit *unit = path_matches("/v1/console/*", path, &node)
                        ? g_hash_table_lookup(api->daemon->units, node)
                        : NULL;
    if (unit)
        pif_console_hub_attach(pif_unit_console(unit), connection);
    else
        soup_websocket_connection_close(connection, SOUP_WEBSOCKET_CLOSE_POLICY_VIOLATION,
                                        "there is no such node");
}

/* The socket is there for us alone from its first moment on, and replaces a dead daemon's. */
static GSocket *make_socket(const char *path, GError **error)
{
    g_autoptr(GSocketAddress) address = g_unix_socket_address_new(path);
    g_autoptr(GSocket) socket =
        g_socket_new(G_SOCKET_FAMILY_UNIX, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_DEFAULT, error);
    if (!socket)
        return NULL;
    unlink(path);
    mode_t old_mask = umask(0177);
    gboolean is_ok = g_socket_bind(socket, address, TRUE, error) && g_socket_listen(socket, error);
    umask(old_mask);
    return is_ok ? g_steal_pointer(&socket) : NULL;
}

PifApi *pif_api_new(PifDaemon *daemon, const char *path, GError **error)
{
    GError *failure = NULL;
    PifApi *api = g_new0(PifApi, 1);
    api->daemon = daemon;
    api->socket_path = g_strdup(path);
    api->followers = g_ptr_array_new();
    api->server = soup_server_new("server-header", "pifarmd", NULL);
    soup_server_add_handler(api->server, "/", on_request, api, NULL);
    soup_server_add_websocket_handler(api->server, "/v1/console", NULL, NULL, on_console, api,
                                      NULL);
    g_autoptr(GSocket) socket = make_socket(path, &failure);
    if (socket && soup_server_listen_socket(api->server, socket, 0, &failure)) {
        daemon->on_event = pif_api_publish;
        daemon->on_event_data = api;
        return api;
    }
    pif_error_take(error, failure, "cannot listen on %s", path);
    pif_api_free(api);
    return NULL;
}

void pif_api_free(PifApi *api)
{
    if (!api)
        return;
    api->daemon->on_event = NULL;
    soup_server_disconnect(api->server);
    g_clear_object(&api->server);
    g_free(api->socket_path);
    g_ptr_array_unref(api->followers);
    g_free(api);
}
