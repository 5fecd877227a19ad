// SPDX-License-Identifier: MIT
// What the files of the API share: a request, and the handlers that the table of routes names.
#pragma once

#include "pifarm/daemon/api.h"
#include "pifarm/daemon/unit.h"

#include <libsoup/soup.h>

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
} PifApiRequest;

/* A handler answers with JSON in *ret_answer, or sends a stream itself and leaves it NULL. */
typedef gboolean (*PifApiHandler)(PifApiRequest *request, json_t **ret_answer, GError **error);

/* api-request.c: what a request asks, and the answers to it. */
/* NOT_FOUND when there is no such node. */
PifUnit *pif_api_request_unit(PifApiRequest *request, GError **error);
const char *pif_api_query(PifApiRequest *request, const char *key);
gint64 pif_api_query_number(PifApiRequest *request, const char *key, gint64 otherwise);
gboolean pif_api_parse_body(SoupServerMessage *message, json_t **ret_body, GError **error);
void pif_api_answer(SoupServerMessage *message, guint status, json_t *json);
void pif_api_answer_error(SoupServerMessage *message, const GError *error);

/* api-nodes.c */
gboolean pif_api_get_farm(PifApiRequest *request, json_t **ret_answer, GError **error);
gboolean pif_api_get_nodes(PifApiRequest *request, json_t **ret_answer, GError **error);
gboolean pif_api_get_node(PifApiRequest *request, json_t **ret_answer, GError **error);
gboolean pif_api_get_leases(PifApiRequest *request, json_t **ret_answer, GError **error);
gboolean pif_api_post_fault(PifApiRequest *request, json_t **ret_answer, GError **error);
gboolean pif_api_post_on(PifApiRequest *request, json_t **ret_answer, GError **error);
gboolean pif_api_post_off(PifApiRequest *request, json_t **ret_answer, GError **error);
gboolean pif_api_post_remove_cards(PifApiRequest *request, json_t **ret_answer, GError **error);
gboolean pif_api_post_reload(PifApiRequest *request, json_t **ret_answer, GError **error);
gboolean pif_api_post_shutdown(PifApiRequest *request, json_t **ret_answer, GError **error);

/* api-follow.c: answers that go on. */
gboolean pif_api_get_events(PifApiRequest *request, json_t **ret_answer, GError **error);
gboolean pif_api_get_netboot(PifApiRequest *request, json_t **ret_answer, GError **error);
gboolean pif_api_get_log(PifApiRequest *request, json_t **ret_answer, GError **error);
/* Sends the event to all who follow; a PifEventFunc, data is the PifApi. */
void pif_api_publish(PifStateLog log, const PifEvent *event, gpointer data);
