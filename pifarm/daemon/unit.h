// SPDX-License-Identifier: MIT
// One node under the daemon's care: its stage, and what goes on because of it.
#pragma once

#include "pifarm/daemon/daemon.h"
#include "pifarm/model/lifecycle.h"

#include <jansson.h>

struct PifConsoleHub;

typedef struct PifUnit PifUnit;

PifUnit *pif_unit_new(PifDaemon *daemon, const PifNode *node);
void pif_unit_free(PifUnit *unit);

const PifNode *pif_unit_node(const PifUnit *unit);
/* After a reload: the same node in the new farm. */
void pif_unit_set_node(PifUnit *unit, const PifNode *node);
PifStage pif_unit_stage(const PifUnit *unit);
struct PifConsoleHub *pif_unit_console(PifUnit *unit);

/* Feeds an input to the life cycle. detail (may be NULL): for people, shown with the event. */
void pif_unit_input(PifUnit *unit, PifInput input, const char *detail);
/* Its turn to be prepared and started has come. For pif_turns_new. */
void pif_unit_take_turn(gpointer unit);
/* What libvirt says of its machine. */
void pif_unit_machine_event(PifUnit *unit, PifMachineEvent event, const char *detail);
/* A lease for its MAC, that ends then (seconds since the epoch). */
void pif_unit_lease(PifUnit *unit, gint64 expires_s);

/* At the daemon's start: the machine runs already. */
void pif_unit_adopt(PifUnit *unit);
/* At the daemon's start: wanted on, but no machine. Starts it, unless its console says that it shut
 * itself down. */
void pif_unit_recover(PifUnit *unit);

/* As the API shows it. A new reference. */
json_t *pif_unit_to_json(const PifUnit *unit);

/* Files of the node. Free them. */
char *pif_unit_console_log(const PifUnit *unit);
char *pif_unit_kernel_log(const PifUnit *unit);
