// SPDX-License-Identifier: MIT
// From the filters that a farm wants and those that the host has to the steps between.
#include "netsetup/filters.h"
#include "netsetup/owner.h"
#include "netsetup/ruleset.h"

#include <string.h>

/* Its being there says that pifarm switched forwarding on; the last farm with NAT switches it off
 * again. */
static const char forwarding_mark[] = "ip pifarm_forwarding";

static const PifTableState *find_table(const PifNetState *have, const char *name)
{
    for (guint i = 0; i < have->tables->len; i++) {
        const PifTableState *table = g_ptr_array_index(have->tables, i);
        if (g_str_equal(table->name, name))
            return table;
    }
    return NULL;
}

/* Where the filters are kept from us, they are taken to be there as long as the bridge is. */
static gboolean may_have_tables(const PifNetPlan *plan)
{
    const PifLink *bridge = pif_net_state_find_link(plan->have, plan->bridge->name);
    return !plan->have->are_filters_known && bridge &&
           pif_link_is_marked_like(bridge, plan->bridge);
}

static const char *keep(PifNetPlan *plan, const char *text)
{
    return text ? g_string_chunk_insert(plan->texts, text) : NULL;
}

static void add_table_step(PifNetPlan *plan, const char *name, const char *to)
{
    const PifTableState *present = find_table(plan->have, name);
    PifNetStep step = {PIF_STEP_SET_TABLE, .table = keep(plan, name),
                       .text_from = present ? present->text : NULL, .text_to = keep(plan, to)};
    g_array_append_val(plan->steps, step);
}

static void remove_table(PifNetPlan *plan, const char *name)
{
    if (find_table(plan->have, name) || may_have_tables(plan))
        add_table_step(plan, name, NULL);
}

static void add_table(PifNetPlan *plan, const PifRuleset *wanted, const char *name)
{
    const PifTableState *present = find_table(plan->have, name);
    if (!wanted) {
        if (present)
            add_table_step(plan, name, NULL);
        return;
    }
    if (!present || !strstr(present->text, wanted->comment))
        add_table_step(plan, name, wanted->text);
}

static void add_forwarding_step(PifNetPlan *plan, gboolean is_on)
{
    PifNetStep step = {PIF_STEP_SET_FORWARDING, .text_from = is_on ? "0" : "1",
                       .text_to = is_on ? "1" : "0"};
    g_array_append_val(plan->steps, step);
}

static void add_forwarding(PifNetPlan *plan)
{
    if (plan->have->is_forwarding)
        return;
    g_autofree char *text = g_strdup_printf("table %s {\n}\n", forwarding_mark);
    add_table_step(plan, forwarding_mark, text);
    add_forwarding_step(plan, TRUE);
}

static gboolean has_other_nat(const PifNetState *have, const char *own)
{
    for (guint i = 0; i < have->tables->len; i++) {
        const PifTableState *table = g_ptr_array_index(have->tables, i);
        if (g_str_has_prefix(table->name, "ip ") && !g_str_equal(table->name, own) &&
            !g_str_equal(table->name, forwarding_mark))
            return TRUE;
    }
    return FALSE;
}

static void remove_forwarding(PifNetPlan *plan, const char *own_table)
{
    if (!find_table(plan->have, forwarding_mark) || !find_table(plan->have, own_table) ||
        has_other_nat(plan->have, own_table))
        return;
    if (plan->have->is_forwarding)
        add_forwarding_step(plan, FALSE);
    add_table_step(plan, forwarding_mark, NULL);
}

static gboolean has_exception(const PifNetState *have, const char *chain, const char *farm)
{
    for (guint i = 0; i < have->exceptions->len; i++) {
        const PifExceptionState *exception = &g_array_index(have->exceptions, PifExceptionState, i);
        if (g_str_equal(exception->chain, chain) && g_str_equal(exception->farm, farm))
            return TRUE;
    }
    return FALSE;
}

static void add_exception_step(PifNetPlan *plan, PifNetVerb verb, const char *chain,
                               const PifNetSpec *spec)
{
    PifNetStep step = {verb, .link = plan->bridge->name, .table = keep(plan, chain),
                       .text_to = keep(plan, spec->farm)};
    g_array_append_val(plan->steps, step);
}

static void add_exceptions(PifNetPlan *plan, const PifNetSpec *spec)
{
    const GPtrArray *chains = plan->have->dropping_chains;
    for (guint i = 0; spec->is_accepted && i < chains->len; i++) {
        const char *chain = g_ptr_array_index(chains, i);
        if (!has_exception(plan->have, chain, spec->farm))
            add_exception_step(plan, PIF_STEP_ADD_EXCEPTION, chain, spec);
    }
}

static void remove_exceptions(PifNetPlan *plan, const PifNetSpec *spec)
{
    const char *last = NULL; /* a chain has several, one after another */
    for (guint i = 0; i < plan->have->exceptions->len; i++) {
        const PifExceptionState *exception =
            &g_array_index(plan->have->exceptions, PifExceptionState, i);
        if (g_str_equal(exception->farm, spec->farm) && g_strcmp0(exception->chain, last) != 0)
            add_exception_step(plan, PIF_STEP_REMOVE_EXCEPTION, exception->chain, spec);
        last = exception->chain;
    }
}

void pif_filters_add_up(PifNetPlan *plan, const PifNetSpec *spec)
{
    g_autofree char *guard_name = pif_ruleset_guard_name(spec->farm);
    g_autofree char *nat_name = pif_ruleset_nat_name(spec->farm);
    g_autoptr(PifRuleset) guard = pif_ruleset_guard(spec, plan->have);
    g_autofree char *wlan_name = pif_ruleset_wlan_name(spec->farm);
    g_autoptr(PifRuleset) wlan = pif_ruleset_wlan(spec, plan->have);
    g_autoptr(PifRuleset) nat = pif_ruleset_nat(spec);
    add_table(plan, guard, guard_name);
    add_table(plan, wlan, wlan_name);
    if (nat)
        add_forwarding(plan);
    else
        remove_forwarding(plan, nat_name);
    add_table(plan, nat, nat_name);
    if (spec->is_accepted)
        add_exceptions(plan, spec);
    else
        remove_exceptions(plan, spec);
}

static gboolean has_wlan(const PifNetSpec *spec)
{
    for (size_t i = 0; i < spec->n_nodes; i++)
        if (spec->nodes[i].has_wlan)
            return TRUE;
    return FALSE;
}

void pif_filters_add_down(PifNetPlan *plan, const PifNetSpec *spec)
{
    g_autofree char *wlan_name = pif_ruleset_wlan_name(spec->farm);
    g_autofree char *guard_name = pif_ruleset_guard_name(spec->farm);
    g_autofree char *nat_name = pif_ruleset_nat_name(spec->farm);
    remove_exceptions(plan, spec);
    remove_forwarding(plan, nat_name);
    if (spec->has_nat || find_table(plan->have, nat_name))
        remove_table(plan, nat_name);
    if (has_wlan(spec) || find_table(plan->have, wlan_name))
        remove_table(plan, wlan_name);
    if (spec->has_guard || find_table(plan->have, guard_name))
        remove_table(plan, guard_name);
}
