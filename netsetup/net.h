// SPDX-License-Identifier: MIT
// The farm's links: what should be, what is, the steps between (pure, printable), and their
// application with undo.
#pragma once

#include "pifarm/base/fd.h"

#include <glib.h>
#include <stdint.h>

typedef struct {
    const char *name;
    unsigned id;
    const uint8_t *mac; /* 6 bytes */
    uint32_t address;
    gboolean is_isolated; /* exchanges frames with this host only */
    gboolean has_wlan;    /* a TAP of its own for its access point */
} PifNetNode;

/* What a farm wants on this host. Addresses in host byte order. */
typedef struct {
    const char *farm;   /* the alias "pifarm:<farm>" marks links as ours */
    const char *bridge; /* "pifarm0" */
    uint32_t address;   /* of the host on the bridge */
    unsigned prefix_length;
    unsigned mtu;              /* of the bridge; 0: the kernel's choice, the least of its ports' */
    const char *uplink;        /* interface that joins the bridge; NULL: none */
    gboolean is_uplink_forced; /* also when the host may be cut off by it */
    struct {
        uint32_t remote; /* the other host; 0: no VXLAN */
        unsigned id;
        uint16_t port;
    } vxlan; /* a tunnel that joins the bridge */
    const PifNetNode *nodes;
    size_t n_nodes;
    gboolean has_guard;   /* nodes can send from their own addresses only, and serve no DHCP */
    gboolean has_nat;     /* nodes reach what this host reaches */
    gboolean is_accepted; /* chains of others that drop what is forwarded let the bridge pass */
} PifNetSpec;

typedef struct PifNetPlan PifNetPlan;

/* Reads the kernel's links, addresses and routes (no root needed) and computes the steps that make
 * what is missing and mend what is different; none when all is there. The bridge has no STP and no
 * forward delay (a node's boot ROM gives up before 30 s are over) and a MAC that stays. Its IPv6 is
 * as the host's defaults have it: a link-local address. An uplink's addresses and routes move to
 * the bridge, and back when it leaves, but for what router advertisements bring. Fails with
 *   BUSY       the bridge's name belongs to a link that is not ours, the subnet overlaps another
 *              link's address or route, the uplink is in use (the message names the link, and the
 *              other farm if it is one's)
 *   NOT_FOUND  there is no such uplink
 *   CONFIG     the kernel has no links with a name that long, or not for that */
PifNetPlan *pif_net_plan_up(const PifNetSpec *spec, GError **error);
/* The steps that remove exactly what this farm made, recognised by alias. */
PifNetPlan *pif_net_plan_down(const PifNetSpec *spec, GError **error);
void pif_net_plan_free(PifNetPlan *plan);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PifNetPlan, pif_net_plan_free)
gboolean pif_net_plan_is_empty(const PifNetPlan *plan);
/* One `ip` command a line, for --dry-run. Free it. */
char *pif_net_plan_format(const PifNetPlan *plan);

/* Carries it out; a failure half-way takes back what was done. DENIED without CAP_NET_ADMIN, with
 * what to do. */
gboolean pif_net_plan_apply(PifNetPlan *plan, GError **error);

/* Plans and applies under a lock that all farms of the host share: two that come up at one moment
 * see each other. lock: its file, in a folder that is made if need be. */
gboolean pif_net_up(const PifNetSpec *spec, const char *lock, GError **error);
gboolean pif_net_down(const PifNetSpec *spec, const char *lock, GError **error);

/* pif_net_up, and then the name that the node's TAP is to have. The lock goes on being held:
 * whoever makes the TAP closes it afterwards, and no other farm takes the name meanwhile. */
gboolean pif_net_open_port(const PifNetSpec *spec, const char *lock, const char *node,
                           PifFd *ret_lock, char **ret_tap, GError **error);
/* The name of the node's TAP for its access point, made by pif_net_up. */
gboolean pif_net_find_wlan(const PifNetSpec *spec, const char *node, char **ret_tap,
                           GError **error);
/* Marks the node's TAP, once it is there, as this farm's. */
gboolean pif_net_mark_port(const char *farm, const char *node, const char *tap, GError **error);

/* For `doctor`: what others' packet filters do to frames that cross the bridge. They meet them only
 * when br_netfilter passes bridged frames to them. */
gboolean pif_net_bridge_filtered(void);

/* Policy of FORWARD (nftables or iptables): Docker leaves it at drop. The kernel tells only root.
 */
typedef enum { PIF_FORWARD_UNKNOWN, PIF_FORWARD_ACCEPTS, PIF_FORWARD_DROPS } PifForwardPolicy;
PifForwardPolicy pif_net_forward_policy(void);
/* Known to drop. */
gboolean pif_net_forward_drops(void);
