// SPDX-License-Identifier: MIT
// The farm's packet filters in a plan, and those of others that it has to know of.
#pragma once

#include "netsetup/plan.h"

/* Adds what only root is told, and whether the host forwards. Where that is kept from us,
 * are_filters_known stays false. */
void pif_net_state_read_filters(PifNetState *state);

/* chain: "ip filter FORWARD"; drops: its policy. */
typedef void (*PifForwardChainVisitor)(const char *chain, gboolean drops, gpointer data);
/* Shows the visitor each base chain of nftables (and of the iptables on top of it) that IPv4
 * packets meet when they are forwarded. False when the kernel does not tell us. */
gboolean pif_filters_visit_forward_chains(PifForwardChainVisitor visitor, gpointer data);

/* The steps that make the farm's filters what they should be, and those that remove them. */
void pif_filters_add_up(PifNetPlan *plan, const PifNetSpec *spec);
void pif_filters_add_down(PifNetPlan *plan, const PifNetSpec *spec);
