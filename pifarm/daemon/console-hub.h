// SPDX-License-Identifier: MIT
// One node's console, shared by all who are attached to it, kept attached over its reboots.
#pragma once

#include "pifarm/machine/hypervisor.h"

#include <libsoup/soup.h>

typedef struct PifConsoleHub PifConsoleHub;

PifConsoleHub *pif_console_hub_new(const char *node);
void pif_console_hub_free(PifConsoleHub *hub);

/* Another WebSocket joins: binary messages carry the console's bytes both ways, text messages are
 * ours, for people. */
void pif_console_hub_attach(PifConsoleHub *hub, SoupWebsocketConnection *connection);

/* The machine runs (hypervisor given) or has ended (NULL). */
void pif_console_hub_set_machine(PifConsoleHub *hub, PifHypervisor *hypervisor);
