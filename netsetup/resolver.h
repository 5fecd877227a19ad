// SPDX-License-Identifier: MIT
// Who tells this host's programs the names of the farm's nodes.
#pragma once

#include "netsetup/net.h"

/* Where systemd-resolved runs, it asks the farm's name server for n1.<farm> and n1, and nothing
 * else, as long as the bridge is there. Success where it does not run. */
gboolean pif_resolver_tell(const PifNetSpec *spec, GError **error);

/* In namespaces of the farm's own, whose programs know no other names: its name server is the only
 * one. */
gboolean pif_resolver_replace(const PifNetSpec *spec, GError **error);
