// SPDX-License-Identifier: MIT
// The netboot server as a whole: opens all it needs, gives up its rights, serves.
#pragma once

#include "hw/netboot/server/serve-options.h"

/* Until SIGINT or SIGTERM. */
gboolean pif_serve(const PifServeOptions *options, GError **error);
