// SPDX-License-Identifier: MIT
// A node's wan: what its machine is asked for.
#pragma once

#include "pifarm/model/farm.h"

/* The node's forwards over wan, as QEMU's hostfwd takes them. Free it. */
char **pif_wan_forwards(const PifNode *node);
/* Whether the ports of this host that they want are free; BUSY names who has one. */
gboolean pif_wan_check_ports(const PifNode *node, GError **error);
