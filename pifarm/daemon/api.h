// SPDX-License-Identifier: MIT
// The daemon's HTTP + JSON interface on a UNIX socket; docs/api.md describes it.
#pragma once

#include "pifarm/daemon/daemon.h"

typedef struct PifApi PifApi;

/* Listens on path (mode 0600), replacing a dead daemon's socket. The socket's file is removed when
 * the farm is taken down, and only then: one without a listener says that nodes may run and a
 * daemon is to be started. Events go to all who follow from now on. */
PifApi *pif_api_new(PifDaemon *daemon, const char *path, GError **error);
void pif_api_free(PifApi *api);
