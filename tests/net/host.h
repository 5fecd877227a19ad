// SPDX-License-Identifier: MIT
// The host's network as `ip` tells it, and a kernel that fails where it is told to: for tests of
// plans.
#pragma once

#include "namespace.h"

#include "netsetup/kernel.h"
#include "netsetup/net.h"
#include "netsetup/plan.h"
#include "pifarm/base/error.h"

/* All that `ip` tells about the network, but for what changes by itself a moment after a link was
 * made or came back: the timers of bridges, carrier, the link's number, what a bridge's ports can
 * do, and, of IPv6, whether an address can be used yet. */
static inline char *describe_network(void)
{
    return output_of("{ ip -d link; ip addr; ip route show table all; } | sed -E '"
                     "s/(hello|tcn|topology_change|gc)_timer +[0-9.]+//g;"
                     "s/(NO-CARRIER,|,LOWER_UP|,M-DOWN| linkdown)//g; s/ state [A-Z]+//;"
                     "s/^[0-9]+: //; s/ tso_max_size [0-9]+//; s/ tentative//;"
                     "/^(local|anycast|multicast) [0-9a-f]*:/d'");
}

static inline void assert_network_is(const char *expected)
{
    g_autofree char *found = describe_network();
    g_auto(GStrv) expected_lines = g_strsplit(expected, "\n", -1);
    g_auto(GStrv) found_lines = g_strsplit(found, "\n", -1);
    for (size_t i = 0; expected_lines[i] || found_lines[i]; i++)
        g_assert_cmpstr(found_lines[i], ==, expected_lines[i]);
}

static inline PifNetPlan *plan_up(const PifNetSpec *spec)
{
    g_autoptr(GError) error = NULL;
    PifNetPlan *plan = pif_net_plan_up(spec, &error);
    g_assert_no_error(error);
    return plan;
}

static inline void apply_up_of(const PifNetSpec *spec)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(PifNetPlan) plan = plan_up(spec);
    pif_net_plan_apply(plan, &error);
    g_assert_no_error(error);
}

static inline void apply_down_of(const PifNetSpec *spec)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(PifNetPlan) plan = pif_net_plan_down(spec, &error);
    g_assert_no_error(error);
    pif_net_plan_apply(plan, &error);
    g_assert_no_error(error);
}

static inline void assert_nothing_to_do_for(const PifNetSpec *spec)
{
    g_autoptr(PifNetPlan) plan = plan_up(spec);
    g_autofree char *text = pif_net_plan_format(plan);
    g_assert_cmpstr(text, ==, "");
}

static inline void assert_says(const char *text, const char *word)
{
    if (!strstr(text, word))
        g_error("no '%s' in: %s", word, text);
}

static inline void assert_refused(const PifNetSpec *spec, PifErrorCode code, const char *words)
{
    g_autoptr(GError) error = NULL;
    g_assert_null(pif_net_plan_up(spec, &error));
    g_assert_error(error, PIF_ERROR, (int)code);
    assert_says(error->message, words);
}

/* The kernel, but for one step that fails without having been tried. */
typedef struct {
    PifNetlink *netlink;
    int n_steps;
    int faulty; /* number of the step, from 1 */
} FaultyKernel;

static inline gboolean run_on_faulty_kernel(const PifNetStep *step, gpointer data, GError **error)
{
    FaultyKernel *kernel = data;
    if (++kernel->n_steps == kernel->faulty)
        return pif_error_set(error, PIF_ERROR_EXTERNAL, "injected");
    return pif_net_step_run(step, kernel->netlink, error);
}

typedef PifNetPlan *(*PlanFunc)(const PifNetSpec *spec, GError **error);

/* Applies the plan with a fault at that step; false when it has fewer steps. */
static inline gboolean apply_with_fault(PlanFunc compute, const PifNetSpec *spec, int faulty)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(PifNetPlan) plan = compute(spec, &error);
    g_assert_no_error(error);
    if (faulty > (int)plan->steps->len)
        return FALSE;
    g_autoptr(PifNetlink) netlink = pif_netlink_open(NETLINK_ROUTE, &error);
    FaultyKernel kernel = {netlink, 0, faulty};
    g_assert_false(pif_net_plan_run(plan, run_on_faulty_kernel, &kernel, &error));
    g_assert_cmpstr(error->message, ==, "injected");
    return TRUE;
}

/* Fails at each step in turn, and looks whether the host is as it was. Returns their number. */
static inline int assert_faults_leave_no_trace(PlanFunc compute, const PifNetSpec *spec)
{
    g_autofree char *before = describe_network();
    int n_steps = 0;
    while (apply_with_fault(compute, spec, n_steps + 1)) {
        n_steps++;
        assert_network_is(before);
    }
    return n_steps;
}
