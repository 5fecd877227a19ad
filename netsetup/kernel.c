// SPDX-License-Identifier: MIT
// One step of a plan, as one netlink request.
#include "netsetup/kernel.h"

#include "pifarm/base/error.h"

#include <arpa/inet.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netlink/msg.h>
#include <netlink/route/addr.h>

typedef struct rtnl_addr Address;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Address, rtnl_addr_put)

typedef struct nl_addr NetlinkAddress;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NetlinkAddress, nl_addr_put)

typedef struct nl_msg Message;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Message, nlmsg_free)

/* Whether the step gives its link this property. */
static gboolean step_sets(const PifNetStep *step, const PifLinkProperty *property)
{
    if (step->verb == PIF_STEP_SET_PROPERTY)
        return property == step->property;
    return property->when == PIF_SET_FIRST && pif_link_property_applies(property, step->to);
}

static int put_properties(Message *request, const PifNetStep *step, gboolean of_kind)
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
static int put_kind(Message *request, const PifNetStep *step, const char *kind)
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
    g_autoptr(Message) request = nlmsg_alloc_simple(RTM_NEWLINK, flags);
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
    Message *request = nlmsg_alloc_simple(RTM_DELLINK, 0);
    nlmsg_append(request, &header, sizeof header, NLMSG_ALIGNTO);
    if (header.ifi_index == 0)
        nla_put_string(request, IFLA_IFNAME, step->link);
    return nl_send_sync(netlink, request);
}

static int change_address(PifNetlink *netlink, const PifNetStep *step,
                          int (*change)(struct nl_sock *, struct rtnl_addr *, int), int flags)
{
    uint32_t bytes = htonl(step->address.address);
    g_autoptr(NetlinkAddress) local = nl_addr_build(AF_INET, &bytes, sizeof bytes);
    nl_addr_set_prefixlen(local, (int)step->address.prefix_length);
    g_autoptr(Address) address = rtnl_addr_alloc();
    rtnl_addr_set_ifindex(address, (int)if_nametoindex(step->link));
    rtnl_addr_set_local(address, local);
    return change(netlink, address, flags);
}

static int run(const PifNetStep *step, PifNetlink *netlink)
{
    switch (step->verb) {
    case PIF_STEP_ADD_LINK:
        return set_link(netlink, step, NLM_F_CREATE | NLM_F_EXCL, step->to->kind);
    case PIF_STEP_REMOVE_LINK:
        return remove_link(netlink, step);
    case PIF_STEP_SET_PROPERTY:
        return set_link(netlink, step, 0, step->property->kind);
    case PIF_STEP_ADD_ADDRESS:
        return change_address(netlink, step, rtnl_addr_add, NLM_F_EXCL);
    case PIF_STEP_REMOVE_ADDRESS:
        return change_address(netlink, step, rtnl_addr_delete, 0);
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
    {NLE_OPNOTSUPP, PIF_ERROR_EXTERNAL, "; the kernel lacks support for it: try modprobe bridge"},
};

gboolean pif_net_step_run(const PifNetStep *step, gpointer host, GError **error)
{
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
