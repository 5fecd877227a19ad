// SPDX-License-Identifier: MIT
// The wheel of wheel.h; a timer stays in its slot when its deadline moves on, until the slot comes.
#include "hw/netboot/loop/wheel.h"

#include <stddef.h>

void pif_wheel_init(PifWheel *wheel, int64_t now_us)
{
    *wheel = (PifWheel){.tick = now_us / PIF_WHEEL_SLOT_US};
}

static void set_used(PifWheel *wheel, unsigned slot)
{
    uint64_t bit = UINT64_C(1) << (slot % 64);
    if (wheel->slots[slot])
        wheel->used[slot / 64] |= bit;
    else
        wheel->used[slot / 64] &= ~bit;
}

static void insert(PifWheel *wheel, PifTimer *timer)
{
    int64_t tick = timer->deadline_us / PIF_WHEEL_SLOT_US + 1;
    if (tick < wheel->tick + 1)
        tick = wheel->tick + 1;
    /* further away than the wheel is round: looked at again when the farthest slot comes */
    if (tick > wheel->tick + PIF_WHEEL_SLOTS - 1)
        tick = wheel->tick + PIF_WHEEL_SLOTS - 1;
    timer->slot = (unsigned)(tick % PIF_WHEEL_SLOTS);
    PifTimer **head = &wheel->slots[timer->slot];
    timer->next = *head;
    timer->link = head;
    if (*head)
        (*head)->link = &timer->next;
    *head = timer;
    set_used(wheel, timer->slot);
}

void pif_wheel_cancel(PifWheel *wheel, PifTimer *timer)
{
    if (!timer->link)
        return;
    *timer->link = timer->next;
    if (timer->next)
        timer->next->link = timer->link;
    timer->link = NULL;
    timer->next = NULL;
    set_used(wheel, timer->slot);
}

void pif_wheel_set(PifWheel *wheel, PifTimer *timer, int64_t deadline_us)
{
    bool is_later = timer->link && deadline_us >= timer->deadline_us;
    timer->deadline_us = deadline_us;
    if (is_later)
        return;
    pif_wheel_cancel(wheel, timer);
    insert(wheel, timer);
}

int64_t pif_wheel_next_us(const PifWheel *wheel)
{
    for (int64_t tick = wheel->tick; tick < wheel->tick + PIF_WHEEL_SLOTS;) {
        unsigned slot = (unsigned)(tick % PIF_WHEEL_SLOTS);
        uint64_t bits = wheel->used[slot / 64] >> (slot % 64);
        if (bits)
            return (tick + __builtin_ctzll(bits)) * PIF_WHEEL_SLOT_US;
        tick += 64 - slot % 64;
    }
    return INT64_MAX;
}

/* Timers that fire may take away others of the same slot, so it becomes a list of its own first. */
static void turn_slot(PifWheel *wheel, unsigned slot, int64_t now_us)
{
    PifTimer *due = wheel->slots[slot];
    wheel->slots[slot] = NULL;
    set_used(wheel, slot);
    if (due)
        due->link = &due;
    while (due) {
        PifTimer *timer = due;
        due = timer->next;
        if (due)
            due->link = &due;
        timer->link = NULL;
        timer->next = NULL;
        if (timer->deadline_us > now_us)
            insert(wheel, timer);
        else
            timer->fire(timer, now_us);
    }
}

void pif_wheel_turn(PifWheel *wheel, int64_t now_us)
{
    int64_t now_tick = now_us / PIF_WHEEL_SLOT_US;
    if (now_tick - wheel->tick >= PIF_WHEEL_SLOTS) /* asleep for long: once round is enough */
        wheel->tick = now_tick - PIF_WHEEL_SLOTS + 1;
    while (wheel->tick <= now_tick) {
        int64_t tick = wheel->tick;
        turn_slot(wheel, (unsigned)(tick % PIF_WHEEL_SLOTS), now_us);
        wheel->tick = tick + 1;
    }
}
