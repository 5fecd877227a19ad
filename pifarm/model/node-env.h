// SPDX-License-Identifier: MIT
// What a node's own scripts and units may know of it: the text of /etc/pifarm/node.env on its card.
#pragma once

#include "pifarm/model/farm.h"

/* Lines of NAME=VALUE, without quotes or anything in need of them: a shell sources it, systemd's
 * EnvironmentFile= reads it. NODE, ID, ADDRESS, MAC, SERIAL, FARM. Pure. Free it. */
char *pif_node_format_env(const PifFarm *farm, const PifNode *node);
