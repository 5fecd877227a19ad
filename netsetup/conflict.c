// SPDX-License-Identifier: MIT
// Names and subnets compared with what the host has; each refusal names who has it.
#include "netsetup/conflict.h"

#include "netsetup/owner.h"
#include "pifarm/base/error.h"

#include <net/if.h>
#include <string.h>

static gboolean check_name(const PifLink *bridge, GError **error)
{
    if (strlen(bridge->name) < IF_NAMESIZE)
        return TRUE;
    return pif_error_set(error, PIF_ERROR_CONFIG,
                         "the bridge name '%s' is longer than %d characters; shorten lan.bridge",
                         bridge->name, IF_NAMESIZE - 1);
}

static gboolean check_name_is_free(const PifLink *bridge, const PifNetState *have, GError **error)
{
    const PifLink *link = pif_net_state_find_link(have, bridge->name);
    if (!link || pif_link_is_marked_like(link, bridge))
        return TRUE;
    g_autofree char *farm = pif_link_farm(link);
    if (farm)
        return pif_error_set(error, PIF_ERROR_BUSY,
                             "the bridge %s belongs to farm '%s'; take that farm down, or choose "
                             "another name for lan.bridge",
                             bridge->name, farm);
    return pif_error_set(error, PIF_ERROR_BUSY,
                         "there is already a link %s, and pifarm did not make it (kind: %s); "
                         "choose another name for lan.bridge",
                         bridge->name, *link->kind ? link->kind : "physical");
}

/* A farm has one bridge: another one means that farm.yaml changed under a farm that is up, or that
 * two farms have the same name. */
static gboolean check_farm_is_free(const PifLink *bridge, const PifNetState *have, GError **error)
{
    for (guint i = 0; i < have->links->len; i++) {
        const PifLink *link = g_ptr_array_index(have->links, i);
        g_autofree char *farm = pif_link_farm(bridge);
        if (pif_link_is_marked_like(link, bridge) && !g_str_equal(link->name, bridge->name))
            return pif_error_set(error, PIF_ERROR_BUSY,
                                 "farm '%s' has the bridge %s already, not %s; take it down "
                                 "first, or give this farm another name",
                                 farm, link->name, bridge->name);
    }
    return TRUE;
}

static PifAddress subnet_of(const PifLink *bridge)
{
    return pif_address_network(g_array_index(bridge->addresses, PifAddress, 0));
}

/* what: "address" or "route"; link NULL: not known. */
static gboolean check_overlap(const PifLink *bridge, const char *what, PifAddress other,
                              const PifLink *link, GError **error)
{
    PifAddress subnet = subnet_of(bridge);
    if (!pif_address_overlaps(subnet, other))
        return TRUE;
    g_autofree char *subnet_text = pif_address_format(subnet);
    g_autofree char *other_text = pif_address_format(other);
    g_autofree char *own = pif_link_farm(bridge);
    g_autofree char *farm = link ? pif_link_farm(link) : NULL;
    g_autofree char *owner = farm ? g_strdup_printf(" of farm '%s'", farm) : g_strdup("");
    return pif_error_set(error, PIF_ERROR_BUSY,
                         "the subnet %s of farm '%s' overlaps the %s %s on %s%s; choose another "
                         "lan.subnet",
                         subnet_text, own, what, other_text, link ? link->name : "no link", owner);
}

static gboolean check_addresses(const PifLink *bridge, const PifNetState *have, GError **error)
{
    for (guint i = 0; i < have->links->len; i++) {
        const PifLink *link = g_ptr_array_index(have->links, i);
        if (g_str_equal(link->name, bridge->name))
            continue;
        for (guint j = 0; j < link->addresses->len; j++)
            if (!check_overlap(bridge, "address", g_array_index(link->addresses, PifAddress, j),
                               link, error))
                return FALSE;
    }
    return TRUE;
}

/* A VPN that wants everything sets two routes to half of the Internet each: as little in our way as
 * a default route. */
static gboolean leads_nearly_everywhere(PifRoute route)
{
    enum { NEARLY_EVERYTHING = 1 };
    return route.to.prefix_length <= NEARLY_EVERYTHING;
}

static gboolean check_routes(const PifLink *bridge, const PifNetState *have, GError **error)
{
    for (guint i = 0; i < have->routes->len; i++) {
        PifRoute route = g_array_index(have->routes, PifRoute, i);
        const PifLink *link = pif_net_state_find_link_by_index(have, route.link_index);
        if (leads_nearly_everywhere(route) || (link && g_str_equal(link->name, bridge->name)))
            continue;
        if (!check_overlap(bridge, "route", route.to, link, error))
            return FALSE;
    }
    return TRUE;
}

/* Addresses go before the routes that follow from them: they say more. */
gboolean pif_net_check_conflicts(const PifLink *bridge, const PifNetState *have, GError **error)
{
    return check_name(bridge, error) && check_name_is_free(bridge, have, error) &&
           check_farm_is_free(bridge, have, error) && check_addresses(bridge, have, error) &&
           check_routes(bridge, have, error);
}

static gboolean is_same_tunnel(const PifLink *a, const PifLink *b)
{
    return g_str_equal(a->kind, b->kind) && a->vxlan.id == b->vxlan.id &&
           a->vxlan.port == b->vxlan.port;
}

gboolean pif_net_check_vxlan(const PifLink *vxlan, const PifNetState *have, GError **error)
{
    for (guint i = 0; i < have->links->len; i++) {
        const PifLink *link = g_ptr_array_index(have->links, i);
        g_autofree char *farm = pif_link_farm(link);
        if (pif_link_is_marked_like(link, vxlan))
            continue;
        if (g_str_equal(link->name, vxlan->name))
            return pif_error_set(error, PIF_ERROR_BUSY,
                                 "there is already a link %s, and pifarm did not make it; remove "
                                 "it: ip link delete dev %s",
                                 link->name, link->name);
        if (is_same_tunnel(link, vxlan))
            return pif_error_set(error, PIF_ERROR_BUSY,
                                 "the VXLAN %u at port %u is that of %s%s%s%s; choose another "
                                 "vni or udp-port under lan.uplink",
                                 vxlan->vxlan.id, vxlan->vxlan.port, link->name,
                                 farm ? " of farm '" : "", farm ? farm : "", farm ? "'" : "");
    }
    return TRUE;
}
