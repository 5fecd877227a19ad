// SPDX-License-Identifier: MIT
// The links that a farm should have, and the steps to them from what the host has.
#include "netsetup/plan.h"

#include "netsetup/conflict.h"
#include "netsetup/filters.h"
#include "netsetup/owner.h"
#include "netsetup/uplink.h"
#include "netsetup/wlan.h"

#include <string.h>

/* After five minutes of silence a bridge forgets where a MAC is: IEEE 802.1Q-2018, table 8-6. */
enum { AGEING_CS = 30000 };

/* What is sent to it no bridge passes on: IEEE 802.1Q-2018, table 8-1. */
static const uint8_t group_address[PIF_MAC_SIZE] = {0x01, 0x80, 0xc2, 0x00, 0x00, 0x00};

static PifLink *wanted_bridge(const PifNetSpec *spec, const PifNetState *have)
{
    PifAddress address = {spec->address, spec->prefix_length};
    PifLink *bridge = pif_link_new(spec->bridge, "bridge");
    pif_link_mark(bridge, spec->farm, have->machine_id);
    g_array_append_val(bridge->addresses, address);
    bridge->bridge.ageing_cs = AGEING_CS;
    memcpy(bridge->bridge.group_address, group_address, PIF_MAC_SIZE);
    bridge->mtu = spec->mtu;
    bridge->is_up = TRUE;
    return bridge;
}

/* Full frames of the nodes go through the tunnel, in two packets where one would be too long: what
 * a node takes for an Ethernet has to carry 1500 bytes. */
static PifLink *wanted_vxlan(const PifNetSpec *spec, const PifNetState *have)
{
    enum { ETHERNET_MTU = 1500, HASH_LENGTH = 8 };
    g_autofree char *hash = g_compute_checksum_for_string(G_CHECKSUM_SHA256, spec->farm, -1);
    g_autofree char *name = g_strdup_printf("q0vx%.*s", HASH_LENGTH, hash);
    PifLink *vxlan = pif_link_new(name, "vxlan");
    pif_link_mark(vxlan, spec->farm, have->machine_id);
    g_free(vxlan->master);
    vxlan->master = g_strdup(spec->bridge);
    vxlan->vxlan.id = spec->vxlan.id;
    vxlan->vxlan.remote = spec->vxlan.remote;
    vxlan->vxlan.port = spec->vxlan.port;
    vxlan->mtu = spec->mtu ? spec->mtu : ETHERNET_MTU;
    vxlan->is_up = TRUE;
    return vxlan;
}

static PifNetPlan *plan_new(const PifNetSpec *spec, PifNetState *have)
{
    PifNetPlan *plan = g_new0(PifNetPlan, 1);
    plan->have = have;
    plan->bridge = wanted_bridge(spec, have);
    plan->links = g_ptr_array_new_with_free_func((GDestroyNotify)pif_link_free);
    plan->texts = g_string_chunk_new(256);
    plan->steps = pif_net_steps_new();
    return plan;
}

void pif_net_plan_free(PifNetPlan *plan)
{
    if (!plan)
        return;
    g_array_unref(plan->steps);
    g_ptr_array_unref(plan->links);
    g_string_chunk_free(plan->texts);
    pif_link_free(plan->bridge);
    pif_net_state_free(plan->have);
    g_free(plan);
}

/* A tunnel that is as it should be, has to be made or changed, or is no longer wanted. */
static gboolean add_vxlan(PifNetPlan *plan, const PifNetSpec *spec, GError **error)
{
    PifLink *vxlan = wanted_vxlan(spec, plan->have);
    const PifLink *present = pif_net_state_find_link(plan->have, vxlan->name);
    g_ptr_array_add(plan->links, vxlan);
    if (spec->vxlan.remote) {
        if (!pif_net_check_vxlan(vxlan, plan->have, error))
            return FALSE;
        pif_net_steps_add_difference(plan->steps, present, vxlan);
    } else if (present && pif_link_is_marked_like(present, vxlan)) {
        pif_net_steps_add_difference(plan->steps, present, NULL);
    }
    return TRUE;
}

static gboolean plan_up(PifNetPlan *plan, const PifNetSpec *spec, GError **error)
{
    const PifLink *present = pif_net_state_find_link(plan->have, spec->bridge);
    if (!pif_net_check_conflicts(plan->bridge, plan->have, error) ||
        !pif_uplink_check(spec, plan->have, error))
        return FALSE;
    pif_filters_add_up(plan, spec);
    pif_uplink_add_leaving(plan, spec, spec->uplink);
    pif_uplink_add_addresses(plan->bridge, spec, plan->have);
    pif_net_steps_add_difference(plan->steps, present, plan->bridge);
    if (spec->uplink)
        pif_uplink_add_joining(plan, spec);
    pif_wlan_add_up(plan, spec);
    return add_vxlan(plan, spec, error);
}

PifNetPlan *pif_net_plan_compute_up(const PifNetSpec *spec, PifNetState *have, GError **error)
{
    g_autoptr(PifNetPlan) plan = plan_new(spec, have);
    return plan_up(plan, spec, error) ? g_steal_pointer(&plan) : NULL;
}

/* What the farm made, last first: ports before the bridge. */
PifNetPlan *pif_net_plan_compute_down(const PifNetSpec *spec, PifNetState *have)
{
    PifNetPlan *plan = plan_new(spec, have);
    PifLink *vxlan = wanted_vxlan(spec, have);
    const PifLink *made[] = {vxlan, plan->bridge};
    g_ptr_array_add(plan->links, vxlan);
    pif_wlan_add_down(plan, spec);
    pif_uplink_add_leaving(plan, spec, NULL);
    for (size_t kind = 0; kind < G_N_ELEMENTS(made); kind++)
        for (guint i = 0; i < have->links->len; i++) {
            const PifLink *link = g_ptr_array_index(have->links, i);
            if (pif_link_is_marked_like(link, made[kind]))
                pif_net_steps_add_difference(plan->steps, link, NULL);
        }
    for (guint i = 0; i < have->links->len; i++) {
        const PifLink *link = g_ptr_array_index(have->links, i);
        if (pif_link_is_fault(link, spec->farm, have->machine_id))
            pif_net_steps_add_difference(plan->steps, link, NULL);
    }
    pif_filters_add_down(plan, spec);
    return plan;
}
