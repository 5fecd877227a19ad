// SPDX-License-Identifier: MIT
// Thousands of deadlines that mostly move on before they are reached: a wheel of slots.
#pragma once

#include <stdbool.h>
#include <stdint.h>

typedef struct PifTimer PifTimer;

/* Part of the thing that waits; zeroed before its first use. */
struct PifTimer {
    PifTimer *next;
    PifTimer **link; /* what points to us; NULL: not set */
    int64_t deadline_us;
    unsigned slot;
    void (*fire)(PifTimer *timer, int64_t now_us);
};

enum { PIF_WHEEL_SLOTS = 1024, PIF_WHEEL_SLOT_US = 8192 };

typedef struct {
    PifTimer *slots[PIF_WHEEL_SLOTS];
    uint64_t used[PIF_WHEEL_SLOTS / 64]; /* a bit a slot that is not empty */
    int64_t tick;                        /* all slots before it are done */
} PifWheel;

void pif_wheel_init(PifWheel *wheel, int64_t now_us);

/* Fires at the deadline or up to two slots (16 ms) after it. Setting it again moves it; to a later
 * time that costs next to nothing. fire must not be NULL. */
void pif_wheel_set(PifWheel *wheel, PifTimer *timer, int64_t deadline_us);
void pif_wheel_cancel(PifWheel *wheel, PifTimer *timer);

/* When something may be due; INT64_MAX when no timer is set. */
int64_t pif_wheel_next_us(const PifWheel *wheel);

/* Fires all that is due; fire may set and cancel any timer. */
void pif_wheel_turn(PifWheel *wheel, int64_t now_us);
