// SPDX-License-Identifier: MIT
// IPv6 by libnl-route: a family of its own, as a farm has none of it in its subnet.
#include "netsetup/ipv6.h"

#include <arpa/inet.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netlink/msg.h>
#include <netlink/route/addr.h>
#include <netlink/route/route.h>
#include <string.h>

static PifAddress6 read_address(const struct nl_addr *address)
{
    PifAddress6 read = {0};
    if (!address)
        return read;
    read.prefix_length = nl_addr_get_prefixlen(address);
    if (nl_addr_get_len(address) == PIF_IPV6_SIZE)
        memcpy(read.bytes, nl_addr_get_binary_addr(address), PIF_IPV6_SIZE);
    return read;
}

static void on_address(struct nl_object *object, void *data)
{
    PifNetState *state = data;
    struct rtnl_addr *address = (struct rtnl_addr *)object;
    PifLink *link = pif_net_state_find_link_by_index(state, rtnl_addr_get_ifindex(address));
    if (!link || rtnl_addr_get_family(address) != AF_INET6 ||
        rtnl_addr_get_scope(address) != RT_SCOPE_UNIVERSE)
        return;
    unsigned flags = rtnl_addr_get_flags(address);
    PifAddress6 read = read_address(rtnl_addr_get_local(address));
    read.is_passing = !(flags & IFA_F_PERMANENT);
    read.is_bare = (flags & IFA_F_NOPREFIXROUTE) != 0;
    read.is_unchecked = (flags & IFA_F_NODAD) != 0;
    g_array_append_val(link->addresses6, read);
}

static void on_route(struct nlmsghdr *message, gpointer data)
{
    PifNetState *state = data;
    g_autoptr(PifNetlinkRoute) route = NULL;
    if (rtnl_route_parse(message, &route) < 0 || rtnl_route_get_type(route) != RTN_UNICAST ||
        rtnl_route_get_protocol(route) == RTPROT_KERNEL ||
        rtnl_route_get_protocol(route) == RTPROT_RA || rtnl_route_get_nnexthops(route) < 1)
        return;
    struct rtnl_nexthop *hop = rtnl_route_nexthop_n(route, 0);
    PifRoute6 read = {.to = read_address(rtnl_route_get_dst(route)),
                      .link_index = rtnl_route_nh_get_ifindex(hop),
                      .has_gateway = rtnl_route_nh_get_gateway(hop) != NULL,
                      .gateway = read_address(rtnl_route_nh_get_gateway(hop)),
                      .table = rtnl_route_get_table(route),
                      .metric = rtnl_route_get_priority(route),
                      .protocol = rtnl_route_get_protocol(route),
                      .n_hops = (unsigned)rtnl_route_get_nnexthops(route)};
    g_array_append_val(state->routes6, read);
}

static int read_routes(PifNetState *state, PifNetlink *netlink)
{
    int err;
    do {
        struct rtmsg every = {.rtm_family = AF_INET6};
        struct nl_msg *request = nlmsg_alloc_simple(RTM_GETROUTE, NLM_F_DUMP);
        nlmsg_append(request, &every, sizeof every, NLMSG_ALIGNTO);
        g_array_set_size(state->routes6, 0);
        err = pif_netlink_dump(netlink, request, on_route, state);
    } while (err == -NLE_DUMP_INTR);
    return err;
}

int pif_ipv6_read(PifNetState *state, PifNetlink *netlink)
{
    g_autoptr(PifNetlinkCache) cache = NULL;
    int err = rtnl_addr_alloc_cache(netlink, &cache);
    if (err < 0)
        return err;
    nl_cache_foreach(cache, on_address, state);
    return read_routes(state, netlink);
}

gboolean pif_ipv6_equal(const PifAddress6 *a, const PifAddress6 *b)
{
    return a->prefix_length == b->prefix_length && memcmp(a->bytes, b->bytes, PIF_IPV6_SIZE) == 0;
}

static PifNetlinkAddress *address_new(const PifAddress6 *address)
{
    PifNetlinkAddress *made = nl_addr_build(AF_INET6, address->bytes, PIF_IPV6_SIZE);
    nl_addr_set_prefixlen(made, (int)address->prefix_length);
    return made;
}

static int change_address(const PifNetStep *step, PifNetlink *netlink, gboolean is_added)
{
    g_autoptr(PifNetlinkAddress) local = address_new(&step->address6);
    g_autoptr(PifNetlinkIp) address = rtnl_addr_alloc();
    rtnl_addr_set_ifindex(address, (int)if_nametoindex(step->link));
    rtnl_addr_set_local(address, local);
    rtnl_addr_set_flags(address, (step->address6.is_bare ? IFA_F_NOPREFIXROUTE : 0) |
                                     (step->address6.is_unchecked ? IFA_F_NODAD : 0));
    return is_added ? rtnl_addr_add(netlink, address, NLM_F_EXCL)
                    : rtnl_addr_delete(netlink, address, 0);
}

static int move_route(const PifNetStep *step, PifNetlink *netlink)
{
    const PifRoute6 *wanted = &step->route6;
    g_autoptr(PifNetlinkAddress) to = address_new(&wanted->to);
    g_autoptr(PifNetlinkAddress) gateway = address_new(&wanted->gateway);
    g_autoptr(PifNetlinkRoute) route = rtnl_route_alloc();
    struct rtnl_nexthop *hop = rtnl_route_nh_alloc();
    rtnl_route_set_family(route, AF_INET6);
    rtnl_route_set_type(route, RTN_UNICAST);
    rtnl_route_set_dst(route, to);
    rtnl_route_set_table(route, wanted->table);
    rtnl_route_set_priority(route, wanted->metric);
    rtnl_route_set_protocol(route, wanted->protocol);
    rtnl_route_nh_set_ifindex(hop, (int)if_nametoindex(step->link));
    if (wanted->has_gateway)
        rtnl_route_nh_set_gateway(hop, gateway);
    rtnl_route_add_nexthop(route, hop);
    return rtnl_route_add(netlink, route, NLM_F_REPLACE);
}

int pif_ipv6_step_run(const PifNetStep *step, PifNetlink *netlink)
{
    if (step->verb == PIF_STEP_MOVE_ROUTE6)
        return move_route(step, netlink);
    return change_address(step, netlink, step->verb == PIF_STEP_ADD_ADDRESS6);
}

char *pif_ipv6_format(const PifAddress6 *address)
{
    char text[INET6_ADDRSTRLEN];
    inet_ntop(AF_INET6, address->bytes, text, sizeof text);
    return g_strdup_printf("%s/%u", text, address->prefix_length);
}

static char *format_route(const PifNetStep *step)
{
    char gateway[INET6_ADDRSTRLEN];
    const PifRoute6 *route = &step->route6;
    g_autofree char *to = pif_ipv6_format(&route->to);
    GString *command = g_string_new(NULL);
    inet_ntop(AF_INET6, route->gateway.bytes, gateway, sizeof gateway);
    g_string_printf(command, "ip -6 route replace %s", to);
    if (route->has_gateway)
        g_string_append_printf(command, " via %s", gateway);
    g_string_append_printf(command, " dev %s", step->link);
    if (route->table != RT_TABLE_MAIN)
        g_string_append_printf(command, " table %u", route->table);
    if (route->protocol != RTPROT_BOOT)
        g_string_append_printf(command, " proto %u", route->protocol);
    g_string_append_printf(command, " metric %u", route->metric);
    return g_string_free(command, FALSE);
}

char *pif_ipv6_step_format(const PifNetStep *step)
{
    if (step->verb == PIF_STEP_MOVE_ROUTE6)
        return format_route(step);
    g_autofree char *address = pif_ipv6_format(&step->address6);
    gboolean is_added = step->verb == PIF_STEP_ADD_ADDRESS6;
    return g_strdup_printf("ip address %s %s dev %s%s%s", is_added ? "add" : "delete", address,
                           step->link, is_added && step->address6.is_bare ? " noprefixroute" : "",
                           is_added && step->address6.is_unchecked ? " nodad" : "");
}
