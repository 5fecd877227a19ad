// SPDX-License-Identifier: MIT
// The farm's packet filters as text for nftables: pure.
#pragma once

#include "netsetup/net.h"
#include "netsetup/state.h"

/* A table as the farm wants it. */
typedef struct {
    char *name; /* with its family: "bridge pifarm_lab" */
    char *text; /* "table bridge pifarm_lab { ... }", with a comment that tells whether a table is
                   this one */
    char *comment;
} PifRuleset;

void pif_ruleset_free(PifRuleset *ruleset);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PifRuleset, pif_ruleset_free)

/* What the nodes' TAPs may send, and which of them are apart; NULL when the farm wants neither. */
PifRuleset *pif_ruleset_guard(const PifNetSpec *spec, const PifNetState *have);
/* Nothing that comes from an access point's side is for this host; NULL when there is none. */
PifRuleset *pif_ruleset_wlan(const PifNetSpec *spec, const PifNetState *have);
/* Masquerading for the farm's subnet; NULL when the farm wants none. */
PifRuleset *pif_ruleset_nat(const PifNetSpec *spec);

/* Names of the tables that a farm may have. Free it. */
char *pif_ruleset_guard_name(const char *farm);
char *pif_ruleset_wlan_name(const char *farm);
char *pif_ruleset_nat_name(const char *farm);
