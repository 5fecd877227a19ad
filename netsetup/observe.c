// SPDX-License-Identifier: MIT
// Reads links, addresses and routes from the kernel. libnl-route knows all of that but a bridge's
// options; so links are read from their messages, the rest through its caches.
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

typedef struct nl_cache Cache;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Cache, nl_cache_free)

static void read_bridge_options(PifLink *link, struct nlattr *options)
{
    struct nlattr *found[IFLA_BR_MAX + 1];
    if (nla_parse_nested(found, IFLA_BR_MAX, options, NULL) < 0)
        return;
    if (found[IFLA_BR_STP_STATE])
        link->bridge.has_stp = nla_get_u32(found[IFLA_BR_STP_STATE]) != 0;
    if (found[IFLA_BR_FORWARD_DELAY])
        link->bridge.forward_delay_cs = nla_get_u32(found[IFLA_BR_FORWARD_DELAY]);
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
    if (found[IFLA_LINKINFO])
        read_kind(link, found[IFLA_LINKINFO]);
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
    return err;
}

static PifAddress read_address(const struct nl_addr *address)
{
    uint32_t bytes = 0; /* a default route's destination has none */
    if (nl_addr_get_len(address) == sizeof bytes)
        memcpy(&bytes, nl_addr_get_binary_addr(address), sizeof bytes);
    return (PifAddress){ntohl(bytes), nl_addr_get_prefixlen(address)};
}

static void on_address(struct nl_object *object, void *data)
{
    PifNetState *state = data;
    struct rtnl_addr *address = (struct rtnl_addr *)object;
    PifLink *link = pif_net_state_find_link_by_index(state, rtnl_addr_get_ifindex(address));
    if (!link || rtnl_addr_get_family(address) != AF_INET)
        return;
    PifAddress read = read_address(rtnl_addr_get_local(address));
    read.prefix_length = (unsigned)rtnl_addr_get_prefixlen(address);
    g_array_append_val(link->addresses, read);
}

static int read_addresses(PifNetState *state, PifNetlink *netlink)
{
    g_autoptr(Cache) cache = NULL;
    int err = rtnl_addr_alloc_cache(netlink, &cache);
    if (err == 0)
        nl_cache_foreach(cache, on_address, state);
    return err;
}

static void on_route(struct nl_object *object, void *data)
{
    /* A VPN that wants everything sets two routes to half of the Internet each: as little in our
     * way as a default route. */
    enum { NEARLY_EVERYTHING = 1 };
    PifNetState *state = data;
    struct rtnl_route *route = (struct rtnl_route *)object;
    PifRoute read = {read_address(rtnl_route_get_dst(route)), 0};
    if (rtnl_route_get_type(route) != RTN_UNICAST || read.to.prefix_length <= NEARLY_EVERYTHING)
        return;
    if (rtnl_route_get_nnexthops(route) > 0)
        read.link_index = rtnl_route_nh_get_ifindex(rtnl_route_nexthop_n(route, 0));
    g_array_append_val(state->routes, read);
}

static int read_routes(PifNetState *state, PifNetlink *netlink)
{
    g_autoptr(Cache) cache = NULL;
    int err = rtnl_route_alloc_cache(netlink, AF_INET, 0, &cache);
    if (err == 0)
        nl_cache_foreach(cache, on_route, state);
    return err;
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
    if (err < 0) {
        pif_error_set(error, PIF_ERROR_EXTERNAL, "cannot read the host's network: %s",
                      nl_geterror(err));
        return NULL;
    }
    read_machine_id(state);
    return g_steal_pointer(&state);
}
