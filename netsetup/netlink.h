// SPDX-License-Identifier: MIT
// Netlink sockets, and the one exchange of messages that libnl has no function for: a dump.
#pragma once

#include <glib.h>
#include <netlink/netlink.h>

typedef struct nl_sock PifNetlink;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PifNetlink, nl_socket_free)

/* A socket of that family (NETLINK_ROUTE ...). */
PifNetlink *pif_netlink_open(int family, GError **error);

typedef void (*PifNetlinkVisitor)(struct nlmsghdr *message, gpointer data);

/* Sends the request, which it takes, and shows the visitor each message of the answer. Returns 0 or
 * a negative libnl error. */
int pif_netlink_dump(PifNetlink *netlink, struct nl_msg *request, PifNetlinkVisitor visitor,
                     gpointer data);
