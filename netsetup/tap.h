// SPDX-License-Identifier: MIT
// The nodes' TAPs: which is whose, and names for new ones that nobody else on the host has.
#pragma once

#include "netsetup/state.h"

/* The one that has the node's mark; NULL: the node is off. */
const PifLink *pif_tap_find(const PifNetState *have, const char *farm, const char *node);

/* The name that the node's TAP has, or is to get: "q0tap<id>", and while a link that is not this
 * farm's has that name, one with the farm in it. Pure. Free it. */
char *pif_tap_name(const PifNetState *have, const char *farm, const char *node, unsigned id);
