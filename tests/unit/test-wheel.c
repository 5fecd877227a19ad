// SPDX-License-Identifier: MIT
// The wheel of timers: against a plain list of deadlines, with timers set and cancelled as they
// fire.
#include "hw/netboot/loop/wheel.h"

#include <glib.h>

enum { N_TIMERS = 200, LATE_US = 2 * PIF_WHEEL_SLOT_US };

typedef struct {
    PifTimer timer;      /* first: a timer is its own entry */
    int64_t expected_us; /* 0: not set */
    unsigned n_fired;
} Entry;

static void on_fire(PifTimer *timer, int64_t now_us)
{
    Entry *entry = (Entry *)timer;
    g_assert_cmpint(entry->expected_us, !=, 0);
    g_assert_cmpint(now_us, >=, entry->expected_us);
    g_assert_cmpint(now_us, <=, entry->expected_us + LATE_US + 1000);
    entry->expected_us = 0;
    entry->n_fired++;
}

static void timers_fire_once_and_at_their_time_however_they_are_moved(void)
{
    g_autofree Entry *entries = g_new0(Entry, N_TIMERS);
    PifWheel *wheel = g_new(PifWheel, 1);
    int64_t now_us = 1000000;
    pif_wheel_init(wheel, now_us);
    for (unsigned turn = 0; turn < 200000; turn++) {
        Entry *entry = &entries[g_random_int_range(0, N_TIMERS)];
        entry->timer.fire = on_fire;
        if (g_random_int_range(0, 4) == 0) {
            pif_wheel_cancel(wheel, &entry->timer);
            entry->expected_us = 0;
        } else {
            /* now and then further away than the wheel is round */
            entry->expected_us = now_us + g_random_int_range(0, turn % 50 ? 500000 : 20000000);
            pif_wheel_set(wheel, &entry->timer, entry->expected_us);
        }
        now_us += g_random_int_range(0, 1000);
        if (pif_wheel_next_us(wheel) <= now_us)
            pif_wheel_turn(wheel, now_us);
    }
    unsigned n_fired = 0;
    for (unsigned i = 0; i < N_TIMERS; i++)
        n_fired += entries[i].n_fired;
    g_assert_cmpuint(n_fired, >, 10000);
    g_free(wheel);
}

typedef struct {
    PifTimer timer;
    PifWheel *wheel;
    PifTimer *other;
    unsigned n_fired;
} Rival;

static void cancel_other(PifTimer *timer, int64_t now_us)
{
    Rival *rival = (Rival *)timer;
    rival->n_fired++;
    pif_wheel_cancel(rival->wheel, rival->other);
}

static void a_timer_may_cancel_another_of_the_same_moment(void)
{
    PifWheel *wheel = g_new(PifWheel, 1);
    pif_wheel_init(wheel, 0);
    Rival a = {.timer.fire = cancel_other, .wheel = wheel};
    Rival b = {.timer.fire = cancel_other, .wheel = wheel, .other = &a.timer};
    a.other = &b.timer;
    pif_wheel_set(wheel, &a.timer, 100);
    pif_wheel_set(wheel, &b.timer, 100);
    pif_wheel_turn(wheel, 1000000);
    g_assert_cmpuint(a.n_fired + b.n_fired, ==, 1);
    g_assert_cmpint(pif_wheel_next_us(wheel), ==, INT64_MAX);
    g_free(wheel);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/wheel/timers_fire_once_and_at_their_time_however_they_are_moved",
                    timers_fire_once_and_at_their_time_however_they_are_moved);
    g_test_add_func("/wheel/a_timer_may_cancel_another_of_the_same_moment",
                    a_timer_may_cancel_another_of_the_same_moment);
    return g_test_run();
}
