// SPDX-License-Identifier: MIT
// A first-come, first-served queue.
#include "pifarm/daemon/turns.h"

struct PifTurns {
    GQueue waiting;
    unsigned n_taken;
    unsigned limit;
    void (*on_turn)(gpointer waiter);
};

PifTurns *pif_turns_new(unsigned limit, void (*on_turn)(gpointer waiter))
{
    PifTurns *turns = g_new0(PifTurns, 1);
    turns->limit = limit;
    turns->on_turn = on_turn;
    g_queue_init(&turns->waiting);
    return turns;
}

void pif_turns_free(PifTurns *turns)
{
    if (!turns)
        return;
    g_queue_clear(&turns->waiting);
    g_free(turns);
}

static void give_turns(PifTurns *turns)
{
    while (turns->n_taken < turns->limit && !g_queue_is_empty(&turns->waiting)) {
        turns->n_taken++;
        turns->on_turn(g_queue_pop_head(&turns->waiting));
    }
}

void pif_turns_enqueue(PifTurns *turns, gpointer waiter)
{
    g_queue_push_tail(&turns->waiting, waiter);
    give_turns(turns);
}

void pif_turns_leave_queue(PifTurns *turns, gpointer waiter)
{
    g_queue_remove(&turns->waiting, waiter);
}

void pif_turns_give_back(PifTurns *turns)
{
    turns->n_taken--;
    give_turns(turns);
}
