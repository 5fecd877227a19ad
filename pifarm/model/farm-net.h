// SPDX-License-Identifier: MIT
// What a farm asks of this host's network.
#pragma once

#include "netsetup/net.h"
#include "pifarm/model/farm.h"

typedef struct {
    PifNetSpec spec; /* texts are the farm's */
    PifNetNode *nodes;
} PifFarmNet;

/* The farm must outlive it. */
PifFarmNet *pif_farm_net_new(const PifFarm *farm);
void pif_farm_net_free(PifFarmNet *net);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PifFarmNet, pif_farm_net_free)
