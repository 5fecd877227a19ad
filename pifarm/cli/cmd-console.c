// SPDX-License-Identifier: MIT
// pifarm console: the terminal, raw, joined to a node's serial line.
#include "pifarm/base/error.h"
#include "pifarm/cli/cli.h"
#include "pifarm/cli/client.h"

#include <errno.h>
#include <glib-unix.h>
#include <stdio.h>
#include <termios.h>
#include <unistd.h>

enum { DETACH_KEY = 0x1d /* Ctrl-] */ };

typedef struct {
    SoupWebsocketConnection *connection;
    GMainLoop *loop;
    struct termios before;
    gboolean is_terminal;
} Session;

static void make_raw(Session *session)
{
    session->is_terminal = tcgetattr(STDIN_FILENO, &session->before) == 0;
    if (!session->is_terminal)
        return;
    struct termios raw = session->before;
    cfmakeraw(&raw);
    tcsetattr(STDIN_FILENO, TCSADRAIN, &raw);
}

static void restore(Session *session)
{
    if (session->is_terminal)
        tcsetattr(STDIN_FILENO, TCSADRAIN, &session->before);
}

static gboolean on_typed(int fd, GIOCondition condition, gpointer data)
{
    (void)condition;
    Session *session = data;
    char typed[512];
    ssize_t got = read(fd, typed, sizeof typed);
    if (got < 0 && (errno == EINTR || errno == EAGAIN))
        return G_SOURCE_CONTINUE;
    gssize length = got;
    for (gssize i = 0; session->is_terminal && i < got; i++)
        if (typed[i] == DETACH_KEY)
            length = MIN(length, i);
    if (length > 0)
        soup_websocket_connection_send_binary(session->connection, typed, (gsize)length);
    if (length == got && got > 0)
        return G_SOURCE_CONTINUE;
    soup_websocket_connection_close(session->connection, SOUP_WEBSOCKET_CLOSE_NORMAL, NULL);
    return G_SOURCE_REMOVE;
}

/* Binary messages are the console's bytes, text messages the daemon's words. */
static void on_message(SoupWebsocketConnection *connection, gint type, GBytes *message,
                       gpointer data)
{
    (void)connection;
    Session *session = data;
    gsize size = 0;
    const char *bytes = g_bytes_get_data(message, &size);
    if (type == SOUP_WEBSOCKET_DATA_TEXT) {
        fprintf(stderr, "[%.*s]%s", (int)size, bytes, session->is_terminal ? "\r\n" : "\n");
        return;
    }
    fwrite(bytes, 1, size, stdout);
    fflush(stdout);
}

static gboolean on_signal(gpointer loop)
{
    g_main_loop_quit(loop);
    return G_SOURCE_CONTINUE;
}

static void run_session(Session *session)
{
    g_signal_connect(session->connection, "message", G_CALLBACK(on_message), session);
    g_signal_connect_swapped(session->connection, "closed", G_CALLBACK(g_main_loop_quit),
                             session->loop);
    guint typed = g_unix_fd_add(STDIN_FILENO, G_IO_IN | G_IO_HUP, on_typed, session);
    guint terminated = g_unix_signal_add(SIGTERM, on_signal, session->loop);
    guint hung_up = g_unix_signal_add(SIGHUP, on_signal, session->loop);
    make_raw(session);
    g_main_loop_run(session->loop);
    restore(session);
    GSource *source = g_main_context_find_source_by_id(NULL, typed);
    if (source)
        g_source_destroy(source);
    g_source_remove(terminated);
    g_source_remove(hung_up);
}

gboolean pif_cmd_console(PifCli *cli, int argc, char **argv, int *ret_status, GError **error)
{
    (void)ret_status;
    const PifCliOptions spec = {
        pif_cli_find_command("console"), NULL,
        "Ctrl-] detaches. Several may be attached at the same time, and stay so over reboots\n"
        "of the node. What was printed before: pifarm log NODE.",
        FALSE};
    if (!pif_cli_parse(&spec, &argc, &argv, error))
        return *error == NULL;
    g_autoptr(PifClient) client = NULL;
    g_autoptr(GPtrArray) nodes = pif_cli_select(cli, argv + 1, FALSE, FALSE, error);
    if (!nodes)
        return FALSE;
    if (nodes->len != 1)
        return pif_error_set(error, PIF_ERROR_USAGE, "console takes one node, not %u", nodes->len);
    const PifNode *node = g_ptr_array_index(nodes, 0);
    g_autofree char *path = g_strdup_printf("/v1/console/%s", node->name);
    if (!pif_client_connect(cli->farm, TRUE, &client, error))
        return FALSE;
    g_autoptr(SoupWebsocketConnection) connection = pif_client_open_websocket(client, path, error);
    if (!connection)
        return FALSE;
    g_autoptr(GMainLoop) loop = g_main_loop_new(NULL, FALSE);
    if (isatty(STDIN_FILENO))
        fprintf(stderr, "Attached to %s; Ctrl-] detaches.\n", node->name);
    Session session = {.connection = connection, .loop = loop};
    run_session(&session);
    if (session.is_terminal)
        fputc('\n', stderr);
    return TRUE;
}
