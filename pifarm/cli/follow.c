// SPDX-License-Identifier: MIT
// Passes a stream of the daemon's on.
#include "pifarm/cli/follow.h"

#include "pifarm/base/error.h"

#include <glib-unix.h>
#include <stdio.h>
#include <unistd.h>

/* A stream of the daemon's on its way to standard output, until it ends or nobody reads us any
 * more. */
typedef struct {
    GInputStream *stream;
    GMainLoop *loop;
    GString *line;             /* begun, and not ended yet */
    void (*print)(char *line); /* NULL: bytes as they come */
    GError *failure;
    char chunk[8192];
} Pump;

static void print_lines(Pump *pump, const char *bytes, gsize size)
{
    for (gsize i = 0; i < size; i++) {
        if (bytes[i] != '\n') {
            g_string_append_c(pump->line, bytes[i]);
            continue;
        }
        pump->print(pump->line->str);
        g_string_truncate(pump->line, 0);
    }
}

static void on_read(GObject *source, GAsyncResult *result, gpointer data)
{
    Pump *pump = data;
    gssize got = g_input_stream_read_finish(G_INPUT_STREAM(source), result, &pump->failure);
    if (got > 0 && pump->print)
        print_lines(pump, pump->chunk, (gsize)got);
    else if (got > 0)
        fwrite(pump->chunk, 1, (gsize)got, stdout);
    if (got <= 0 || fflush(stdout) != 0)
        g_main_loop_quit(pump->loop);
    else
        g_input_stream_read_async(pump->stream, pump->chunk, sizeof pump->chunk, G_PRIORITY_DEFAULT,
                                  NULL, on_read, pump);
}

/* GIO makes us outlive SIGPIPE, and a log that is followed may have nothing to write for long. */
static gboolean on_reader_gone(int fd, GIOCondition condition, gpointer loop)
{
    (void)fd, (void)condition;
    g_main_loop_quit(loop);
    return G_SOURCE_CONTINUE;
}

gboolean pif_follow(PifClient *client, const char *path, void (*print)(char *line), GError **error)
{
    g_autoptr(GInputStream) stream = pif_client_open_stream(client, path, error);
    if (!stream)
        return FALSE;
    g_autoptr(GMainLoop) loop = g_main_loop_new(NULL, FALSE);
    g_autoptr(GString) line = g_string_new(NULL);
    Pump pump = {.stream = stream, .loop = loop, .line = line, .print = print};
    guint gone = g_unix_fd_add(STDOUT_FILENO, G_IO_ERR, on_reader_gone, loop);
    g_input_stream_read_async(stream, pump.chunk, sizeof pump.chunk, G_PRIORITY_DEFAULT, NULL,
                              on_read, &pump);
    g_main_loop_run(loop);
    g_source_remove(gone);
    return !pump.failure || pif_error_take(error, pump.failure, "reading the log");
}
