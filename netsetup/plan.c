// SPDX-License-Identifier: MIT
// The links that a farm should have, and the steps to them from what the host has.
#include "netsetup/plan.h"

#include "netsetup/conflict.h"
#include "netsetup/owner.h"

static PifLink *wanted_bridge(const PifNetSpec *spec, const PifNetState *have)
{
    PifAddress address = {spec->address, spec->prefix_length};
    PifLink *bridge = pif_link_new(spec->bridge, "bridge");
    pif_link_mark(bridge, spec->farm, have->machine_id);
    g_array_append_val(bridge->addresses, address);
    bridge->is_up = TRUE;
    return bridge;
}

static PifNetPlan *plan_new(const PifNetSpec *spec, PifNetState *have)
{
    PifNetPlan *plan = g_new0(PifNetPlan, 1);
    plan->have = have;
    plan->bridge = wanted_bridge(spec, have);
    plan->steps = pif_net_steps_new();
    return plan;
}

void pif_net_plan_free(PifNetPlan *plan)
{
    if (!plan)
        return;
    g_array_unref(plan->steps);
    pif_link_free(plan->bridge);
    pif_net_state_free(plan->have);
    g_free(plan);
}

PifNetPlan *pif_net_plan_compute_up(const PifNetSpec *spec, PifNetState *have, GError **error)
{
    PifNetPlan *plan = plan_new(spec, have);
    if (!pif_net_check_conflicts(plan->bridge, have, error)) {
        pif_net_plan_free(plan);
        return NULL;
    }
    const PifLink *present = pif_net_state_find_link(have, spec->bridge);
    pif_net_steps_add_difference(plan->steps, present, plan->bridge);
    return plan;
}

PifNetPlan *pif_net_plan_compute_down(const PifNetSpec *spec, PifNetState *have)
{
    PifNetPlan *plan = plan_new(spec, have);
    for (guint i = 0; i < have->links->len; i++) {
        const PifLink *link = g_ptr_array_index(have->links, i);
        if (pif_link_is_marked_like(link, plan->bridge))
            pif_net_steps_add_difference(plan->steps, link, NULL);
    }
    return plan;
}
