// SPDX-License-Identifier: MIT
// One step of a plan, as one netlink request.
#include "netsetup/kernel.h"

#include "netsetup/filter-run.h"
#include "netsetup/ipv6.h"
#include "netsetup/tun.h"
#include "pifarm/base/error.h"

#include <arpa/inet.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netlink/msg.h>
#include <netlink/route/addr.h>
#include <netlink/route/route.h>

/* Whether the step gives its link this property. */
static gboolean step_sets(const PifNetStep *step, const PifLinkProperty *property)
{
    if (step->verb == PIF_STEP_SET_PROPERTY)
        return property == step->property;
    return property->when == PIF_SET_FIRST && pif_link_property_applies(property, step->to);
}

static int put_properties(PifNetlinkMessage *request, const PifNetStep *step, gboolean of_kind)
{
    int err = 0;
    for (size_t i = 0; i < pif_n_link_properties && err == 0; i++) {
        const PifLinkProperty *property = &pif_link_properties[i];
        if (step_sets(step, property) && (property->kind != NULL) == of_kind)
            err = property->put(request, step->to);
    }
    return err;
}

/* IFLA_LINKINFO { IFLA_INFO_KIND, IFLA_INFO_DATA { what only links of this kind have } } */
static int put_kind(PifNetlinkMessage *request, const PifNetStep *step, const char *kind)
{
    struct nlattr *info = nla_nest_start(request, IFLA_LINKINFO);
    nla_put_string(request, IFLA_INFO_KIND, kind);
    struct nlattr *data = nla_nest_start(request, IFLA_INFO_DATA);
    int err = put_properties(request, step, TRUE);
    nla_nest_end(request, data);
    nla_nest_end(request, info);
    return err;
}

static int set_link(PifNetlink *netlink, const PifNetStep *step, int flags, const char *kind)
{
    struct ifinfomsg header = {.ifi_family = AF_UNSPEC};
    g_autoptr(PifNetlinkMessage) request = nlmsg_alloc_simple(RTM_NEWLINK, flags);
    nlmsg_append(request, &header, sizeof header, NLMSG_ALIGNTO);
    nla_put_string(request, IFLA_IFNAME, step->link);
    int err = put_properties(request, step, FALSE);
    if (err == 0 && kind)
        err = put_kind(request, step, kind);
    return err < 0 ? err : nl_send_sync(netlink, g_steal_pointer(&request));
}

/* A link that we saw is named by its index: by now another one may have its name. */
static int remove_link(PifNetlink *netlink, const PifNetStep *step)
{
    struct ifinfomsg header = {.ifi_family = AF_UNSPEC, .ifi_index = step->from->index};
    PifNetlinkMessage *request = nlmsg_alloc_simple(RTM_DELLINK, 0);
    nlmsg_append(request, &header, sizeof header, NLMSG_ALIGNTO);
    if (header.ifi_index == 0)
        nla_put_string(request, IFLA_IFNAME, step->link);
    return nl_send_sync(netlink, request);
}

static PifNetlinkAddress *address_new(uint32_t address, unsigned prefix_length)
{
    uint32_t bytes = htonl(address);
    PifNetlinkAddress *made = nl_addr_build(AF_INET, &bytes, sizeof bytes);
    nl_addr_set_prefixlen(made, (int)prefix_length);
    return made;
}

static int change_address(PifNetlink *netlink, const PifNetStep *step,
                          int (*change)(struct nl_sock *, struct rtnl_addr *, int), int flags)
{
    const PifAddress *wanted = &step->address;
    g_autoptr(PifNetlinkAddress) local = address_new(wanted->address, wanted->prefix_length);
    g_autoptr(PifNetlinkAddress) broadcast = address_new(wanted->broadcast, 32);
    g_autoptr(PifNetlinkIp) address = rtnl_addr_alloc();
    rtnl_addr_set_ifindex(address, (int)if_nametoindex(step->link));
    rtnl_addr_set_local(address, local);
    if (wanted->broadcast)
        rtnl_addr_set_broadcast(address, broadcast);
    if (wanted->is_bare)
        rtnl_addr_set_flags(address, IFA_F_NOPREFIXROUTE);
    return change(netlink, address, flags);
}

/* Adds the one hop of a route over the link. */
static void add_hop(PifNetlinkRoute *route, const PifRoute *wanted, const char *link)
{
    struct rtnl_nexthop *hop = rtnl_route_nh_alloc();
    g_autoptr(PifNetlinkAddress) gateway = address_new(wanted->gateway, 32);
    rtnl_route_nh_set_ifindex(hop, (int)if_nametoindex(link));
    if (wanted->gateway)
        rtnl_route_nh_set_gateway(hop, gateway);
    if (wanted->is_onlink)
        rtnl_route_nh_set_flags(hop, RTNH_F_ONLINK);
    rtnl_route_add_nexthop(route, hop);
}

static PifNetlinkRoute *route_new(const PifRoute *wanted, const char *link)
{
    g_autoptr(PifNetlinkAddress) to = address_new(wanted->to.address, wanted->to.prefix_length);
    g_autoptr(PifNetlinkAddress) source = address_new(wanted->source, 32);
    PifNetlinkRoute *route = rtnl_route_alloc();
    rtnl_route_set_family(route, AF_INET);
    rtnl_route_set_type(route, RTN_UNICAST);
    rtnl_route_set_dst(route, to);
    rtnl_route_set_table(route, wanted->table);
    rtnl_route_set_priority(route, wanted->metric);
    rtnl_route_set_protocol(route, wanted->protocol);
    rtnl_route_set_scope(route, wanted->scope);
    if (wanted->source)
        rtnl_route_set_pref_src(route, source);
    add_hop(route, wanted, link);
    return route;
}

static int change_route(PifNetlink *netlink, const PifNetStep *step,
                        int (*change)(struct nl_sock *, struct rtnl_route *, int), int flags)
{
    g_autoptr(PifNetlinkRoute) route = route_new(&step->route, step->link);
    return change(netlink, route, flags);
}

static int run(const PifNetStep *step, PifNetlink *netlink)
{
    switch (step->verb) {
    case PIF_STEP_ADD_LINK:
        if (g_str_equal(step->to->kind, "tun"))
            return pif_tun_add(step->to);
        return set_link(netlink, step, NLM_F_CREATE | NLM_F_EXCL, step->to->kind);
    case PIF_STEP_REMOVE_LINK:
        return remove_link(netlink, step);
    case PIF_STEP_SET_PROPERTY:
        return set_link(netlink, step, 0, step->property->kind);
    case PIF_STEP_ADD_ADDRESS:
        return change_address(netlink, step, rtnl_addr_add, NLM_F_EXCL);
    case PIF_STEP_REMOVE_ADDRESS:
        return change_address(netlink, step, rtnl_addr_delete, 0);
    case PIF_STEP_ADD_ROUTE:
        return change_route(netlink, step, rtnl_route_add, NLM_F_CREATE | NLM_F_APPEND);
    case PIF_STEP_REMOVE_ROUTE:
        return change_route(netlink, step, rtnl_route_delete, 0);
    case PIF_STEP_MOVE_ROUTE:
        return change_route(netlink, step, rtnl_route_add, NLM_F_REPLACE);
    case PIF_STEP_ADD_ADDRESS6:
    case PIF_STEP_REMOVE_ADDRESS6:
    case PIF_STEP_MOVE_ROUTE6:
        return pif_ipv6_step_run(step, netlink);
    case PIF_STEP_SET_TABLE:
    case PIF_STEP_SET_FORWARDING:
    case PIF_STEP_ADD_EXCEPTION:
    case PIF_STEP_REMOVE_EXCEPTION:
        break; /* not by this socket */
    }
    g_assert_not_reached();
}

/* What libnl makes of the kernel's answers, where the caller can do something about them. */
static const struct {
    int nl_error;
    PifErrorCode code;
    const char *advice;
} failures[] = {
    {NLE_PERM, PIF_ERROR_DENIED, "; changing the network needs root: try again with sudo"},
    {NLE_NOACCESS, PIF_ERROR_DENIED, "; changing the network needs root: try again with sudo"},
    {NLE_EXIST, PIF_ERROR_EXISTS, "; somebody else is changing the network: try again"},
    {NLE_NODEV, PIF_ERROR_NOT_FOUND, "; somebody else is changing the network: try again"},
    {NLE_BUSY, PIF_ERROR_BUSY, ""},
    {NLE_OPNOTSUPP, PIF_ERROR_EXTERNAL,
     "; the kernel lacks support for it: try modprobe bridge vxlan ifb"},
};

gboolean pif_net_step_run(const PifNetStep *step, gpointer host, GError **error)
{
    if (step->verb >= PIF_STEP_SET_TABLE)
        return pif_filter_step_run(step, error);
    int err = run(step, host);
    if (err >= 0)
        return TRUE;
    g_autofree char *command = pif_net_step_format(step);
    for (size_t i = 0; i < G_N_ELEMENTS(failures); i++)
        if (failures[i].nl_error == -err)
            return pif_error_set(error, failures[i].code, "cannot do `%s`: %s%s", command,
                                 nl_geterror(err), failures[i].advice);
    return pif_error_set(error, PIF_ERROR_EXTERNAL, "cannot do `%s`: %s", command,
                         nl_geterror(err));
}
