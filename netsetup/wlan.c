// SPDX-License-Identifier: MIT
// From the nodes that have a wlan to their TAPs. They are made before the machines, and stay: who
// is on one need not know whether its node is on.
#include "netsetup/wlan.h"

#include "netsetup/owner.h"

static const PifLink *find(const PifNetState *have, const char *farm, const char *node)
{
    for (guint i = 0; i < have->links->len; i++) {
        const PifLink *link = g_ptr_array_index(have->links, i);
        if (pif_link_is_wlan_of_node(link, farm, node))
            return link;
    }
    return NULL;
}

char *pif_wlan_name(const PifNetState *have, const char *farm, const char *node, unsigned id)
{
    enum { HASH_LENGTH = 6 };
    const PifLink *marked = find(have, farm, node);
    if (marked)
        return g_strdup(marked->name);
    g_autofree char *plain = g_strdup_printf("q1tap%u", id);
    const PifLink *present = pif_net_state_find_link(have, plain);
    if (!present || (!*present->alias && pif_link_is_wlan(present, farm, have->machine_id)))
        return g_steal_pointer(&plain);
    g_autofree char *hash = g_compute_checksum_for_string(G_CHECKSUM_SHA256, farm, -1);
    return g_strdup_printf("q1%.*st%u", HASH_LENGTH, hash, id);
}

static PifLink *wanted_tap(PifNetPlan *plan, const PifNetSpec *spec, const PifNetNode *node)
{
    g_autofree char *name = pif_wlan_name(plan->have, spec->farm, node->name, node->id);
    PifLink *tap = pif_link_new(name, "tun");
    pif_link_mark_wlan(tap, spec->farm, node->name, plan->have->machine_id);
    tap->is_up = TRUE;
    g_ptr_array_add(plan->links, tap);
    return tap;
}

/* Last made first. wanted: set of the names of TAPs that stay. */
static void add_removals(PifNetPlan *plan, const PifNetSpec *spec, GHashTable *wanted)
{
    for (guint i = plan->have->links->len; i > 0; i--) {
        const PifLink *link = g_ptr_array_index(plan->have->links, i - 1);
        if (pif_link_is_wlan(link, spec->farm, plan->have->machine_id) &&
            !g_hash_table_contains(wanted, link->name))
            pif_net_steps_add_difference(plan->steps, link, NULL);
    }
}

void pif_wlan_add_up(PifNetPlan *plan, const PifNetSpec *spec)
{
    g_autoptr(GHashTable) wanted = g_hash_table_new(g_str_hash, g_str_equal);
    for (size_t i = 0; i < spec->n_nodes; i++) {
        if (!spec->nodes[i].has_wlan)
            continue;
        PifLink *tap = wanted_tap(plan, spec, &spec->nodes[i]);
        g_hash_table_add(wanted, tap->name);
        pif_net_steps_add_difference(plan->steps, pif_net_state_find_link(plan->have, tap->name),
                                     tap);
    }
    add_removals(plan, spec, wanted);
}

void pif_wlan_add_down(PifNetPlan *plan, const PifNetSpec *spec)
{
    g_autoptr(GHashTable) none = g_hash_table_new(g_str_hash, g_str_equal);
    add_removals(plan, spec, none);
}
