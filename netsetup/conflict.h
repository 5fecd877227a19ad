// SPDX-License-Identifier: MIT
// What of a farm's network somebody else has already.
#pragma once

#include "netsetup/state.h"

/* Whether a farm may make, or already has, the marked bridge with its one address. Fails with BUSY
 * when the bridge's name is somebody else's, the farm has another bridge, or the subnet is in use;
 * with CONFIG when the name is not one for a link. */
gboolean pif_net_check_conflicts(const PifLink *bridge, const PifNetState *have, GError **error);

/* The same for the farm's tunnel: BUSY when another one has its name, or its ID and port. */
gboolean pif_net_check_vxlan(const PifLink *vxlan, const PifNetState *have, GError **error);
