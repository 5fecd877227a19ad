// SPDX-License-Identifier: MIT
// What the files of the HTTP server share: the server and a request.
#pragma once

#include "hw/netboot/http/http-server.h"

#include <microhttpd.h>

struct PifHttpServer {
    PifWatch watch; /* libmicrohttpd's own epoll descriptor */
    PifWatch again; /* an eventfd: it has more to do at once */
    PifTimer timer;
    PifLoop *loop;
    PifHttpConfig config;
    struct MHD_Daemon *daemon;
    int64_t now_us; /* of this turn */
};

typedef struct {
    PifHttpEvent event;
    PifServedFile *file;
    char *method;
    char *asked;
    char *path;
    char *message;
    int64_t started_us;
} PifHttpRequest;

PifHttpRequest *pif_http_request_new(const PifHttpServer *server, const struct sockaddr_in *client,
                                     const char *method, const char *url);
void pif_http_request_free(PifHttpRequest *request);

/* Finds what is asked for and queues the answer. */
enum MHD_Result pif_http_request_answer(PifHttpServer *server, PifHttpRequest *request,
                                        struct MHD_Connection *connection);
