// SPDX-License-Identifier: MIT
// HTTP over the daemon's UNIX socket by libsoup, and the start of a daemon.
#include "pifarm/cli/client.h"

#include "pifarm/base/command.h"
#include "pifarm/base/error.h"
#include "pifarm/base/fd.h"
#include "pifarm/base/file.h"
#include "pifarm/base/paths.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gunixsocketaddress.h>
#include <poll.h>
#include <string.h>

/* A start includes libvirt's first look at QEMU, which takes seconds on a slow machine. */
enum { START_TIMEOUT_MS = 60 * 1000, READY_FD = 3, MAX_REPORT = 65536 };

struct PifClient {
    SoupSession *session;
};

static gboolean is_listening(const char *socket_path)
{
    g_autoptr(GSocketAddress) address = g_unix_socket_address_new(socket_path);
    g_autoptr(GSocketClient) probe = g_socket_client_new();
    g_autoptr(GSocketConnection) connection =
        g_socket_client_connect(probe, G_SOCKET_CONNECTABLE(address), NULL, NULL);
    return connection != NULL;
}

/* "ok", or "<code> <message>". */
static gboolean parse_report(const char *report, GError **error)
{
    if (g_str_equal(report, "ok"))
        return TRUE;
    const char *space = strchr(report, ' ');
    g_autofree char *code = space ? g_strndup(report, (gsize)(space - report)) : g_strdup("");
    PifErrorCode known = pif_error_code_parse(code);
    if (known)
        return pif_error_set(error, known, "%s", space + 1);
    return pif_error_set(error, PIF_ERROR_EXTERNAL, "the daemon died while it started%s%s",
                         *report ? ": " : "", report);
}

static gboolean read_report(int fd, GError **error)
{
    g_autoptr(GString) report = g_string_new(NULL);
    gint64 deadline_us = g_get_monotonic_time() + START_TIMEOUT_MS * 1000;
    while (report->len < MAX_REPORT) {
        char chunk[512];
        struct pollfd waiting = {.fd = fd, .events = POLLIN};
        gint64 left_ms = (deadline_us - g_get_monotonic_time()) / 1000;
        int n = poll(&waiting, 1, (int)MAX(left_ms, 0));
        if (n == 0)
            return pif_error_set(error, PIF_ERROR_TIMEOUT, "the daemon did not start within %d s",
                                 START_TIMEOUT_MS / 1000);
        ssize_t got = n > 0 ? read(fd, chunk, sizeof chunk) : -1;
        if (got == 0)
            break;
        if (got < 0 && errno != EINTR)
            return pif_error_set_errno(error, errno, "cannot hear from the daemon");
        if (got > 0)
            g_string_append_len(report, chunk, got);
    }
    return parse_report(report->str, error);
}

static gboolean start_daemon(const PifFarm *farm, GError **error)
{
    int ends[2];
    g_autofree char *directory = pif_paths_farm_dir(farm->name);
    g_autofree char *logs = g_build_filename(directory, "logs", NULL);
    g_autofree char *log = g_build_filename(logs, "pifarmd.log", NULL);
    g_autofree char *program = pif_command_find_own("pifarmd");
    if (!pif_dir_make(logs, 0755, error))
        return FALSE;
    if (pipe2(ends, O_CLOEXEC) < 0)
        return pif_error_set_errno(error, errno, "cannot make a pipe");
    g_auto(PifFd) ready = ends[0];
    g_autoptr(PifCommand) command = pif_command_new(program, "--farm", farm->path, NULL);
    pif_command_add_format(command, "--ready-fd=%d", READY_FD);
    pif_command_take_fd(command, ends[1], READY_FD);
    pif_command_set_detached(command, TRUE);
    pif_command_set_log_file(command, log);
    pif_command_set_directory(command, "/");
    g_autoptr(GSubprocess) daemon = pif_command_start(command, error);
    g_clear_pointer(&command, pif_command_free); /* closes our copy of the pipe's other end */
    return daemon && read_report(ready, error);
}

/* A second farm.yaml of the same name would turn the first one's nodes off. */
static gboolean check_same_farm(PifClient *client, const PifFarm *farm, GError **error)
{
    json_t *answer = NULL;
    if (!pif_client_get(client, "/v1/farm", &answer, error))
        return FALSE;
    g_autofree char *path = g_strdup(json_string_value(json_object_get(answer, "path")));
    json_decref(answer);
    if (g_strcmp0(path, farm->path) == 0)
        return TRUE;
    return pif_error_set(error, PIF_ERROR_BUSY,
                         "a farm named '%s' runs already, from %s; give this one another name",
                         farm->name, path);
}

/* Nodes that root turned on would look as if they were off. */
static gboolean check_not_roots(const PifFarm *farm, GError **error)
{
    g_autofree char *path = pif_paths_roots_farm_socket(farm->name);
    if (!path || !g_file_test(path, G_FILE_TEST_EXISTS))
        return TRUE;
    return pif_error_set(error, PIF_ERROR_DENIED, "farm '%s' is run by root", farm->name);
}

gboolean pif_client_is_daemon_up(const PifFarm *farm)
{
    g_autofree char *path = pif_paths_farm_socket(farm->name);
    return is_listening(path);
}

gboolean pif_client_connect(const PifFarm *farm, gboolean must_start, PifClient **ret_client,
                            GError **error)
{
    g_autofree char *path = pif_paths_farm_socket(farm->name);
    *ret_client = NULL;
    if (!check_not_roots(farm, error))
        return FALSE;
    if (!is_listening(path)) {
        GError *failure = NULL;
        if (!must_start && !g_file_test(path, G_FILE_TEST_EXISTS))
            return TRUE;
        /* somebody else may have started one at the same moment */
        if (!start_daemon(farm, &failure) && !is_listening(path)) {
            g_propagate_error(error, failure);
            return FALSE;
        }
        g_clear_error(&failure);
    }
    g_autoptr(GSocketAddress) address = g_unix_socket_address_new(path);
    g_autoptr(PifClient) client = g_new0(PifClient, 1);
    client->session =
        soup_session_new_with_options("remote-connectable", address, "timeout", 0, NULL);
    if (!check_same_farm(client, farm, error))
        return FALSE;
    *ret_client = g_steal_pointer(&client);
    return TRUE;
}

void pif_client_free(PifClient *client)
{
    if (!client)
        return;
    g_clear_object(&client->session);
    g_free(client);
}

static SoupMessage *new_message(const char *method, const char *path)
{
    g_autofree char *uri = g_strconcat("http://pifarm", path, NULL);
    return soup_message_new(method, uri);
}

static gboolean take_transport_error(GError **error, GError *failure)
{
    pif_error_set(error, PIF_ERROR_PROTOCOL, "the daemon does not answer: %s", failure->message);
    g_error_free(failure);
    return FALSE;
}

/* Turns an answer that reports an error into that error. */
static gboolean parse_answer(SoupMessage *message, GBytes *bytes, json_t **ret_answer,
                             GError **error)
{
    gsize size = 0;
    json_error_t problem;
    const char *code = NULL;
    const char *text = NULL;
    const char *data = g_bytes_get_data(bytes, &size);
    json_t *answer = json_loadb(data ? data : "", size, 0, &problem);
    if (!answer)
        return pif_error_set(error, PIF_ERROR_PROTOCOL, "the daemon's answer is no JSON: %s",
                             problem.text);
    if (json_unpack(answer, "{s:{s:s, s:s}}", "error", "code", &code, "message", &text) == 0) {
        pif_error_set(error, pif_error_code_parse(code), "%s", text);
    } else if (soup_message_get_status(message) != SOUP_STATUS_OK) {
        pif_error_set(error, PIF_ERROR_PROTOCOL, "the daemon answers with HTTP status %u",
                      soup_message_get_status(message));
    } else {
        if (ret_answer)
            *ret_answer = json_incref(answer);
        json_decref(answer);
        return TRUE;
    }
    json_decref(answer);
    return FALSE;
}

static gboolean exchange(PifClient *client, SoupMessage *message, json_t **ret_answer,
                         GError **error)
{
    GError *failure = NULL;
    g_autoptr(GBytes) bytes = soup_session_send_and_read(client->session, message, NULL, &failure);
    if (!bytes)
        return take_transport_error(error, failure);
    return parse_answer(message, bytes, ret_answer, error);
}

gboolean pif_client_get(PifClient *client, const char *path, json_t **ret_answer, GError **error)
{
    g_autoptr(SoupMessage) message = new_message("GET", path);
    return exchange(client, message, ret_answer, error);
}

gboolean pif_client_post(PifClient *client, const char *path, json_t *body, json_t **ret_answer,
                         GError **error)
{
    g_autoptr(SoupMessage) message = new_message("POST", path);
    char *text = json_dumps(body, JSON_COMPACT);
    g_autoptr(GBytes) bytes = g_bytes_new_with_free_func(text, strlen(text), free, text);
    soup_message_set_request_body_from_bytes(message, "application/json", bytes);
    return exchange(client, message, ret_answer, error);
}

gboolean pif_client_post_nodes(PifClient *client, const char *path, const GPtrArray *nodes,
                               json_t **ret_answer, GError **error)
{
    json_t *names = json_array();
    for (guint i = 0; i < nodes->len; i++) {
        const PifNode *node = g_ptr_array_index(nodes, i);
        json_array_append_new(names, json_string(node->name));
    }
    json_t *body = json_pack("{s:o}", "nodes", names);
    gboolean is_ok = pif_client_post(client, path, body, ret_answer, error);
    json_decref(body);
    return is_ok;
}

gboolean pif_client_shut_down(PifClient *client, const PifFarm *farm, GError **error)
{
    g_autofree char *lock_path = pif_paths_farm_lock(farm->name);
    g_auto(PifFd) lock = -1;
    json_t *nothing = json_object();
    gboolean is_ok = pif_client_post(client, "/v1/shutdown", nothing, NULL, error);
    json_decref(nothing);
    /* the daemon holds it as long as it lives */
    return is_ok && pif_file_lock(lock_path, TRUE, TRUE, "the farm", &lock, error);
}

GInputStream *pif_client_open_stream(PifClient *client, const char *path, GError **error)
{
    GError *failure = NULL;
    g_autoptr(SoupMessage) message = new_message("GET", path);
    g_autoptr(GInputStream) stream = soup_session_send(client->session, message, NULL, &failure);
    if (!stream) {
        take_transport_error(error, failure);
        return NULL;
    }
    if (soup_message_get_status(message) == SOUP_STATUS_OK)
        return g_steal_pointer(&stream);
    g_autoptr(GBytes) bytes = g_input_stream_read_bytes(stream, MAX_REPORT, NULL, NULL);
    g_autoptr(GBytes) body = bytes ? g_steal_pointer(&bytes) : g_bytes_new(NULL, 0);
    parse_answer(message, body, NULL, error);
    return NULL;
}

static void on_websocket(GObject *source, GAsyncResult *result, gpointer data)
{
    (void)source;
    *(GAsyncResult **)data = g_object_ref(result);
}

SoupWebsocketConnection *pif_client_open_websocket(PifClient *client, const char *path,
                                                   GError **error)
{
    GError *failure = NULL;
    g_autoptr(GAsyncResult) result = NULL;
    g_autofree char *uri = g_strconcat("ws://pifarm", path, NULL);
    g_autoptr(SoupMessage) message = soup_message_new("GET", uri);
    soup_session_websocket_connect_async(client->session, message, NULL, NULL, G_PRIORITY_DEFAULT,
                                         NULL, on_websocket, &result);
    while (!result)
        g_main_context_iteration(NULL, TRUE);
    SoupWebsocketConnection *connection =
        soup_session_websocket_connect_finish(client->session, result, &failure);
    if (!connection)
        take_transport_error(error, failure);
    return connection;
}

gboolean pif_node_status_parse(json_t *json, PifNodeStatus *ret_status)
{
    const char *stage = NULL;
    PifNodeStatus status = {.json = json};
    json_t *boot = json_object_get(json, "boot");
    if (json_unpack(json, "{s:s, s:s, s:s, s:s, s:s, s:s, s:i, s:i}", "name", &status.name, "stage",
                    &stage, "address", &status.address, "mac", &status.mac, "serial",
                    &status.serial, "image", &status.image, "id", &status.id, "ssh_port",
                    &status.ssh_port) < 0 ||
        !pif_stage_parse(stage, &status.stage))
        return FALSE;
    status.detail = json_string_value(json_object_get(json, "detail"));
    status.started_us = json_integer_value(json_object_get(boot, "started_us"));
    status.ready_us = json_integer_value(json_object_get(boot, "ready_us"));
    status.ended_us = json_integer_value(json_object_get(boot, "ended_us"));
    *ret_status = status;
    return TRUE;
}

GArray *pif_client_get_nodes(PifClient *client, json_t **ret_json, GError **error)
{
    json_t *answer = NULL;
    if (!pif_client_get(client, "/v1/nodes", &answer, error))
        return NULL;
    size_t i;
    json_t *json;
    g_autoptr(GArray) nodes = g_array_new(FALSE, TRUE, sizeof(PifNodeStatus));
    json_array_foreach(json_object_get(answer, "nodes"), i, json)
    {
        PifNodeStatus status;
        if (!pif_node_status_parse(json, &status)) {
            json_decref(answer);
            pif_error_set(error, PIF_ERROR_PROTOCOL,
                          "the daemon describes a node in words unknown here");
            return NULL;
        }
        g_array_append_val(nodes, status);
    }
    *ret_json = answer;
    return g_steal_pointer(&nodes);
}
