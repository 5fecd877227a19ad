// SPDX-License-Identifier: MIT
// Sockets of the network that this host's users are in, whichever we are in ourselves.
#pragma once

#include <glib.h>

/* To be called before the first change of network namespace: a thread stays behind. */
void pif_outside_stay(void);

/* An IPv4 socket that binds and listens outside. -1 with errno set on failure. */
int pif_outside_socket(int type);

/* proc(5)'s folder net of the network outside. Free it. */
char *pif_outside_proc_net(void);
