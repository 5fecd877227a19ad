// SPDX-License-Identifier: MIT
// Two streams copied by GLib, one in each direction.
#include "netsetup/splice.h"

typedef struct {
    GCancellable *cancellable;
    int n_open; /* directions that have not ended */
    void (*done)(gpointer data);
    gpointer data;
} Splice;

typedef struct {
    Splice *splice;
    GSocketConnection *to;
} Direction;

static void on_direction_ended(GObject *output, GAsyncResult *result, gpointer data)
{
    Direction *direction = data;
    Splice *splice = direction->splice;
    gboolean is_whole =
        g_output_stream_splice_finish(G_OUTPUT_STREAM(output), result, NULL) >= 0 &&
        g_socket_shutdown(g_socket_connection_get_socket(direction->to), FALSE, TRUE, NULL);
    if (!is_whole)
        g_cancellable_cancel(splice->cancellable);
    g_object_unref(direction->to);
    g_free(direction);
    if (--splice->n_open > 0)
        return;
    splice->done(splice->data);
    g_object_unref(splice->cancellable);
    g_free(splice);
}

static void copy(Splice *splice, GSocketConnection *from, GSocketConnection *to)
{
    Direction *direction = g_new0(Direction, 1);
    direction->splice = splice;
    direction->to = g_object_ref(to);
    splice->n_open++;
    g_output_stream_splice_async(g_io_stream_get_output_stream(G_IO_STREAM(to)),
                                 g_io_stream_get_input_stream(G_IO_STREAM(from)),
                                 G_OUTPUT_STREAM_SPLICE_NONE, G_PRIORITY_DEFAULT,
                                 splice->cancellable, on_direction_ended, direction);
}

void pif_splice_start(GSocketConnection *a, GSocketConnection *b, GCancellable *cancellable,
                      void (*done)(gpointer data), gpointer data)
{
    Splice *splice = g_new0(Splice, 1);
    splice->cancellable = g_object_ref(cancellable);
    splice->done = done;
    splice->data = data;
    copy(splice, a, b);
    copy(splice, b, a);
}
