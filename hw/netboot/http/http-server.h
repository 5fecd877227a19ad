// SPDX-License-Identifier: MIT
// The HTTP server: the served tree for GET and HEAD, by libmicrohttpd in our loop.
#pragma once

#include "hw/netboot/files/served-tree.h"
#include "hw/netboot/loop/loop.h"

#include <netinet/in.h>

/* A request that has been answered, or whose client went away meanwhile. */
typedef struct {
    struct sockaddr_in client;
    PifNodeIdentity identity;
    const char *method;
    const char *file;    /* as asked; any bytes */
    const char *path;    /* as found, or NULL */
    const char *message; /* why not, or NULL */
    unsigned status;
    bool is_complete;
    uint64_t size; /* of what was to be sent of the file */
    int64_t duration_us;
} PifHttpEvent;

typedef struct {
    PifServedTree *tree; /* outlives the server */
    unsigned max_connections;
    unsigned max_per_client;
    /* A connection ends when for so long nothing moves, no request comes, a request is not whole,
     * or its answer is fetched more slowly than pif_http_server_new() says. */
    unsigned timeout_s;
    bool is_for_leases_only; /* others get 403 */
    /* Who has that address; may be NULL. */
    void (*identify)(const struct sockaddr_in *client, PifNodeIdentity *ret_identity,
                     gpointer data);
    void (*on_event)(const PifHttpEvent *event, gpointer data);
    gpointer data;
} PifHttpConfig;

#define PIF_HTTP_CONFIG_DEFAULT                                                                    \
    {                                                                                              \
        .max_connections = 1024, .max_per_client = 64, .timeout_s = 30                             \
    }

typedef struct PifHttpServer PifHttpServer;

/* Takes fd, a listening socket. The loop outlives the server. The slowest client that is served to
 * the end takes 16 KiB in the time of config->timeout_s. */
PifHttpServer *pif_http_server_new(PifLoop *loop, int fd, const PifHttpConfig *config,
                                   GError **error);
/* Ends what goes on without a word. */
void pif_http_server_free(PifHttpServer *server);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PifHttpServer, pif_http_server_free)
