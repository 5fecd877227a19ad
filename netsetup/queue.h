// SPDX-License-Identifier: MIT
// A cable's faults as queueing disciplines of a link (tc-netem(8), tc-tbf(8)), pure.
#pragma once

#include "netsetup/fault.h"

#include <netlink/route/qdisc.h>

typedef struct rtnl_qdisc PifQueue;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PifQueue, rtnl_qdisc_put)

/* The queues that frames pass on their way out of the link, outermost first: PifQueue, none when
 * they may pass as they are. */
GPtrArray *pif_queues_new(const PifFault *fault, int link_index, unsigned mtu);
