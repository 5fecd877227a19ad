// SPDX-License-Identifier: MIT
// Reads links, addresses and routes from the kernel. libnl-route knows all of that but a bridge's
// options; so links are read from their messages.
#include "netsetup/ipv6.h"
#include "netsetup/netlink.h"
#include "netsetup/state.h"
#include "pifarm/base/error.h"
#include "pifarm/base/file.h"

#include <arpa/inet.h>
#include <linux/if.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <netlink/msg.h>
#include <netlink/route/addr.h>
#include <netlink/route/route.h>
#include <string.h>

static void read_bridge_options(PifLink *link, struct nlattr *options)
{
    struct nlattr *found[IFLA_BR_MAX + 1];
    if (nla_parse_nested(found, IFLA_BR_MAX, options, NULL) < 0)
        return;
    if (found[IFLA_BR_STP_STATE])
        link->bridge.has_stp = nla_get_u32(found[IFLA_BR_STP_STATE]) != 0;
    if (found[IFLA_BR_FORWARD_DELAY])
        link->bridge.forward_delay_cs = nla_get_u32(found[IFLA_BR_FORWARD_DELAY]);
    if (found[IFLA_BR_AGEING_TIME])
        link->bridge.ageing_cs = nla_get_u32(found[IFLA_BR_AGEING_TIME]);
    if (found[IFLA_BR_GROUP_ADDR] && nla_len(found[IFLA_BR_GROUP_ADDR]) == PIF_MAC_SIZE)
        memcpy(link->bridge.group_address, nla_data(found[IFLA_BR_GROUP_ADDR]), PIF_MAC_SIZE);
}

static void read_tun_options(PifLink *link, struct nlattr *options)
{
    struct nlattr *found[IFLA_TUN_MAX + 1];
    if (nla_parse_nested(found, IFLA_TUN_MAX, options, NULL) < 0)
        return;
    link->tun.has_owner = found[IFLA_TUN_OWNER] != NULL;
    if (link->tun.has_owner)
        link->tun.owner = nla_get_u32(found[IFLA_TUN_OWNER]);
}

static void read_vxlan_options(PifLink *link, struct nlattr *options)
{
    struct nlattr *found[IFLA_VXLAN_MAX + 1];
    if (nla_parse_nested(found, IFLA_VXLAN_MAX, options, NULL) < 0)
        return;
    if (found[IFLA_VXLAN_ID])
        link->vxlan.id = nla_get_u32(found[IFLA_VXLAN_ID]);
    if (found[IFLA_VXLAN_GROUP])
        link->vxlan.remote = ntohl(nla_get_u32(found[IFLA_VXLAN_GROUP]));
    if (found[IFLA_VXLAN_PORT])
        link->vxlan.port = ntohs(nla_get_u16(found[IFLA_VXLAN_PORT]));
}

static void read_kind(PifLink *link, struct nlattr *link_info)
{
    struct nlattr *found[IFLA_INFO_MAX + 1];
    if (nla_parse_nested(found, IFLA_INFO_MAX, link_info, NULL) < 0 || !found[IFLA_INFO_KIND])
        return;
    g_free(link->kind);
    link->kind = nla_strdup(found[IFLA_INFO_KIND]);
    if (g_str_equal(link->kind, "bridge") && found[IFLA_INFO_DATA])
        read_bridge_options(link, found[IFLA_INFO_DATA]);
    if (g_str_equal(link->kind, "tun") && found[IFLA_INFO_DATA])
        read_tun_options(link, found[IFLA_INFO_DATA]);
    if (g_str_equal(link->kind, "vxlan") && found[IFLA_INFO_DATA])
        read_vxlan_options(link, found[IFLA_INFO_DATA]);
}

static void on_link(struct nlmsghdr *message, gpointer data)
{
    PifNetState *state = data;
    struct ifinfomsg *header = nlmsg_data(message);
    struct nlattr *found[IFLA_MAX + 1];
    if (nlmsg_parse(message, sizeof *header, found, IFLA_MAX, NULL) < 0 || !found[IFLA_IFNAME])
        return;
    PifLink *link = pif_link_new(nla_get_string(found[IFLA_IFNAME]), "");
    g_ptr_array_add(state->links, link);
    link->index = header->ifi_index;
    link->is_up = (header->ifi_flags & IFF_UP) != 0;
    if (found[IFLA_IFALIAS]) {
        g_free(link->alias);
        link->alias = nla_strdup(found[IFLA_IFALIAS]);
    }
    if (found[IFLA_ADDRESS] && nla_len(found[IFLA_ADDRESS]) == PIF_MAC_SIZE)
        memcpy(link->mac, nla_data(found[IFLA_ADDRESS]), PIF_MAC_SIZE);
    link->has_carrier = found[IFLA_CARRIER] && nla_get_u8(found[IFLA_CARRIER]);
    if (found[IFLA_MTU])
        link->mtu = nla_get_u32(found[IFLA_MTU]);
    if (found[IFLA_MASTER])
        link->master_index = (int)nla_get_u32(found[IFLA_MASTER]);
    if (found[IFLA_LINKINFO])
        read_kind(link, found[IFLA_LINKINFO]);
    /* of an end in another namespace the number is another link's here */
    if (g_str_equal(link->kind, "veth") && found[IFLA_LINK] && !found[IFLA_LINK_NETNSID])
        link->peer_index = (int)nla_get_u32(found[IFLA_LINK]);
}

static void name_by_index(const PifNetState *state, int index, char **name)
{
    const PifLink *named = index ? pif_net_state_find_link_by_index(state, index) : NULL;
    if (!named)
        return;
    g_free(*name);
    *name = g_strdup(named->name);
}

static void name_masters_and_peers(PifNetState *state)
{
    for (guint i = 0; i < state->links->len; i++) {
        PifLink *link = g_ptr_array_index(state->links, i);
        name_by_index(state, link->master_index, &link->master);
        name_by_index(state, link->peer_index, &link->peer);
    }
}

static int dump_links(PifNetState *state, PifNetlink *netlink)
{
    struct ifinfomsg every = {.ifi_family = AF_UNSPEC};
    struct nl_msg *request = nlmsg_alloc_simple(RTM_GETLINK, NLM_F_DUMP);
    nlmsg_append(request, &every, sizeof every, NLMSG_ALIGNTO);
    return pif_netlink_dump(netlink, request, on_link, state);
}

/* Again when a link came or went meanwhile: the kernel marks such a dump as incomplete. */
static int read_links(PifNetState *state, PifNetlink *netlink)
{
    int err;
    do {
        g_ptr_array_set_size(state->links, 0);
        err = dump_links(state, netlink);
    } while (err == -NLE_DUMP_INTR);
    name_masters_and_peers(state);
    return err;
}

static uint32_t read_ip(const struct nl_addr *address)
{
    uint32_t bytes = 0; /* a default route's destination has none */
    if (address && nl_addr_get_len(address) == sizeof bytes)
        memcpy(&bytes, nl_addr_get_binary_addr(address), sizeof bytes);
    return ntohl(bytes);
}

static void on_address(struct nl_object *object, void *data)
{
    PifNetState *state = data;
    struct rtnl_addr *address = (struct rtnl_addr *)object;
    PifLink *link = pif_net_state_find_link_by_index(state, rtnl_addr_get_ifindex(address));
    if (!link || rtnl_addr_get_family(address) != AF_INET)
        return;
    PifAddress read = {
        .address = read_ip(rtnl_addr_get_local(address)),
        .prefix_length = (unsigned)rtnl_addr_get_prefixlen(address),
        .broadcast = read_ip(rtnl_addr_get_broadcast(address)),
        .is_bare = (rtnl_addr_get_flags(address) & IFA_F_NOPREFIXROUTE) != 0,
        .is_passing = rtnl_addr_get_valid_lifetime(address) != UINT32_MAX,
    };
    g_array_append_val(link->addresses, read);
}

static int read_addresses(PifNetState *state, PifNetlink *netlink)
{
    g_autoptr(PifNetlinkCache) cache = NULL;
    int err = rtnl_addr_alloc_cache(netlink, &cache);
    if (err == 0)
        nl_cache_foreach(cache, on_address, state);
    return err;
}

static PifRoute read_route(struct rtnl_route *route)
{
    const struct nl_addr *to = rtnl_route_get_dst(route);
    PifRoute read = {
        .to = {read_ip(to), nl_addr_get_prefixlen(to)},
        .source = read_ip(rtnl_route_get_pref_src(route)),
        .table = rtnl_route_get_table(route),
        .metric = rtnl_route_get_priority(route),
        .protocol = rtnl_route_get_protocol(route),
        .scope = rtnl_route_get_scope(route),
        .n_hops = (unsigned)rtnl_route_get_nnexthops(route),
    };
    if (read.n_hops > 0) {
        struct rtnl_nexthop *hop = rtnl_route_nexthop_n(route, 0);
        read.link_index = rtnl_route_nh_get_ifindex(hop);
        read.gateway = read_ip(rtnl_route_nh_get_gateway(hop));
        read.is_onlink = (rtnl_route_nh_get_flags(hop) & RTNH_F_ONLINK) != 0;
    }
    return read;
}

static void on_route(struct nlmsghdr *message, gpointer data)
{
    PifNetState *state = data;
    g_autoptr(PifNetlinkRoute) route = NULL;
    if (rtnl_route_parse(message, &route) < 0 || rtnl_route_get_type(route) != RTN_UNICAST)
        return;
    PifRoute read = read_route(route);
    g_array_append_val(state->routes, read);
}

/* Not by libnl's cache, which has one route only where two lead to the same place. */
static int dump_routes(PifNetState *state, PifNetlink *netlink)
{
    struct rtmsg every = {.rtm_family = AF_INET};
    struct nl_msg *request = nlmsg_alloc_simple(RTM_GETROUTE, NLM_F_DUMP);
    nlmsg_append(request, &every, sizeof every, NLMSG_ALIGNTO);
    return pif_netlink_dump(netlink, request, on_route, state);
}

static int read_routes(PifNetState *state, PifNetlink *netlink)
{
    int err;
    do {
        g_array_set_size(state->routes, 0);
        err = dump_routes(state, netlink);
    } while (err == -NLE_DUMP_INTR);
    return err;
}

/* A host without it has no such file, and nothing to read. */
static int read_ipv6(PifNetState *state, PifNetlink *netlink)
{
    enum { MAX_SIZE = 16 };
    g_autofree char *text = NULL;
    state->has_ipv6 = pif_file_read("/proc/sys/net/ipv6/conf/default/disable_ipv6", MAX_SIZE, &text,
                                    NULL, NULL) &&
                      *text == '0';
    return state->has_ipv6 ? pif_ipv6_read(state, netlink) : 0;
}

static void read_machine_id(PifNetState *state)
{
    enum { MAX_SIZE = 256 };
    char *text = NULL;
    if (!pif_file_read("/etc/machine-id", MAX_SIZE, &text, NULL, NULL))
        return;
    g_free(state->machine_id);
    state->machine_id = g_strstrip(text);
}

PifNetState *pif_net_state_observe(GError **error)
{
    g_autoptr(PifNetState) state = pif_net_state_new();
    g_autoptr(PifNetlink) netlink = pif_netlink_open(NETLINK_ROUTE, error);
    if (!netlink)
        return NULL;
    int err = read_links(state, netlink);
    if (err == 0)
        err = read_addresses(state, netlink);
    if (err == 0)
        err = read_routes(state, netlink);
    if (err == 0)
        err = read_ipv6(state, netlink);
    if (err < 0) {
        pif_error_set(error, PIF_ERROR_EXTERNAL, "cannot read the host's network: %s",
                      nl_geterror(err));
        return NULL;
    }
    read_machine_id(state);
    return g_steal_pointer(&state);
}
