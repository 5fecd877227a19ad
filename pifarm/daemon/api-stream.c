// SPDX-License-Identifier: MIT
// Chunked answers by libsoup.
#include "pifarm/daemon/api-stream.h"

/* What may wait for a client that does not read before we hang up on it. */
enum { MAX_UNSENT = 4 * 1024 * 1024 };

struct PifStream {
    SoupServerMessage *message;
    void (*on_closed)(PifStream *stream, gpointer data);
    gpointer data;
    gsize unsent;
};

json_t *pif_event_to_json(const PifEvent *event)
{
    return json_pack("{s:I, s:I, s:s?, s:s, s:s}", "sequence", (json_int_t)event->sequence,
                     "time_us", (json_int_t)event->time_us, "node", event->node, "kind",
                     event->kind, "text", event->text);
}

static void on_finished(SoupServerMessage *message, gpointer data)
{
    PifStream *stream = data;
    g_signal_handlers_disconnect_by_data(message, stream);
    stream->on_closed(stream, stream->data);
    g_object_unref(stream->message);
    g_free(stream);
}

static void on_wrote(SoupServerMessage *message, guint size, gpointer data)
{
    (void)message;
    PifStream *stream = data;
    stream->unsent -= MIN(stream->unsent, size);
}

PifStream *pif_stream_new(SoupServerMessage *message, const char *content_type,
                          void (*on_closed)(PifStream *stream, gpointer data), gpointer data)
{
    PifStream *stream = g_new0(PifStream, 1);
    SoupMessageHeaders *headers = soup_server_message_get_response_headers(message);
    stream->message = g_object_ref(message);
    stream->on_closed = on_closed;
    stream->data = data;
    soup_server_message_set_status(message, SOUP_STATUS_OK, NULL);
    soup_message_headers_set_encoding(headers, SOUP_ENCODING_CHUNKED);
    soup_message_headers_set_content_type(headers, content_type, NULL);
    soup_message_body_set_accumulate(soup_server_message_get_response_body(message), FALSE);
    g_signal_connect(message, "finished", G_CALLBACK(on_finished), stream);
    g_signal_connect(message, "wrote-body-data", G_CALLBACK(on_wrote), stream);
    return stream;
}

void pif_stream_send(PifStream *stream, const void *bytes, gsize size)
{
    if (size == 0)
        return;
    stream->unsent += size;
    if (stream->unsent > MAX_UNSENT) {
        pif_stream_end(stream);
        return;
    }
    soup_message_body_append(soup_server_message_get_response_body(stream->message),
                             SOUP_MEMORY_COPY, bytes, size);
    soup_server_message_unpause(stream->message);
}

void pif_stream_end(PifStream *stream)
{
    soup_message_body_complete(soup_server_message_get_response_body(stream->message));
    soup_server_message_unpause(stream->message);
}
