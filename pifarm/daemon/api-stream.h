// SPDX-License-Identifier: MIT
// HTTP answers that go on: events as lines of JSON, a node's console log as text.
#pragma once

#include "pifarm/model/state.h"

#include <jansson.h>
#include <libsoup/soup.h>

json_t *pif_event_to_json(const PifEvent *event);

/* An answer sent in chunks for as long as the client listens. */
typedef struct PifStream PifStream;

/* Begins it. on_closed(data) is called when the client has gone or the answer is complete; the
 * stream is freed after it. */
PifStream *pif_stream_new(SoupServerMessage *message, const char *content_type,
                          void (*on_closed)(PifStream *stream, gpointer data), gpointer data);
void pif_stream_send(PifStream *stream, const void *bytes, gsize size);
void pif_stream_end(PifStream *stream);
