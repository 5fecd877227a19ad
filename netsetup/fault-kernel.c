// SPDX-License-Identifier: MIT
// Puts a fault on a node's link. What the host sends passes the queues of the TAP. What the node
// sends has come in when it is seen first, so it is led through a link of kind ifb, whose queues it
// passes before it goes on into the bridge.
#include "netsetup/fault.h"
#include "netsetup/kernel.h"
#include "netsetup/owner.h"
#include "netsetup/queue.h"
#include "netsetup/tap.h"
#include "pifarm/base/error.h"

#include <linux/if_ether.h>
#include <linux/pkt_cls.h>
#include <linux/tc_act/tc_mirred.h>
#include <net/if.h>
#include <netlink/route/act/mirred.h>
#include <netlink/route/action.h>
#include <netlink/route/classifier.h>
#include <netlink/route/cls/u32.h>

typedef struct rtnl_cls Filter;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Filter, rtnl_cls_put)

typedef struct {
    const char *farm;
    const char *node;
    const PifFault *fault;
    PifNetlink *netlink;
    const PifNetState *have;
    const PifLink *tap;
} Job;

static gboolean check(const Job *job, int err, const char *what, GError **error)
{
    if (err >= 0)
        return TRUE;
    if (err == -NLE_OBJ_NOTFOUND || err == -NLE_OPNOTSUPP)
        return pif_error_set(error, PIF_ERROR_EXTERNAL,
                             "node '%s': this host's kernel has no %s; if it comes as a module: "
                             "modprobe sch_netem sch_tbf sch_ingress cls_u32 act_mirred ifb",
                             job->node, what);
    return pif_error_set(
        error, err == -NLE_PERM || err == -NLE_NOACCESS ? PIF_ERROR_DENIED : PIF_ERROR_EXTERNAL,
        "node '%s': cannot set %s: %s", job->node, what, nl_geterror(err));
}

static gboolean run_difference(const Job *job, const PifLink *from, const PifLink *to,
                               GError **error)
{
    g_autoptr(GArray) steps = pif_net_steps_new();
    pif_net_steps_add_difference(steps, from, to);
    for (guint i = 0; i < steps->len; i++)
        if (!pif_net_step_run(&g_array_index(steps, PifNetStep, i), job->netlink, error))
            return FALSE;
    return TRUE;
}

static gboolean add_queues(const Job *job, int link_index, GError **error)
{
    g_autoptr(GPtrArray) queues = pif_queues_new(job->fault, link_index, job->tap->mtu);
    for (guint i = 0; i < queues->len; i++) {
        PifQueue *queue = g_ptr_array_index(queues, i);
        g_autofree char *what = g_strdup_printf("queue '%s'", rtnl_tc_get_kind(TC_CAST(queue)));
        int err = rtnl_qdisc_add(job->netlink, queue, NLM_F_CREATE | NLM_F_REPLACE);
        if (!check(job, err, what, error))
            return FALSE;
    }
    return TRUE;
}

static PifQueue *ingress_new(const PifLink *tap)
{
    PifQueue *ingress = rtnl_qdisc_alloc();
    rtnl_tc_set_ifindex(TC_CAST(ingress), tap->index);
    rtnl_tc_set_parent(TC_CAST(ingress), TC_H_INGRESS);
    rtnl_tc_set_handle(TC_CAST(ingress), TC_HANDLE(0xffff, 0));
    rtnl_tc_set_kind(TC_CAST(ingress), "ingress");
    return ingress;
}

/* Every frame, to the other link. */
static Filter *redirection_new(const PifLink *tap, unsigned to_index)
{
    struct rtnl_act *action = rtnl_act_alloc();
    Filter *filter = rtnl_cls_alloc();
    rtnl_tc_set_kind(TC_CAST(action), "mirred");
    rtnl_mirred_set_action(action, TCA_EGRESS_REDIR);
    rtnl_mirred_set_policy(action, TC_ACT_STOLEN);
    rtnl_mirred_set_ifindex(action, to_index);
    rtnl_tc_set_ifindex(TC_CAST(filter), tap->index);
    rtnl_tc_set_parent(TC_CAST(filter), TC_HANDLE(0xffff, 0));
    rtnl_tc_set_kind(TC_CAST(filter), "u32");
    rtnl_cls_set_prio(filter, 1);
    rtnl_cls_set_protocol(filter, ETH_P_ALL);
    rtnl_u32_add_key_uint32(filter, 0, 0, 0, 0);
    rtnl_u32_set_cls_terminal(filter);
    rtnl_u32_add_action(filter, action);
    rtnl_act_put(action); /* the filter has its own hold of it */
    return filter;
}

static gboolean redirect(const Job *job, unsigned to_index, GError **error)
{
    g_autoptr(PifQueue) ingress = ingress_new(job->tap);
    g_autoptr(Filter) filter = redirection_new(job->tap, to_index);
    return check(job, rtnl_qdisc_add(job->netlink, ingress, NLM_F_CREATE), "queue 'ingress'",
                 error) &&
           check(job, rtnl_cls_add(job->netlink, filter, NLM_F_CREATE),
                 "filter 'u32' with action 'mirred'", error);
}

/* The link that what comes from the node is led through. */
static PifLink *make_detour(const Job *job, GError **error)
{
    g_autofree char *name = g_strconcat("f", job->tap->name, NULL);
    g_autoptr(PifLink) detour = pif_link_new(name, "ifb");
    pif_link_mark_fault(detour, job->farm, job->node, job->have->machine_id);
    detour->mtu = job->tap->mtu;
    detour->is_up = TRUE;
    return run_difference(job, NULL, detour, error) ? g_steal_pointer(&detour) : NULL;
}

static gboolean set_queues(const Job *job, GError **error)
{
    g_autoptr(PifLink) detour = make_detour(job, error);
    unsigned index = detour ? if_nametoindex(detour->name) : 0;
    return index != 0 && add_queues(job, (int)index, error) &&
           add_queues(job, job->tap->index, error) && redirect(job, index, error);
}

/* Queues that are not there cannot be removed, which is as well. */
static gboolean remove_queues(const Job *job, GError **error)
{
    if (job->tap) {
        g_autoptr(PifQueue) ingress = ingress_new(job->tap);
        g_autoptr(PifQueue) root = rtnl_qdisc_alloc();
        rtnl_tc_set_ifindex(TC_CAST(root), job->tap->index);
        rtnl_tc_set_parent(TC_CAST(root), TC_H_ROOT);
        rtnl_qdisc_delete(job->netlink, root);
        rtnl_qdisc_delete(job->netlink, ingress);
    }
    for (guint i = 0; i < job->have->links->len; i++) {
        const PifLink *link = g_ptr_array_index(job->have->links, i);
        if (pif_link_is_fault_of_node(link, job->farm, job->node) &&
            !run_difference(job, link, NULL, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean plug(const Job *job, gboolean is_plugged, GError **error)
{
    g_autoptr(PifLink) wanted = pif_link_copy(job->tap);
    wanted->is_up = is_plugged;
    return run_difference(job, job->tap, wanted, error);
}

static gboolean needs_queues(const PifFault *fault)
{
    g_autoptr(GPtrArray) queues = pif_queues_new(fault, 0, 0);
    return queues->len > 0;
}

static gboolean set_fault(const Job *job, GError **error)
{
    if (!remove_queues(job, error))
        return FALSE;
    if (!job->tap)
        return TRUE;
    return (!needs_queues(job->fault) || set_queues(job, error)) &&
           plug(job, !job->fault->is_down, error);
}

/* As it was before anybody set a fault. */
static void clear(Job *job)
{
    static const PifFault none;
    g_autoptr(PifNetState) have = pif_net_state_observe(NULL);
    job->have = have ? have : job->have;
    job->tap = pif_tap_find(job->have, job->farm, job->node);
    job->fault = &none;
    set_fault(job, NULL);
}

gboolean pif_net_set_fault(const char *farm, const char *node, const PifFault *fault,
                           GError **error)
{
    g_autoptr(PifNetState) have = pif_net_state_observe(error);
    g_autoptr(PifNetlink) netlink = have ? pif_netlink_open(NETLINK_ROUTE, error) : NULL;
    if (!netlink)
        return FALSE;
    Job job = {farm, node, fault, netlink, have, pif_tap_find(have, farm, node)};
    if (set_fault(&job, error))
        return TRUE;
    clear(&job);
    return FALSE;
}
