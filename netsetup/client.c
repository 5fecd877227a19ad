// SPDX-License-Identifier: MIT
// A namespace without a name, and a macvlan in it: there is nothing to clean up.
#include "netsetup/client.h"

#include "netsetup/netlink.h"
#include "netsetup/owner.h"
#include "pifarm/base/error.h"
#include "pifarm/base/fd.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netlink/msg.h>
#include <netlink/route/addr.h>
#include <netlink/route/route.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>

static PifLink *find_link(PifNetState *state, const char *farm, const char *node)
{
    for (guint i = 0; i < state->links->len; i++) {
        PifLink *link = g_ptr_array_index(state->links, i);
        if (pif_link_is_wlan_of_node(link, farm, node))
            return link;
    }
    return NULL;
}

char *pif_client_find_tap(const char *farm, const char *node, GError **error)
{
    g_autoptr(PifNetState) state = pif_net_state_observe(error);
    if (!state)
        return NULL;
    const PifLink *link = find_link(state, farm, node);
    if (link && link->has_carrier)
        return g_strdup(link->name);
    pif_error_set(error, PIF_ERROR_NOT_FOUND,
                  "node '%s' is not on: nobody is at the other end of its wlan; first: pifarm up "
                  "%s",
                  node, node);
    return NULL;
}

static gboolean check_netlink(int err, const char *what, GError **error)
{
    if (err >= 0)
        return TRUE;
    if (err == -NLE_PERM || err == -NLE_NOACCESS)
        return pif_error_set(error, PIF_ERROR_DENIED,
                             "cannot make %s: that needs root; try again with sudo", what);
    return pif_error_set(
        error, PIF_ERROR_EXTERNAL, "cannot make %s: %s%s", what, nl_geterror(err),
        err == -NLE_OPNOTSUPP ? "; the kernel lacks support for it: try modprobe macvlan" : "");
}

/* Private: clients of one node don't meet, as those of many access points don't. */
static int add_macvlan(PifNetlink *netlink, unsigned lower, int namespace)
{
    struct ifinfomsg header = {.ifi_family = AF_UNSPEC};
    struct nl_msg *request = nlmsg_alloc_simple(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
    nlmsg_append(request, &header, sizeof header, NLMSG_ALIGNTO);
    nla_put_string(request, IFLA_IFNAME, PIF_CLIENT_LINK);
    nla_put_u32(request, IFLA_LINK, lower);
    nla_put_u32(request, IFLA_NET_NS_FD, (uint32_t) namespace);
    struct nlattr *info = nla_nest_start(request, IFLA_LINKINFO);
    nla_put_string(request, IFLA_INFO_KIND, "macvlan");
    struct nlattr *data = nla_nest_start(request, IFLA_INFO_DATA);
    nla_put_u32(request, IFLA_MACVLAN_MODE, MACVLAN_MODE_PRIVATE);
    nla_nest_end(request, data);
    nla_nest_end(request, info);
    return nl_send_sync(netlink, request);
}

static gboolean set_up(const char *name, GError **error)
{
    struct ifreq request = {0};
    g_auto(PifFd) fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    g_strlcpy(request.ifr_name, name, sizeof request.ifr_name);
    if (fd >= 0 && ioctl(fd, SIOCGIFFLAGS, &request) == 0) {
        request.ifr_flags |= IFF_UP;
        if (ioctl(fd, SIOCSIFFLAGS, &request) == 0)
            return TRUE;
    }
    return pif_error_set_errno(error, errno, "cannot set %s up", name);
}

/* The socket is of the namespace that it was opened in, where the TAP is. */
gboolean pif_client_enter(const char *tap, GError **error)
{
    unsigned lower = if_nametoindex(tap);
    g_autoptr(PifNetlink) netlink = pif_netlink_open(NETLINK_ROUTE, error);
    if (!netlink)
        return FALSE;
    if (unshare(CLONE_NEWNET | CLONE_NEWNS) < 0 ||
        mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
        return check_netlink(errno == EPERM ? -NLE_PERM : -NLE_FAILURE,
                             "a network of the client's own", error);
    g_auto(PifFd) own = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
    return check_netlink(add_macvlan(netlink, lower, own), "the client's link", error) &&
           set_up("lo", error) && set_up(PIF_CLIENT_LINK, error);
}

static PifNetlinkAddress *address_new(uint32_t address, unsigned prefix_length)
{
    uint32_t bytes = htonl(address);
    PifNetlinkAddress *made = nl_addr_build(AF_INET, &bytes, sizeof bytes);
    nl_addr_set_prefixlen(made, (int)prefix_length);
    return made;
}

static int add_address(PifNetlink *netlink, const PifClientLease *lease)
{
    g_autoptr(PifNetlinkAddress) local = address_new(lease->address, lease->prefix_length);
    g_autoptr(PifNetlinkIp) address = rtnl_addr_alloc();
    rtnl_addr_set_ifindex(address, (int)if_nametoindex(PIF_CLIENT_LINK));
    rtnl_addr_set_local(address, local);
    return rtnl_addr_add(netlink, address, NLM_F_EXCL);
}

static int add_default_route(PifNetlink *netlink, uint32_t gateway)
{
    g_autoptr(PifNetlinkAddress) everywhere = address_new(0, 0);
    g_autoptr(PifNetlinkAddress) via = address_new(gateway, 32);
    g_autoptr(PifNetlinkRoute) route = rtnl_route_alloc();
    struct rtnl_nexthop *hop = rtnl_route_nh_alloc();
    rtnl_route_set_family(route, AF_INET);
    rtnl_route_set_dst(route, everywhere);
    rtnl_route_set_scope(route, RT_SCOPE_UNIVERSE);
    rtnl_route_nh_set_ifindex(hop, (int)if_nametoindex(PIF_CLIENT_LINK));
    rtnl_route_nh_set_gateway(hop, via);
    rtnl_route_add_nexthop(route, hop);
    return rtnl_route_add(netlink, route, NLM_F_CREATE);
}

static char *format_resolv_conf(const PifClientLease *lease)
{
    GString *text = g_string_new(NULL);
    for (size_t i = 0; i < lease->n_dns; i++) {
        g_autofree char *server = pif_ip_format(lease->dns[i]);
        g_string_append_printf(text, "nameserver %s\n", server);
    }
    return g_string_free(text, FALSE);
}

/* A file without a name is mounted over the host's. */
static gboolean write_resolv_conf(const PifClientLease *lease, GError **error)
{
    static const char path[] = "/etc/resolv.conf";
    char real[PATH_MAX];
    g_autofree char *text = format_resolv_conf(lease), *file = NULL;
    if (lease->n_dns == 0 || !realpath(path, real))
        return TRUE;
    g_auto(PifFd) fd = g_file_open_tmp("pifarm-resolv-XXXXXX", &file, error);
    if (fd < 0)
        return FALSE;
    gboolean is_ok = fchmod(fd, 0644) == 0 && write(fd, text, strlen(text)) > 0 &&
                     mount(file, real, NULL, MS_BIND, NULL) == 0;
    int err = errno;
    unlink(file);
    return is_ok ||
           pif_error_set_errno(error, err, "cannot put the client's name servers into %s", path);
}

gboolean pif_client_configure(const PifClientLease *lease, GError **error)
{
    g_autoptr(PifNetlink) netlink = pif_netlink_open(NETLINK_ROUTE, error);
    return netlink && check_netlink(add_address(netlink, lease), "the client's address", error) &&
           (!lease->gateway || check_netlink(add_default_route(netlink, lease->gateway),
                                             "the client's default route", error)) &&
           write_resolv_conf(lease, error);
}
