// SPDX-License-Identifier: MIT
// What may not be (names and subnets that others have), and the links a farm should have.
#include "netsetup/plan.h"

#include "pifarm/base/error.h"

#include <net/if.h>
#include <string.h>

#define ALIAS_PREFIX "pifarm:"

static PifNetPlan *plan_new(PifNetState *have)
{
    PifNetPlan *plan = g_new0(PifNetPlan, 1);
    plan->have = have;
    plan->wanted = g_ptr_array_new_with_free_func((GDestroyNotify)pif_link_free);
    plan->steps = pif_net_steps_new();
    return plan;
}

void pif_net_plan_free(PifNetPlan *plan)
{
    if (!plan)
        return;
    g_array_unref(plan->steps);
    g_ptr_array_unref(plan->wanted);
    pif_net_state_free(plan->have);
    g_free(plan);
}

/* The bridge's own MAC. Without one of its own it would take on, and change with, its ports'; two
 * hosts with a farm of the same name may meet on one segment, hence the machine ID. */
static void derive_mac(uint8_t mac[PIF_MAC_SIZE], const char *farm, const char *machine_id)
{
    enum { UNICAST_LOCAL = 0x02, GROUP_AND_LOCAL_BITS = 0x03 }; /* IEEE 802-2014, 8.2.2 */
    uint8_t digest[32];
    gsize size = sizeof digest;
    g_autoptr(GChecksum) checksum = g_checksum_new(G_CHECKSUM_SHA256);
    g_checksum_update(checksum, (const guchar *)machine_id, -1);
    g_checksum_update(checksum, (const guchar *)ALIAS_PREFIX, -1);
    g_checksum_update(checksum, (const guchar *)farm, -1);
    g_checksum_get_digest(checksum, digest, &size);
    memcpy(mac, digest, PIF_MAC_SIZE);
    mac[0] = (uint8_t)((mac[0] & ~GROUP_AND_LOCAL_BITS) | UNICAST_LOCAL);
}

static PifLink *wanted_bridge(const PifNetSpec *spec, const PifNetState *have)
{
    PifLink *bridge = pif_link_new(spec->bridge, "bridge");
    g_free(bridge->alias);
    bridge->alias = g_strconcat(ALIAS_PREFIX, spec->farm, NULL);
    derive_mac(bridge->mac, spec->farm, have->machine_id);
    bridge->is_up = TRUE;
    PifAddress address = {spec->address, spec->prefix_length};
    g_array_append_val(bridge->addresses, address);
    return bridge;
}

/* The farm that made the link; NULL when none did. */
static const char *farm_of(const PifLink *link)
{
    return g_str_has_prefix(link->alias, ALIAS_PREFIX) ? link->alias + strlen(ALIAS_PREFIX) : NULL;
}

/* A link is ours by its alias. One that was to get our alias when we were killed is ours too: it
 * has no alias yet, but the MAC that it was made with is nobody else's. */
static gboolean is_ours(const PifLink *link, const PifLink *wanted)
{
    if (!g_str_equal(link->kind, wanted->kind))
        return FALSE;
    if (*link->alias)
        return g_str_equal(link->alias, wanted->alias);
    return memcmp(link->mac, wanted->mac, PIF_MAC_SIZE) == 0;
}

static gboolean check_name(const PifNetSpec *spec, GError **error)
{
    if (strlen(spec->bridge) < IF_NAMESIZE)
        return TRUE;
    return pif_error_set(error, PIF_ERROR_CONFIG,
                         "the bridge name '%s' is longer than %d characters; shorten lan.bridge",
                         spec->bridge, IF_NAMESIZE - 1);
}

/* Nobody else may have a link of that name. */
static gboolean check_name_is_free(const PifLink *wanted, const PifNetState *have, GError **error)
{
    const PifLink *link = pif_net_state_find_link(have, wanted->name);
    if (!link || is_ours(link, wanted))
        return TRUE;
    if (farm_of(link))
        return pif_error_set(error, PIF_ERROR_BUSY,
                             "the bridge %s belongs to farm '%s'; take that farm down, or choose "
                             "another name for lan.bridge",
                             wanted->name, farm_of(link));
    return pif_error_set(error, PIF_ERROR_BUSY,
                         "there is already a link %s, and pifarm did not make it (kind: %s); "
                         "choose another name for lan.bridge",
                         wanted->name, *link->kind ? link->kind : "physical");
}

/* A farm has one bridge: another one of ours means that farm.yaml changed under a farm that is up,
 * or that two farms have the same name. */
static gboolean check_farm_is_free(const PifNetSpec *spec, const PifLink *wanted,
                                   const PifNetState *have, GError **error)
{
    for (guint i = 0; i < have->links->len; i++) {
        const PifLink *link = g_ptr_array_index(have->links, i);
        if (is_ours(link, wanted) && !g_str_equal(link->name, wanted->name))
            return pif_error_set(error, PIF_ERROR_BUSY,
                                 "farm '%s' has the bridge %s already, not %s; take it down "
                                 "first, or give this farm another name",
                                 spec->farm, link->name, wanted->name);
    }
    return TRUE;
}

static gboolean set_overlap_error(GError **error, const PifNetSpec *spec, const char *with,
                                  const PifLink *link)
{
    g_autofree char *subnet =
        pif_address_format(pif_address_network((PifAddress){spec->address, spec->prefix_length}));
    const char *farm = link ? farm_of(link) : NULL;
    g_autofree char *owner = farm ? g_strdup_printf(" of farm '%s'", farm) : g_strdup("");
    return pif_error_set(error, PIF_ERROR_BUSY,
                         "the subnet %s of farm '%s' overlaps %s on %s%s; choose another "
                         "lan.subnet",
                         subnet, spec->farm, with, link ? link->name : "an unknown link", owner);
}

static gboolean check_link_addresses(const PifNetSpec *spec, const PifLink *link, GError **error)
{
    for (guint i = 0; i < link->addresses->len; i++) {
        PifAddress address = g_array_index(link->addresses, PifAddress, i);
        if (!pif_address_overlaps(address, (PifAddress){spec->address, spec->prefix_length}))
            continue;
        g_autofree char *text = pif_address_format(address);
        g_autofree char *with = g_strdup_printf("the address %s", text);
        return set_overlap_error(error, spec, with, link);
    }
    return TRUE;
}

static gboolean check_route(const PifNetSpec *spec, PifRoute route, const PifLink *link,
                            GError **error)
{
    if (!pif_address_overlaps(route.to, (PifAddress){spec->address, spec->prefix_length}))
        return TRUE;
    g_autofree char *text = pif_address_format(route.to);
    g_autofree char *with = g_strdup_printf("the route to %s", text);
    return set_overlap_error(error, spec, with, link);
}

/* Addresses before routes, which mostly follow from them: the address says more. */
static gboolean check_subnet_is_free(const PifNetSpec *spec, const PifNetState *have,
                                     GError **error)
{
    const PifLink *own = pif_net_state_find_link(have, spec->bridge);
    for (guint i = 0; i < have->links->len; i++) {
        const PifLink *link = g_ptr_array_index(have->links, i);
        if (link != own && !check_link_addresses(spec, link, error))
            return FALSE;
    }
    for (guint i = 0; i < have->routes->len; i++) {
        PifRoute route = g_array_index(have->routes, PifRoute, i);
        const PifLink *link = pif_net_state_find_link_by_index(have, route.link_index);
        if ((!own || link != own) && !check_route(spec, route, link, error))
            return FALSE;
    }
    return TRUE;
}

PifNetPlan *pif_net_plan_compute_up(const PifNetSpec *spec, PifNetState *have, GError **error)
{
    g_autoptr(PifNetPlan) plan = plan_new(have);
    PifLink *bridge = wanted_bridge(spec, have);
    g_ptr_array_add(plan->wanted, bridge);
    if (!check_name(spec, error) || !check_name_is_free(bridge, have, error) ||
        !check_farm_is_free(spec, bridge, have, error) || !check_subnet_is_free(spec, have, error))
        return NULL;
    const PifLink *present = pif_net_state_find_link(have, spec->bridge);
    pif_net_steps_add_difference(plan->steps, present, bridge);
    return g_steal_pointer(&plan);
}

PifNetPlan *pif_net_plan_compute_down(const PifNetSpec *spec, PifNetState *have)
{
    PifNetPlan *plan = plan_new(have);
    PifLink *bridge = wanted_bridge(spec, have);
    g_ptr_array_add(plan->wanted, bridge);
    for (guint i = 0; i < have->links->len; i++) {
        const PifLink *link = g_ptr_array_index(have->links, i);
        if (is_ours(link, bridge))
            pif_net_steps_add_difference(plan->steps, link, NULL);
    }
    return plan;
}
