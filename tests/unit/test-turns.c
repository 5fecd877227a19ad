// SPDX-License-Identifier: MIT
// The queue of nodes that are prepared and started.
#include "pifarm/daemon/turns.h"

static GString *served;

static void serve(gpointer waiter)
{
    g_string_append(served, waiter);
}

static char a[] = "a", b[] = "b", c[] = "c", d[] = "d";

static PifTurns *new_turns_for_all(void)
{
    served = g_string_new(NULL);
    PifTurns *turns = pif_turns_new(2, serve);
    pif_turns_enqueue(turns, a);
    pif_turns_enqueue(turns, b);
    pif_turns_enqueue(turns, c);
    pif_turns_enqueue(turns, d);
    return turns;
}

static void assert_served(const char *expected)
{
    g_assert_cmpstr(served->str, ==, expected);
}

static void only_so_many_have_a_turn_at_a_time(void)
{
    PifTurns *turns = new_turns_for_all();
    assert_served("ab");
    pif_turns_give_back(turns);
    assert_served("abc");
    pif_turns_free(turns);
    g_string_free(served, TRUE);
}

static void who_leaves_the_queue_is_passed_over(void)
{
    PifTurns *turns = new_turns_for_all();
    pif_turns_leave_queue(turns, c);
    pif_turns_give_back(turns);
    assert_served("abd");
    pif_turns_give_back(turns);
    assert_served("abd");
    pif_turns_free(turns);
    g_string_free(served, TRUE);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/turns/only_so_many_have_a_turn_at_a_time",
                    only_so_many_have_a_turn_at_a_time);
    g_test_add_func("/turns/who_leaves_the_queue_is_passed_over",
                    who_leaves_the_queue_is_passed_over);
    return g_test_run();
}
