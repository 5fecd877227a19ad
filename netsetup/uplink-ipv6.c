// SPDX-License-Identifier: MIT
// The same order as with IPv4: an address is on both links before a route moves, and goes after.
#include "netsetup/uplink-ipv6.h"

#include "netsetup/ipv6.h"
#include "pifarm/base/error.h"

static gboolean has_address(const PifLink *link, const PifAddress6 *address)
{
    for (guint i = 0; link && i < link->addresses6->len; i++)
        if (pif_ipv6_equal(&g_array_index(link->addresses6, PifAddress6, i), address))
            return TRUE;
    return FALSE;
}

static void add_address_step(PifNetPlan *plan, PifNetVerb verb, const char *link,
                             PifAddress6 address)
{
    const PifNetStep step = {verb, link, .address6 = address};
    g_array_append_val(plan->steps, step);
}

/* The kernel has the newest first: added from the last on they are in the same order again. On the
 * bridge nobody is asked whether an address is free: it is ours, and would not be usable while we
 * wait for an answer. */
static void add_addresses(PifNetPlan *plan, const PifLink *from, const PifLink *to,
                          const char *to_name, gboolean is_to_bridge)
{
    for (guint i = from->addresses6->len; i > 0; i--) {
        PifAddress6 address = g_array_index(from->addresses6, PifAddress6, i - 1);
        address.is_unchecked = is_to_bridge;
        if (!address.is_passing && !has_address(to, &address))
            add_address_step(plan, PIF_STEP_ADD_ADDRESS6, to_name, address);
    }
}

/* The newest first, for those taken back to come before those that stayed. */
static void remove_addresses(PifNetPlan *plan, const PifLink *from)
{
    for (guint i = 0; i < from->addresses6->len; i++) {
        PifAddress6 address = g_array_index(from->addresses6, PifAddress6, i);
        if (!address.is_passing)
            add_address_step(plan, PIF_STEP_REMOVE_ADDRESS6, from->name, address);
    }
}

/* Those without a gateway may lead to the gateways of the others. */
static void move_routes(PifNetPlan *plan, const PifLink *from, const char *to_name)
{
    for (int have_gateway = 0; have_gateway <= 1; have_gateway++)
        for (guint i = 0; i < plan->have->routes6->len; i++) {
            PifRoute6 route = g_array_index(plan->have->routes6, PifRoute6, i);
            const PifNetStep step = {PIF_STEP_MOVE_ROUTE6, to_name, .route6 = route,
                                     .old_link = from->name};
            if (route.link_index == from->index && route.has_gateway == have_gateway)
                g_array_append_val(plan->steps, step);
        }
}

void pif_uplink_move_ipv6(PifNetPlan *plan, const PifLink *from, const PifLink *to,
                          const char *to_name, gboolean is_to_bridge)
{
    if (!plan->have->has_ipv6)
        return;
    add_addresses(plan, from, to, to_name, is_to_bridge);
    move_routes(plan, from, to_name);
    remove_addresses(plan, from);
}

gboolean pif_uplink_check_ipv6(const PifLink *link, const PifNetState *have, gboolean is_forced,
                               GError **error)
{
    for (guint i = 0; have->has_ipv6 && i < have->routes6->len; i++) {
        const PifRoute6 *route = &g_array_index(have->routes6, PifRoute6, i);
        g_autofree char *to = pif_ipv6_format(&route->to);
        if (route->link_index != link->index)
            continue;
        if (route->n_hops > 1)
            return pif_error_set(error, PIF_ERROR_BUSY,
                                 "the route %s leads over several links, the uplink %s among them, "
                                 "and cannot move to the bridge; remove it first",
                                 to, link->name);
        if (route->to.prefix_length == 0 && !is_forced)
            return pif_error_set(
                error, PIF_ERROR_BUSY,
                "the default route of IPv6 leads over the uplink %s: a mistake would cut this host "
                "off; if it is meant, pifarm net up --force",
                link->name);
    }
    return TRUE;
}
