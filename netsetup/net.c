// SPDX-License-Identifier: MIT
// The farm's network on this host: the pure plan, joined with the kernel it is made from and for.
#include "netsetup/net.h"

#include "netsetup/kernel.h"
#include "netsetup/plan.h"
#include "pifarm/base/file.h"

PifNetPlan *pif_net_plan_up(const PifNetSpec *spec, GError **error)
{
    PifNetState *have = pif_net_state_observe(error);
    return have ? pif_net_plan_compute_up(spec, have, error) : NULL;
}

PifNetPlan *pif_net_plan_down(const PifNetSpec *spec, GError **error)
{
    PifNetState *have = pif_net_state_observe(error);
    return have ? pif_net_plan_compute_down(spec, have) : NULL;
}

gboolean pif_net_plan_is_empty(const PifNetPlan *plan)
{
    return plan->steps->len == 0;
}

char *pif_net_plan_format(const PifNetPlan *plan)
{
    GString *commands = g_string_new(NULL);
    for (guint i = 0; i < plan->steps->len; i++) {
        g_autofree char *command = pif_net_step_format(&g_array_index(plan->steps, PifNetStep, i));
        g_string_append_printf(commands, "%s\n", command);
    }
    return g_string_free(commands, FALSE);
}

gboolean pif_net_plan_apply(PifNetPlan *plan, GError **error)
{
    g_autoptr(PifNetlink) netlink = pif_netlink_open(NETLINK_ROUTE, error);
    return netlink && pif_net_plan_run(plan, pif_net_step_run, netlink, error);
}

static gboolean apply_locked(const PifNetSpec *spec, const char *lock, GError **error,
                             PifNetPlan *(*compute)(const PifNetSpec *, GError **))
{
    g_auto(PifFd) fd = -1;
    g_autofree char *folder = g_path_get_dirname(lock);
    if (!pif_dir_make(folder, 0755, error) ||
        !pif_file_lock(lock, TRUE, TRUE, "the host's network", &fd, error))
        return FALSE;
    g_autoptr(PifNetPlan) plan = compute(spec, error);
    return plan && pif_net_plan_apply(plan, error);
}

gboolean pif_net_up(const PifNetSpec *spec, const char *lock, GError **error)
{
    return apply_locked(spec, lock, error, pif_net_plan_up);
}

gboolean pif_net_down(const PifNetSpec *spec, const char *lock, GError **error)
{
    return apply_locked(spec, lock, error, pif_net_plan_down);
}
