// SPDX-License-Identifier: MIT
// A process that keeps the rights the server gives up: when the interface has gone and come back,
// it opens the server's sockets anew and hands them in. It listens to nobody.
#pragma once

#include "hw/netboot/server/sockets.h"

typedef struct {
    gboolean is_back; /* FALSE: it has gone, and there are no sockets */
    PifInterface interface;
    PifServeSockets sockets;
} PifDoorNews;

/* Starts it; it ends when ret_fd is closed, which is to be waited on for news. */
gboolean pif_doorman_start(const PifServeOptions *options, const PifInterface *interface,
                           int *ret_fd, GError **error);

/* FALSE with no error: there is nothing; with one: the process is no more. The sockets are the
 * caller's. */
gboolean pif_doorman_receive(int fd, PifDoorNews *ret_news, GError **error);
