// SPDX-License-Identifier: MIT
// All nodes of the farm together: turned on and off, their cards removed, found again.
#pragma once

#include "pifarm/daemon/daemon.h"

/* Makes units for those nodes of the farm that have none. */
void pif_units_add_missing(PifDaemon *daemon);
/* After the daemon's start: the nodes that the hypervisor has running are taken over; those that
 * should run and do not are started. */
gboolean pif_units_find_again(PifDaemon *daemon, GError **error);

/* Turns on all of the units (const char* names). EXISTS when all of them are on already; those that
 * were are listed in ret_already. Makes the network first; on failure nothing has changed. */
gboolean pif_units_power_on(PifDaemon *daemon, GPtrArray *names, GPtrArray **ret_already,
                            GError **error);
gboolean pif_units_power_off(PifDaemon *daemon, GPtrArray *names, GError **error);
/* Removes the cards of nodes that are off. BUSY when one is on. */
gboolean pif_units_remove_cards(PifDaemon *daemon, GPtrArray *names, GError **error);

/* When nothing is on: takes the network down, after which the daemon may end. BUSY otherwise. */
gboolean pif_units_take_down(PifDaemon *daemon, GError **error);
