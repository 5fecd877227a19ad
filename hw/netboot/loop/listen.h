// SPDX-License-Identifier: MIT
// Sockets that services listen at.
#pragma once

#include <glib.h>
#include <netinet/in.h>

/* A non-blocking socket of type SOCK_DGRAM or SOCK_STREAM, bound to that address and, unless
 * interface is NULL, to that interface. port 0: any. BUSY when somebody else has the port; service
 * names it in that message. -1 on failure. */
int pif_listen(int type, const char *service, const char *interface,
               const struct sockaddr_in *address, GError **error);
