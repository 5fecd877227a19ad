// SPDX-License-Identifier: MIT
// The farm's links: what should be, what is, the steps between (pure, printable), and their
// application with undo.
#pragma once

#include <glib.h>
#include <stdint.h>

/* What a farm wants on this host. Addresses in host byte order. */
typedef struct {
    const char *farm;   /* the alias "pifarm:<farm>" marks links as ours */
    const char *bridge; /* "pifarm0" */
    uint32_t address;   /* of the host on the bridge */
    unsigned prefix_length;
} PifNetSpec;

typedef struct PifNetPlan PifNetPlan;

/* Reads the kernel's links, addresses and routes (no root needed) and computes the steps. Fails
 * with BUSY   the bridge's name belongs to a link that is not ours, or the subnet overlaps another
 * link's or route's (the message names the link, and the other farm when it is one) */
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

/* Facts for `doctor`. */
gboolean pif_net_bridge_filtered(void); /* br_netfilter passes bridged frames to iptables */
gboolean
pif_net_forward_drops(void); /* FORWARD's policy is drop (nft or iptables), as Docker leaves it */
