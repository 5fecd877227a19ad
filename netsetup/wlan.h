// SPDX-License-Identifier: MIT
// The nodes' access point sides: a TAP each, that is in no bridge, as all nodes have the same
// addresses there.
#pragma once

#include "netsetup/plan.h"

/* The name that the TAP has, or is to get: "q1tap<id>", and while a link that is not this farm's
 * has that name, one with the farm in it. Pure. Free it. */
char *pif_wlan_name(const PifNetState *have, const char *farm, const char *node, unsigned id);

/* The steps that make what is wanted and remove what is no longer, and those that remove all. */
void pif_wlan_add_up(PifNetPlan *plan, const PifNetSpec *spec);
void pif_wlan_add_down(PifNetPlan *plan, const PifNetSpec *spec);
