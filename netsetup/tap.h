// SPDX-License-Identifier: MIT
// Names of the nodes' TAPs: those that nobody else on the host has.
#pragma once

#include "netsetup/state.h"

/* The name that the node's TAP has, or is to get: "q0tap<id>", and while a link that is not this
 * farm's has that name, one with the farm in it. Pure. Free it. */
char *pif_tap_name(const PifNetState *have, const char *farm, const char *node, unsigned id);
