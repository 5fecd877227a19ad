// SPDX-License-Identifier: MIT
// Reads a node's console for the last words of a kernel that cannot turn its board off.
#pragma once

#include <glib.h>

typedef struct PifGuestWatch PifGuestWatch;
typedef void (*PifGuestEndFunc)(gboolean is_reboot, gpointer data);

/* Calls on_end once, some seconds after the kernel has said that it has halted, powered down or
 * cannot restart: where the board can be turned off, the machine has ended by then and the watch
 * with it. */
PifGuestWatch *pif_guest_watch_start(const char *console_log, PifGuestEndFunc on_end,
                                     gpointer data);
void pif_guest_watch_free(PifGuestWatch *watch);
