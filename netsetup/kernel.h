// SPDX-License-Identifier: MIT
// The kernel as the host of a plan: carries out its steps.
#pragma once

#include "netsetup/netlink.h"
#include "netsetup/step.h"

/* A PifNetRunner; host is a PifNetlink of family NETLINK_ROUTE. DENIED without CAP_NET_ADMIN, with
 * what to do. */
gboolean pif_net_step_run(const PifNetStep *step, gpointer host, GError **error);
