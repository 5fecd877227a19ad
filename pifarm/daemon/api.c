// SPDX-License-Identifier: MIT
// Routes of the API: a table of method, path and handler.
#include "pifarm/daemon/api.h"

#include "pifarm/base/error.h"
#include "pifarm/base/file.h"
#include "pifarm/daemon/api-stream.h"
#include "pifarm/daemon/console-hub.h"
#include "pifarm/daemon/reload.h"
#include "pifarm/daemon/tail.h"
#include "pifarm/daemon/unit.h"
#include "pifarm/daemon/units.h"

#include <errno.h>
#include <gio/gunixsocketaddress.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MAX_FOLLOWERS = 256, MAX_EVENTS = 1000, MAX_REQUEST = 1024 * 1024 };

struct PifApi {
    PifDaemon *daemon;
    SoupServer *server;
    char *socket_path;
    GPtrArray *followers; /* EventFollower* */
    unsigned n_streams;
};

/* One request: what its handler needs. */
typedef struct {
    PifApi *api;
    SoupServerMessage *message;
    GHashTable *query; /* may be NULL */
    const char *node;  /* of the path, where the route has one; else NULL */
    json_t *body;      /* of a POST; else NULL */
} Request;

/* A handler answers with JSON in *ret_answer, or sends a stream itself and leaves it NULL. */
typedef gboolean (*Handler)(Request *request, json_t **ret_answer, GError **error);

static const struct {
    PifErrorCode code;
    guint status;
} http_statuses[] = {
    {PIF_ERROR_USAGE, SOUP_STATUS_BAD_REQUEST},
    {PIF_ERROR_CONFIG, SOUP_STATUS_UNPROCESSABLE_ENTITY},
    {PIF_ERROR_NOT_FOUND, SOUP_STATUS_NOT_FOUND},
    {PIF_ERROR_EXISTS, SOUP_STATUS_CONFLICT},
    {PIF_ERROR_DENIED, SOUP_STATUS_FORBIDDEN},
    {PIF_ERROR_BUSY, SOUP_STATUS_CONFLICT},
    {PIF_ERROR_TIMEOUT, SOUP_STATUS_GATEWAY_TIMEOUT},
};

static void answer_json(SoupServerMessage *message, guint status, json_t *json)
{
    char *text = json_dumps(json, JSON_INDENT(2));
    soup_server_message_set_status(message, status, NULL);
    soup_server_message_set_response(message, "application/json", SOUP_MEMORY_COPY, text,
                                     strlen(text));
    free(text);
}

static void answer_error(SoupServerMessage *message, const GError *error)
{
    PifErrorCode code = (PifErrorCode)pif_error_exit_status(error);
    guint status = SOUP_STATUS_INTERNAL_SERVER_ERROR;
    for (size_t i = 0; i < G_N_ELEMENTS(http_statuses); i++)
        if (http_statuses[i].code == code)
            status = http_statuses[i].status;
    json_t *json = json_pack("{s:{s:s, s:s}}", "error", "code", pif_error_code_name(code),
                             "message", error->message);
    answer_json(message, status, json);
    json_decref(json);
}

static PifUnit *request_unit(Request *request, GError **error)
{
    PifUnit *unit = g_hash_table_lookup(request->api->daemon->units, request->node);
    if (!unit)
        pif_error_set(error, PIF_ERROR_NOT_FOUND, "there is no node '%s' in farm '%s'",
                      request->node, request->api->daemon->farm->name);
    return unit;
}

static const char *query_value(Request *request, const char *key)
{
    return request->query ? g_hash_table_lookup(request->query, key) : NULL;
}

static gint64 query_number(Request *request, const char *key, gint64 otherwise)
{
    const char *text = query_value(request, key);
    return text ? g_ascii_strtoll(text, NULL, 10) : otherwise;
}

static gboolean get_farm(Request *request, json_t **ret_answer, GError **error)
{
    (void)error;
    PifDaemon *daemon = request->api->daemon;
    *ret_answer = json_pack("{s:s, s:s, s:s, s:i}", "name", daemon->farm->name, "path",
                            daemon->farm_path, "version", PIFARM_VERSION, "pid", (int)getpid());
    return TRUE;
}

static gboolean get_nodes(Request *request, json_t **ret_answer, GError **error)
{
    (void)error;
    PifDaemon *daemon = request->api->daemon;
    json_t *nodes = json_array();
    for (guint i = 0; i < daemon->farm->nodes->len; i++) {
        const PifNode *node = g_ptr_array_index(daemon->farm->nodes, i);
        PifUnit *unit = g_hash_table_lookup(daemon->units, node->name);
        json_array_append_new(nodes, pif_unit_to_json(unit));
    }
    *ret_answer = json_pack("{s:o}", "nodes", nodes);
    return TRUE;
}

static gboolean get_node(Request *request, json_t **ret_answer, GError **error)
{
    PifUnit *unit = request_unit(request, error);
    if (unit)
        *ret_answer = pif_unit_to_json(unit);
    return unit != NULL;
}

/* {"nodes": ["n1", ...]} of the body. */
static GPtrArray *body_names(Request *request, GError **error)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    size_t i;
    json_t *name;
    json_t *list = json_object_get(request->body, "nodes");
    json_array_foreach(list, i, name) if (json_is_string(name))
        g_ptr_array_add(names, g_strdup(json_string_value(name)));
    if (names->len == 0) {
        pif_error_set(error, PIF_ERROR_USAGE, "the request names no nodes");
        return NULL;
    }
    return g_steal_pointer(&names);
}

static gboolean post_on(Request *request, json_t **ret_answer, GError **error)
{
    g_autoptr(GPtrArray) names = body_names(request, error);
    g_autoptr(GPtrArray) already = NULL;
    if (!names || !pif_units_power_on(request->api->daemon, names, &already, error))
        return FALSE;
    json_t *list = json_array();
    for (guint i = 0; i + 1 < already->len; i++)
        json_array_append_new(list, json_string(g_ptr_array_index(already, i)));
    *ret_answer = json_pack("{s:o}", "already", list);
    return TRUE;
}

static gboolean post_off(Request *request, json_t **ret_answer, GError **error)
{
    g_autoptr(GPtrArray) names = body_names(request, error);
    if (!names || !pif_units_power_off(request->api->daemon, names, error))
        return FALSE;
    *ret_answer = json_object();
    return TRUE;
}

static gboolean post_remove_cards(Request *request, json_t **ret_answer, GError **error)
{
    g_autoptr(GPtrArray) names = body_names(request, error);
    if (!names || !pif_units_remove_cards(request->api->daemon, names, error))
        return FALSE;
    *ret_answer = json_object();
    return TRUE;
}

static gboolean post_reload(Request *request, json_t **ret_answer, GError **error)
{
    *ret_answer = json_object();
    return pif_reload_farm(request->api->daemon, error);
}

static gboolean post_shutdown(Request *request, json_t **ret_answer, GError **error)
{
    if (!pif_units_take_down(request->api->daemon, error))
        return FALSE;
    /* the answer goes out first */
    unlink(request->api->socket_path);
    g_signal_connect_swapped(request->message, "finished", G_CALLBACK(g_main_loop_quit),
                             request->api->daemon->loop);
    *ret_answer = json_object();
    return TRUE;
}

typedef struct {
    PifApi *api;
    PifStream *stream;
    char *node; /* NULL: all */
} EventFollower;

static void send_event(PifStream *stream, const PifEvent *event)
{
    json_t *json = pif_event_to_json(event);
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
        g_autoptr(GPtrArray) past = pif_state_list_events(follower->api->daemon->state,
                                                          follower->node, after, MAX_EVENTS, error);
        if (!past)
            return FALSE;
        n = past->len;
        for (guint i = 0; i < n; i++)
            send_event(follower->stream, g_ptr_array_index(past, i));
        if (n > 0)
            after = ((const PifEvent *)g_ptr_array_index(past, n - 1))->sequence;
    }
    return TRUE;
}

static gboolean get_events(Request *request, json_t **ret_answer, GError **error)
{
    (void)ret_answer;
    PifApi *api = request->api;
    if (!check_stream_limit(api, error))
        return FALSE;
    EventFollower *follower = g_new0(EventFollower, 1);
    follower->api = api;
    follower->node = g_strdup(query_value(request, "node"));
    follower->stream =
        pif_stream_new(request->message, "application/x-ndjson", on_follower_closed, follower);
    api->n_streams++;
    g_autoptr(GError) failure = NULL;
    if (!send_past_events(follower, query_number(request, "after", G_MAXINT64), &failure))
        g_warning("%s", failure->message);
    if (query_number(request, "follow", 0) && !failure)
        g_ptr_array_add(api->followers, follower);
    else
        pif_stream_end(follower->stream);
    return TRUE;
}

static void publish(const PifEvent *event, gpointer data)
{
    PifApi *api = data;
    for (guint i = 0; i < api->followers->len; i++) {
        EventFollower *follower = g_ptr_array_index(api->followers, i);
        if (!follower->node || g_strcmp0(follower->node, event->node) == 0)
            send_event(follower->stream, event);
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

static gboolean get_log(Request *request, json_t **ret_answer, GError **error)
{
    (void)ret_answer;
    PifUnit *unit = request_unit(request, error);
    if (!unit || !check_stream_limit(request->api, error))
        return FALSE;
    g_autofree char *path = g_strcmp0(query_value(request, "of"), "kernel") == 0
                                ? pif_unit_kernel_log(unit)
                                : pif_unit_console_log(unit);
    gint64 last_bytes = query_number(request, "bytes", 0);
    LogFollower *follower = g_new0(LogFollower, 1);
    follower->api = request->api;
    follower->stream = pif_stream_new(request->message, "text/plain", on_log_closed, follower);
    request->api->n_streams++;
    follower->tail = pif_tail_start(path, -last_bytes, on_log_bytes, follower);
    if (!query_number(request, "follow", 0))
        pif_stream_end(follower->stream);
    return TRUE;
}

typedef struct {
    const char *method;
    const char *path; /* "*" stands for a node's name */
    Handler handle;
} Route;

static const Route routes[] = {
    {"GET", "/v1/farm", get_farm},       {"GET", "/v1/nodes", get_nodes},
    {"GET", "/v1/nodes/*", get_node},    {"GET", "/v1/nodes/*/log", get_log},
    {"GET", "/v1/events", get_events},   {"POST", "/v1/power/on", post_on},
    {"POST", "/v1/power/off", post_off}, {"POST", "/v1/cards/remove", post_remove_cards},
    {"POST", "/v1/reload", post_reload}, {"POST", "/v1/shutdown", post_shutdown},
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

static gboolean parse_body(SoupServerMessage *message, json_t **ret_body, GError **error)
{
    json_error_t problem;
    SoupMessageBody *body = soup_server_message_get_request_body(message);
    if (body->length == 0)
        return TRUE;
    if (body->length > MAX_REQUEST)
        return pif_error_set(error, PIF_ERROR_USAGE, "the request is too large");
    *ret_body = json_loadb(body->data, (size_t)body->length, 0, &problem);
    if (!*ret_body)
        return pif_error_set(error, PIF_ERROR_USAGE, "the request is no JSON: %s", problem.text);
    return TRUE;
}

static void on_request(SoupServer *server, SoupServerMessage *message, const char *path,
                       GHashTable *query, gpointer data)
{
    (void)server;
    g_autoptr(GError) error = NULL;
    g_autofree char *node = NULL;
    Request request = {.api = data, .message = message, .query = query};
    json_t *answer = NULL;
    const Route *route = find_route(soup_server_message_get_method(message), path, &node, &error);
    request.node = node;
    if (route && parse_body(message, &request.body, &error) &&
        route->handle(&request, &answer, &error)) {
        if (answer)
            answer_json(message, SOUP_STATUS_OK, answer);
    } else {
        answer_error(message, error);
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
        daemon->on_event = publish;
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
