// SPDX-License-Identifier: MIT
// A queue in which only so many have a turn at a time.
#pragma once

#include <glib.h>

typedef struct PifTurns PifTurns;

/* on_turn is called, with what was enqueued, when its turn has come. */
PifTurns *pif_turns_new(unsigned limit, void (*on_turn)(gpointer waiter));
void pif_turns_free(PifTurns *turns);

/* May call on_turn at once. */
void pif_turns_enqueue(PifTurns *turns, gpointer waiter);
/* To have waited for nothing, or to be through with a turn. */
void pif_turns_leave_queue(PifTurns *turns, gpointer waiter);
void pif_turns_give_back(PifTurns *turns);
