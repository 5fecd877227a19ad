// SPDX-License-Identifier: MIT
// Netlink sockets and dumps.
#include "netsetup/netlink.h"

#include "pifarm/base/error.h"

#include <netlink/msg.h>

PifNetlink *pif_netlink_open(int family, GError **error)
{
    g_autoptr(PifNetlink) netlink = nl_socket_alloc();
    int err = netlink ? nl_connect(netlink, family) : -NLE_NOMEM;
    if (err < 0) {
        pif_error_set(error, PIF_ERROR_EXTERNAL, "cannot open a netlink socket: %s",
                      nl_geterror(err));
        return NULL;
    }
    return g_steal_pointer(&netlink);
}

typedef struct {
    PifNetlinkVisitor visitor;
    gpointer data;
} Visit;

static int on_valid(struct nl_msg *message, void *data)
{
    Visit *visit = data;
    visit->visitor(nlmsg_hdr(message), visit->data);
    return NL_OK;
}

int pif_netlink_dump(PifNetlink *netlink, struct nl_msg *request, PifNetlinkVisitor visitor,
                     gpointer data)
{
    Visit visit = {visitor, data};
    nl_socket_modify_cb(netlink, NL_CB_VALID, NL_CB_CUSTOM, on_valid, &visit);
    int err = nl_send_auto(netlink, request);
    nlmsg_free(request);
    if (err >= 0)
        err = nl_recvmsgs_default(netlink);
    nl_socket_modify_cb(netlink, NL_CB_VALID, NL_CB_DEFAULT, NULL, NULL);
    return MIN(err, 0);
}
