// SPDX-License-Identifier: MIT
// Netlink sockets, and the one exchange of messages that libnl has no function for: a dump.
#pragma once

#include <glib.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <netlink/route/addr.h>
#include <netlink/route/route.h>

typedef struct nl_sock PifNetlink;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PifNetlink, nl_socket_free)

typedef struct nl_msg PifNetlinkMessage;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PifNetlinkMessage, nlmsg_free)

typedef struct nl_cache PifNetlinkCache;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PifNetlinkCache, nl_cache_free)

typedef struct nl_addr PifNetlinkAddress;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PifNetlinkAddress, nl_addr_put)

/* An address of a link, with what else is said of it. */
typedef struct rtnl_addr PifNetlinkIp;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PifNetlinkIp, rtnl_addr_put)

typedef struct rtnl_route PifNetlinkRoute;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PifNetlinkRoute, rtnl_route_put)

/* A socket of that family (NETLINK_ROUTE ...). */
PifNetlink *pif_netlink_open(int family, GError **error);

typedef void (*PifNetlinkVisitor)(struct nlmsghdr *message, gpointer data);

/* Sends the request, which it takes, and shows the visitor each message of the answer. Returns 0 or
 * a negative libnl error. */
int pif_netlink_dump(PifNetlink *netlink, struct nl_msg *request, PifNetlinkVisitor visitor,
                     gpointer data);
