// SPDX-License-Identifier: MIT
// A server that the farm needs: started again when it dies.
#pragma once

#include "pifarm/daemon/daemon.h"

#include <gio/gio.h>

typedef struct PifKeeper PifKeeper;

/* Starts the server and returns when it answers. */
typedef GSubprocess *(*PifStartFunc)(gpointer data, GError **error);

/* name: as warnings have it. Fails when the first start does; a later one is tried again after a
 * pause that grows. */
PifKeeper *pif_keeper_new(PifDaemon *daemon, const char *name, PifStartFunc start, gpointer data,
                          GError **error);
/* Ends the server. */
void pif_keeper_free(PifKeeper *keeper);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PifKeeper, pif_keeper_free)
