// SPDX-License-Identifier: MIT
// The ssh and scp command lines that reach a node: its user, key, address and recorded host key.
#pragma once

#include "pifarm/base/command.h"
#include "pifarm/model/farm.h"

/* Where nodes are reached by forwards, a daemon that has died is started again: it has them. */
gboolean pif_ssh_prepare(const PifFarm *farm, GError **error);
/* Lines of ssh_config(5) by which ssh reaches the node and knows it. */
GPtrArray *pif_ssh_settings(const PifFarm *farm, const PifNode *node);
/* The program with all options, without a destination. */
PifCommand *pif_ssh_command(const char *program, const PifFarm *farm, const PifNode *node);
/* "pi@10.77.0.11". Free it. */
char *pif_ssh_destination(const PifNode *node);
