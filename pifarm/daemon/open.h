// SPDX-License-Identifier: MIT
// A daemon, put together and taken apart.
#pragma once

#include "pifarm/daemon/daemon.h"

/* Loads the farm, opens state and libvirt, finds the nodes that still run, starts those that
 * should. */
PifDaemon *pif_daemon_open(const char *farm_path, GError **error);
void pif_daemon_close(PifDaemon *daemon); /* leaves nodes running */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PifDaemon, pif_daemon_close)
