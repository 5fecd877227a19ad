// SPDX-License-Identifier: MIT
// A program of the host's, run where the farm's network is.
#pragma once

#include "pifarm/base/command.h"
#include "pifarm/model/farm.h"

/* The program without arguments. */
PifCommand *pif_net_command(const char *program, const PifFarm *farm);
