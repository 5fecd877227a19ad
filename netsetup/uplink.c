// SPDX-License-Identifier: MIT
// Joining and leaving, as steps in an order in which the host is within reach at every moment: an
// address is on both links before a route moves, and goes from the old one after.
#include "netsetup/uplink.h"

#include "netsetup/owner.h"
#include "netsetup/uplink-ipv6.h"
#include "pifarm/base/error.h"

#include <linux/rtnetlink.h>

static const PifLink *joined_uplink(const PifNetSpec *spec, const PifNetState *have)
{
    const PifLink *link = spec->uplink ? pif_net_state_find_link(have, spec->uplink) : NULL;
    return link && pif_link_is_uplink_of(link, spec->farm) ? link : NULL;
}

static gboolean check_owner(const PifNetSpec *spec, const PifLink *link, GError **error)
{
    g_autofree char *farm = pif_link_farm(link);
    if (farm)
        return pif_error_set(error, PIF_ERROR_BUSY,
                             "the uplink %s is in use by farm '%s'; take that farm down, or choose "
                             "another lan.uplink",
                             link->name, farm);
    if (*link->master)
        return pif_error_set(error, PIF_ERROR_BUSY,
                             "the uplink %s is a port of %s already; take it out (ip link set dev "
                             "%s nomaster), or choose another lan.uplink",
                             link->name, link->master, link->name);
    if (g_str_equal(link->kind, "bridge") || g_str_equal(link->name, "lo"))
        return pif_error_set(error, PIF_ERROR_CONFIG,
                             "the uplink %s is no interface that can join a bridge; choose another "
                             "lan.uplink",
                             link->name);
    return TRUE;
}

static gboolean check_routes(const PifLink *link, const PifNetSpec *spec, const PifNetState *have,
                             GError **error)
{
    for (guint i = 0; i < have->routes->len; i++) {
        const PifRoute *route = &g_array_index(have->routes, PifRoute, i);
        g_autofree char *to = pif_address_format(route->to);
        if (route->link_index != link->index)
            continue;
        if (route->n_hops > 1)
            return pif_error_set(error, PIF_ERROR_BUSY,
                                 "the route %s leads over several links, the uplink %s among them, "
                                 "and cannot move to the bridge; remove it first",
                                 to, link->name);
        if (route->to.prefix_length == 0 && !spec->is_uplink_forced)
            return pif_error_set(
                error, PIF_ERROR_BUSY,
                "the default route leads over the uplink %s: a mistake would cut this host off; if "
                "it is meant, pifarm net up --force",
                link->name);
    }
    return TRUE;
}

/* Who renews such an address goes on doing so on the interface, not on the bridge. */
static gboolean check_addresses(const PifLink *link, const PifNetSpec *spec, GError **error)
{
    for (guint i = 0; i < link->addresses->len && !spec->is_uplink_forced; i++) {
        PifAddress address = g_array_index(link->addresses, PifAddress, i);
        g_autofree char *text = pif_address_format(address);
        if (address.is_passing)
            return pif_error_set(error, PIF_ERROR_BUSY,
                                 "the address %s of the uplink %s runs out unless its DHCP client "
                                 "renews it, which does not follow to the bridge; give %s a fixed "
                                 "address, or, if it is meant, pifarm net up --force",
                                 text, link->name, link->name);
    }
    return TRUE;
}

gboolean pif_uplink_check(const PifNetSpec *spec, const PifNetState *have, GError **error)
{
    const PifLink *link = spec->uplink ? pif_net_state_find_link(have, spec->uplink) : NULL;
    if (!spec->uplink || joined_uplink(spec, have))
        return TRUE;
    if (!link)
        return pif_error_set(error, PIF_ERROR_NOT_FOUND,
                             "this host has no interface %s, which lan.uplink names; `ip link` "
                             "lists those it has",
                             spec->uplink);
    return check_owner(spec, link, error) && check_routes(link, spec, have, error) &&
           pif_uplink_check_ipv6(link, have, spec->is_uplink_forced, error) &&
           check_addresses(link, spec, error);
}

static gboolean has_address(const PifLink *link, PifAddress address)
{
    for (guint i = 0; i < link->addresses->len; i++)
        if (pif_address_equal(g_array_index(link->addresses, PifAddress, i), address))
            return TRUE;
    return FALSE;
}

static void add_missing_addresses(PifLink *to, const PifLink *from)
{
    for (guint i = 0; i < from->addresses->len; i++) {
        PifAddress address = g_array_index(from->addresses, PifAddress, i);
        if (!has_address(to, address))
            g_array_append_val(to->addresses, address);
    }
}

void pif_uplink_add_addresses(PifLink *bridge, const PifNetSpec *spec, const PifNetState *have)
{
    const PifLink *uplink = spec->uplink ? pif_net_state_find_link(have, spec->uplink) : NULL;
    const PifLink *present = pif_net_state_find_link(have, bridge->name);
    if (present && joined_uplink(spec, have))
        add_missing_addresses(bridge, present);
    if (uplink)
        add_missing_addresses(bridge, uplink);
}

/* Made by the kernel for an address, with which it comes and goes. */
static gboolean follows_address(const PifRoute *route, const PifLink *link)
{
    if (route->protocol != RTPROT_KERNEL)
        return FALSE;
    for (guint i = 0; i < link->addresses->len; i++) {
        PifAddress address = g_array_index(link->addresses, PifAddress, i);
        if (!address.is_bare && pif_address_equal(pif_address_network(address), route->to))
            return TRUE;
    }
    return FALSE;
}

/* PifRoute; link NULL: it is not there yet. */
static GArray *own_routes_of(const PifLink *link, const PifNetState *have)
{
    GArray *routes = g_array_new(FALSE, FALSE, sizeof(PifRoute));
    for (guint i = 0; link && i < have->routes->len; i++) {
        PifRoute route = g_array_index(have->routes, PifRoute, i);
        if (route.link_index == link->index && !follows_address(&route, link))
            g_array_append_val(routes, route);
    }
    return routes;
}

static void add_moved_routes(PifNetPlan *plan, const PifLink *from, const PifLink *to,
                             const char *to_name)
{
    g_autoptr(GArray) routes = own_routes_of(from, plan->have);
    g_autoptr(GArray) present = own_routes_of(to, plan->have);
    pif_net_steps_add_moved_routes(plan->steps, routes, present, from->name, to_name);
}

/* A copy to change, which the plan keeps: steps point to it. */
static PifLink *copy_for(PifNetPlan *plan, const PifLink *link)
{
    PifLink *copy = pif_link_copy(link);
    g_ptr_array_add(plan->links, copy);
    return copy;
}

static void set_master(PifLink *link, const char *master)
{
    g_free(link->master);
    link->master = g_strdup(master);
}

void pif_uplink_add_joining(PifNetPlan *plan, const PifNetSpec *spec)
{
    const PifLink *link = pif_net_state_find_link(plan->have, spec->uplink);
    PifLink *joined = copy_for(plan, link);
    if (!pif_link_is_uplink_of(link, spec->farm))
        pif_link_mark_uplink(joined, spec->farm);
    joined->is_up = TRUE;
    set_master(joined, spec->bridge);
    pif_net_steps_add_difference(plan->steps, link, joined);

    add_moved_routes(plan, link, pif_net_state_find_link(plan->have, spec->bridge), spec->bridge);

    pif_uplink_move_ipv6(plan, link, pif_net_state_find_link(plan->have, spec->bridge),
                         spec->bridge, TRUE);
    PifLink *bare = copy_for(plan, joined);
    g_array_set_size(bare->addresses, 0);
    pif_net_steps_add_difference(plan->steps, joined, bare);
}

/* What the bridge has besides the farm's own address came with the uplink. */
static void add_addresses_back(PifLink *link, const PifLink *bridge, const PifNetSpec *spec)
{
    for (guint i = 0; i < bridge->addresses->len; i++) {
        PifAddress address = g_array_index(bridge->addresses, PifAddress, i);
        if (address.address != spec->address && !has_address(link, address))
            g_array_append_val(link->addresses, address);
    }
}

static void add_leaving(PifNetPlan *plan, const PifNetSpec *spec, const PifLink *link)
{
    const PifLink *bridge = pif_net_state_find_link(plan->have, link->master);
    PifLink *whole = copy_for(plan, link);
    if (bridge) {
        add_addresses_back(whole, bridge, spec);
        pif_net_steps_add_difference(plan->steps, link, whole);
        add_moved_routes(plan, bridge, link, link->name);
        pif_uplink_move_ipv6(plan, bridge, link, link->name, FALSE);
    }
    PifLink *left = copy_for(plan, whole);
    set_master(left, "");
    pif_link_unmark_uplink(left);
    pif_net_steps_add_difference(plan->steps, whole, left);
}

void pif_uplink_add_leaving(PifNetPlan *plan, const PifNetSpec *spec, const char *keep)
{
    for (guint i = 0; i < plan->have->links->len; i++) {
        const PifLink *link = g_ptr_array_index(plan->have->links, i);
        if (pif_link_is_uplink_of(link, spec->farm) && g_strcmp0(link->name, keep) != 0)
            add_leaving(plan, spec, link);
    }
}
