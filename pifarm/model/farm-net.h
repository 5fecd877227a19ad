// SPDX-License-Identifier: MIT
// What a farm asks of this host's network.
#pragma once

#include "netsetup/net.h"
#include "pifarm/model/farm.h"

/* The farm's links; texts are the farm's. */
PifNetSpec pif_farm_net_spec(const PifFarm *farm);
