// SPDX-License-Identifier: MIT
// The farm's network on this host: the pure plan, joined with the kernel it is made from and for.
#include "netsetup/net.h"

#include "netsetup/filters.h"
#include "netsetup/kernel.h"
#include "netsetup/owner.h"
#include "netsetup/plan.h"
#include "netsetup/tap.h"
#include "netsetup/wlan.h"
#include "pifarm/base/file.h"

static PifNetState *observe(GError **error)
{
    PifNetState *have = pif_net_state_observe(error);
    if (have)
        pif_net_state_read_filters(have);
    return have;
}

PifNetPlan *pif_net_plan_up(const PifNetSpec *spec, GError **error)
{
    PifNetState *have = observe(error);
    return have ? pif_net_plan_compute_up(spec, have, error) : NULL;
}

PifNetPlan *pif_net_plan_down(const PifNetSpec *spec, GError **error)
{
    PifNetState *have = observe(error);
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

static gboolean take_lock(const char *lock, PifFd *ret_fd, GError **error)
{
    g_autofree char *folder = g_path_get_dirname(lock);
    return pif_dir_make(folder, 0755, error) &&
           pif_file_lock(lock, TRUE, TRUE, "the host's network", ret_fd, error);
}

static gboolean apply(const PifNetSpec *spec, GError **error,
                      PifNetPlan *(*compute)(const PifNetSpec *, GError **))
{
    g_autoptr(PifNetPlan) plan = compute(spec, error);
    return plan && pif_net_plan_apply(plan, error);
}

gboolean pif_net_up(const PifNetSpec *spec, const char *lock, GError **error)
{
    g_auto(PifFd) fd = -1;
    return take_lock(lock, &fd, error) && apply(spec, error, pif_net_plan_up);
}

gboolean pif_net_down(const PifNetSpec *spec, const char *lock, GError **error)
{
    g_auto(PifFd) fd = -1;
    return take_lock(lock, &fd, error) && apply(spec, error, pif_net_plan_down);
}

static const PifNetNode *find_node(const PifNetSpec *spec, const char *name)
{
    for (size_t i = 0; i < spec->n_nodes; i++)
        if (g_str_equal(spec->nodes[i].name, name))
            return &spec->nodes[i];
    return NULL;
}

gboolean pif_net_open_port(const PifNetSpec *spec, const char *lock, const char *node,
                           PifFd *ret_lock, char **ret_tap, GError **error)
{
    g_auto(PifFd) fd = -1;
    const PifNetNode *found = find_node(spec, node);
    g_assert(found);
    if (!take_lock(lock, &fd, error) || !apply(spec, error, pif_net_plan_up))
        return FALSE;
    g_autoptr(PifNetState) have = pif_net_state_observe(error);
    if (!have)
        return FALSE;
    *ret_tap = pif_tap_name(have, spec->farm, node, found->id);
    *ret_lock = pif_fd_steal(&fd);
    return TRUE;
}

gboolean pif_net_find_wlan(const PifNetSpec *spec, const char *node, char **ret_tap, GError **error)
{
    const PifNetNode *found = find_node(spec, node);
    g_autoptr(PifNetState) have = pif_net_state_observe(error);
    g_assert(found);
    if (!have)
        return FALSE;
    *ret_tap = pif_wlan_name(have, spec->farm, node, found->id);
    return TRUE;
}

gboolean pif_net_mark_port(const char *farm, const char *node, const char *tap, GError **error)
{
    g_autoptr(PifNetlink) netlink = pif_netlink_open(NETLINK_ROUTE, error);
    g_autoptr(PifLink) link = pif_link_new(tap, "tun");
    g_free(link->alias);
    link->alias = pif_link_node_alias(farm, node);
    const PifNetStep step = {PIF_STEP_SET_PROPERTY, tap, link, link, pif_link_property_alias()};
    return netlink && pif_net_step_run(&step, netlink, error);
}
