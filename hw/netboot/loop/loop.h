// SPDX-License-Identifier: MIT
// An epoll loop for thousands of sockets, with a wheel of timers.
#pragma once

#include "hw/netboot/loop/wheel.h"

#include <glib.h>
#include <stddef.h>

/* The thing that a watch or timer is part of. */
#define PIF_CONTAINER_OF(pointer, type, member) ((type *)((char *)(pointer)-offsetof(type, member)))

typedef struct PifLoop PifLoop;
typedef struct PifWatch PifWatch;

/* Part of the thing that owns the descriptor. */
struct PifWatch {
    int fd;
    void (*ready)(PifWatch *watch, int64_t now_us);
};

PifLoop *pif_loop_new(GError **error);
void pif_loop_free(PifLoop *loop);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PifLoop, pif_loop_free)

/* ready is called while the descriptor has something to read. */
gboolean pif_loop_add(PifLoop *loop, PifWatch *watch, GError **error);
/* Also in the midst of a turn: it is not called any more. The descriptor is the caller's to close.
 */
void pif_loop_remove(PifLoop *loop, const PifWatch *watch);

void pif_loop_set_timer(PifLoop *loop, PifTimer *timer, int64_t deadline_us);
void pif_loop_cancel_timer(PifLoop *loop, PifTimer *timer);

/* Monotonic. */
int64_t pif_loop_now_us(void);

/* Until pif_loop_quit(), or with the failure of pif_loop_fail(). */
gboolean pif_loop_run(PifLoop *loop, GError **error);
void pif_loop_quit(PifLoop *loop);
/* It cannot go on. Takes failure; the first one counts. */
void pif_loop_fail(PifLoop *loop, GError *failure);
