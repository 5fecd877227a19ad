// SPDX-License-Identifier: MIT
// What of IPv6 moves to the bridge with an uplink, and back with it.
#pragma once

#include "netsetup/plan.h"

/* Addresses without a lifetime, and the routes that somebody made; what router advertisements bring
 * the kernel makes anew for the bridge. Nothing where new links have no IPv6. to_name is made by
 * then, and to NULL if it is not there yet. */
void pif_uplink_move_ipv6(PifNetPlan *plan, const PifLink *from, const PifLink *to,
                          const char *to_name, gboolean is_to_bridge);

/* BUSY when a route over the link leads over others as well. */
gboolean pif_uplink_check_ipv6(const PifLink *link, const PifNetState *have, gboolean is_forced,
                               GError **error);
