// SPDX-License-Identifier: MIT
// The queues that a fault is made of: netem loses, delays and doubles, and tbf within it holds
// back.
#include "netsetup/queue.h"

#include <netlink/route/qdisc/netem.h>
#include <netlink/route/qdisc/tbf.h>
#include <netlink/route/tc.h>

enum { NETEM_HANDLE = 1, TBF_HANDLE = 2, ETHERNET_HEADER = 14 };

static PifQueue *queue_new(const char *kind, int link_index, uint32_t parent, uint16_t handle)
{
    PifQueue *queue = rtnl_qdisc_alloc();
    struct rtnl_tc *tc = TC_CAST(queue);
    rtnl_tc_set_ifindex(tc, link_index);
    rtnl_tc_set_parent(tc, parent);
    rtnl_tc_set_handle(tc, TC_HANDLE(handle, 0));
    rtnl_tc_set_kind(tc, kind);
    return queue;
}

/* netem takes a probability as a part of 2^32. */
static int probability(uint32_t ppm)
{
    return (int)(uint32_t)((uint64_t)ppm * UINT32_MAX / PIF_FAULT_ALL);
}

static PifQueue *netem_new(const PifFault *fault, int link_index)
{
    enum { MAX_FRAMES = 10000 }; /* that are on their way at one time */
    PifQueue *queue = queue_new("netem", link_index, TC_H_ROOT, NETEM_HANDLE);
    rtnl_netem_set_limit(queue, MAX_FRAMES);
    rtnl_netem_set_loss(queue, probability(fault->loss_ppm));
    rtnl_netem_set_duplicate(queue, probability(fault->duplicate_ppm));
    rtnl_netem_set_delay(queue, (int)fault->delay_us);
    rtnl_netem_set_jitter(queue, (int)fault->jitter_us);
    return queue;
}

/* A bucket of 10 ms, and two frames at least: a frame larger than the bucket would never pass. What
 * would wait for over 50 ms is lost, as in a switch. */
static PifQueue *tbf_new(const PifFault *fault, int link_index, uint32_t parent, unsigned mtu)
{
    enum { BUCKETS_A_SECOND = 100, LATENCY_US = 50 * 1000 };
    int rate = (int)(fault->rate_bit_s / 8);
    int frame = (int)mtu + ETHERNET_HEADER;
    PifQueue *queue = queue_new("tbf", link_index, parent, TBF_HANDLE);
    rtnl_tc_set_mtu(TC_CAST(queue), (uint32_t)frame);
    rtnl_qdisc_tbf_set_rate(queue, rate, MAX(rate / BUCKETS_A_SECOND, 2 * frame), 0);
    rtnl_qdisc_tbf_set_limit_by_latency(queue, LATENCY_US);
    return queue;
}

static void queue_free(gpointer queue)
{
    rtnl_qdisc_put(queue);
}

GPtrArray *pif_queues_new(const PifFault *fault, int link_index, unsigned mtu)
{
    GPtrArray *queues = g_ptr_array_new_with_free_func(queue_free);
    gboolean has_netem = fault->loss_ppm || fault->duplicate_ppm || fault->delay_us;
    uint32_t parent = has_netem ? TC_HANDLE(NETEM_HANDLE, 1) : TC_H_ROOT;
    if (has_netem)
        g_ptr_array_add(queues, netem_new(fault, link_index));
    if (fault->rate_bit_s)
        g_ptr_array_add(queues, tbf_new(fault, link_index, parent, mtu));
    return queues;
}
