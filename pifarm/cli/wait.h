// SPDX-License-Identifier: MIT
// Waits until nodes are where somebody wants them, with a progress line that shows the stage of
// each.
#pragma once

#include "pifarm/cli/client.h"

typedef enum {
    PIF_GOAL_SSH,     /* an SSH server answers */
    PIF_GOAL_STARTED, /* its machine runs, or has run */
    PIF_GOAL_PING,    /* it answers ICMP echo requests */
    PIF_GOAL_CONSOLE, /* its console has printed something that matches */
    PIF_GOAL_OFF,     /* it has shut itself down, or is off */
} PifGoalKind;

typedef struct {
    PifGoalKind kind;
    GRegex *regex; /* of PIF_GOAL_CONSOLE */
} PifGoal;

/* "ssh", "ping", "console:REGEX"; NULL or "" is ssh. */
gboolean pif_goal_parse(const char *text, PifGoal *ret_goal, GError **error);
void pif_goal_clear(PifGoal *goal);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(PifGoal, pif_goal_clear)

enum { PIF_WAIT_DEFAULT_S = 300 };

/* Waits for all of the nodes (const PifNode*). A daemon that dies meanwhile is started again. Fails
 * when nodes fail (the message names each with its reason), and with TIMEOUT. */
gboolean pif_wait_for(const PifFarm *farm, const GPtrArray *nodes, const PifGoal *goal,
                      unsigned timeout_s, GError **error);
