// SPDX-License-Identifier: MIT
// IPv6 addresses and routes that follow an uplink: read, compared, and as steps.
#pragma once

#include "netsetup/netlink.h"
#include "netsetup/step.h"

/* Adds all addresses but link-local ones to their links, and the unicast routes that somebody made
 * (neither the kernel nor a router advertisement). 0, or a negative libnl error. */
int pif_ipv6_read(PifNetState *state, PifNetlink *netlink);

gboolean pif_ipv6_equal(const PifAddress6 *a, const PifAddress6 *b);

/* The steps of an IPv6 verb: carried out (0, or a negative libnl error), and as `ip` commands. */
int pif_ipv6_step_run(const PifNetStep *step, PifNetlink *netlink);
/* Free it. */
char *pif_ipv6_step_format(const PifNetStep *step);

/* "fd00::2/64". Free it. */
char *pif_ipv6_format(const PifAddress6 *address);
