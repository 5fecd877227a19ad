// SPDX-License-Identifier: MIT
// The pure middle of netsetup: from what a farm wants and what the host has to the steps between.
#pragma once

#include "netsetup/net.h"
#include "netsetup/state.h"
#include "netsetup/step.h"

struct PifNetPlan {
    PifNetState *have;
    PifLink *bridge;  /* as it should be */
    GPtrArray *links; /* PifLink: others as they should be, or are to be in between */
    GStringChunk *texts;
    GArray *steps; /* PifNetStep; they point to the links of have, to bridge, links and texts */
};

/* pif_net_plan_up() and pif_net_plan_down() on a host in a given state, which the plan takes (on
 * failure too). */
PifNetPlan *pif_net_plan_compute_up(const PifNetSpec *spec, PifNetState *have, GError **error);
PifNetPlan *pif_net_plan_compute_down(const PifNetSpec *spec, PifNetState *have);

/* Carries out one step on a host; on failure it has changed nothing. */
typedef gboolean (*PifNetRunner)(const PifNetStep *step, gpointer host, GError **error);

/* Carries out the steps in order. When one fails, takes back those before it, last first. */
gboolean pif_net_plan_run(const PifNetPlan *plan, PifNetRunner runner, gpointer host,
                          GError **error);
