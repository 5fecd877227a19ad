// SPDX-License-Identifier: MIT
// An interface of the host as a port of the farm's bridge: its addresses and routes go with it.
#pragma once

#include "netsetup/plan.h"

/* Whether the interface may become the farm's uplink, or is it already. NOT_FOUND; BUSY when
 * somebody else uses it, or, unless it is forced, when the default route leads over it or its
 * address is a DHCP server's. */
gboolean pif_uplink_check(const PifNetSpec *spec, const PifNetState *have, GError **error);

/* Adds to the bridge, as it should be, the addresses that came, or are to come, with its uplink. */
void pif_uplink_add_addresses(PifLink *bridge, const PifNetSpec *spec, const PifNetState *have);

/* The steps that join the interface, which the bridge is ready for. */
void pif_uplink_add_joining(PifNetPlan *plan, const PifNetSpec *spec);

/* The steps that give every interface its own back that joined the farm's bridge before, but the
 * one of that name. keep NULL: all of them. */
void pif_uplink_add_leaving(PifNetPlan *plan, const PifNetSpec *spec, const char *keep);
