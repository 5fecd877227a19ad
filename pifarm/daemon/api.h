// SPDX-License-Identifier: MIT
// The daemon's HTTP + JSON interface on a UNIX socket; docs/api.md describes it.
#pragma once

#include "pifarm/daemon/daemon.h"

/* Listens on path (mode 0600), replacing a dead daemon's socket. */
PifApi *pif_api_new(PifDaemon *daemon, const char *path, GError **error);
void pif_api_free(PifApi *api);

/* Sends the event to all who follow. */
void pif_api_publish(PifApi *api, const PifEvent *event);
