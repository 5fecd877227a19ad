// SPDX-License-Identifier: MIT
// farm.yaml, read again while the farm is up.
#pragma once

#include "pifarm/daemon/daemon.h"

/* BUSY when a node that is on would change or vanish; then nothing changes. */
gboolean pif_reload_farm(PifDaemon *daemon, GError **error);
