// SPDX-License-Identifier: MIT
// The command line's side of the daemon's API: starts the daemon when none runs, speaks HTTP + JSON
// over its socket.
#pragma once

#include "pifarm/model/farm.h"
#include "pifarm/model/lifecycle.h"

#include <jansson.h>
#include <libsoup/soup.h>

typedef struct PifClient PifClient;

/* must_start: a daemon is started when none runs. Otherwise that is done only when one has died
 * (its socket is there), and *ret_client is NULL when the farm is not up, which is no error. BUSY
 * when the daemon of this farm's name was started from another farm.yaml, DENIED when it is root's
 * and we are not. */
gboolean pif_client_connect(const PifFarm *farm, gboolean must_start, PifClient **ret_client,
                            GError **error);
/* A daemon of that name answers. */
gboolean pif_client_is_daemon_up(const PifFarm *farm);
void pif_client_free(PifClient *client);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PifClient, pif_client_free)

/* The daemon's own errors come back with their code; PROTOCOL means that it has died or speaks
 * another language. ret_answer may be NULL; else free with json_decref. */
gboolean pif_client_get(PifClient *client, const char *path, json_t **ret_answer, GError **error);
gboolean pif_client_post(PifClient *client, const char *path, json_t *body, json_t **ret_answer,
                         GError **error);
/* POST of {"nodes": [names]}. nodes: array of const PifNode*. */
gboolean pif_client_post_nodes(PifClient *client, const char *path, const GPtrArray *nodes,
                               json_t **ret_answer, GError **error);

/* Takes the farm's network down and ends the daemon, returning when it has ended. BUSY while a node
 * is on. */
gboolean pif_client_shut_down(PifClient *client, const PifFarm *farm, GError **error);

/* A streamed answer. */
GInputStream *pif_client_open_stream(PifClient *client, const char *path, GError **error);

/* A WebSocket to a path of the daemon's. */
SoupWebsocketConnection *pif_client_open_websocket(PifClient *client, const char *path,
                                                   GError **error);

/* What GET /v1/nodes tells of one node, taken apart. Strings belong to json. */
typedef struct {
    json_t *json;
    const char *name;
    PifStage stage;
    const char *detail;
    const char *address;
    const char *mac;
    const char *serial;
    const char *image;
    int id;
    int ssh_port;
    gint64 started_us;
    gint64 ready_us;
    gint64 ended_us;
} PifNodeStatus;

gboolean pif_node_status_parse(json_t *json, PifNodeStatus *ret_status);

/* Stages of all nodes. The array (of PifNodeStatus) refers to *ret_json. */
GArray *pif_client_get_nodes(PifClient *client, json_t **ret_json, GError **error);
