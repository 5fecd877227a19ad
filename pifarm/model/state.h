// SPDX-License-Identifier: MIT
// What the daemon must not forget: wanted power, boots, events. One SQLite file (WAL) a farm.
#pragma once

#include <glib.h>

typedef struct PifState PifState;

typedef struct {
    gint64 sequence; /* increases; never used twice */
    gint64 time_us;  /* since the epoch */
    char *node;      /* NULL: the farm's own */
    char *kind;      /* "power", "stage", "warning", ... */
    char *text;      /* for people */
} PifEvent;

void pif_event_free(PifEvent *event);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PifEvent, pif_event_free)

PifState *pif_state_open(const char *path, GError **error);
void pif_state_free(PifState *state);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PifState, pif_state_free)

/* Wanted power survives us: a node that is wanted on and found off is started again. */
gboolean pif_state_set_wanted(PifState *state, const char *node, gboolean is_on, GError **error);
gboolean pif_state_get_wanted(PifState *state, const char *node, gboolean *ret_is_on,
                              GError **error);

/* What is wrong with the node's cable, as netsetup/fault.h has it; "": nothing. Free it. */
gboolean pif_state_set_fault(PifState *state, const char *node, const char *text, GError **error);
gboolean pif_state_get_fault(PifState *state, const char *node, char **ret_text, GError **error);
gboolean pif_state_clear_faults(PifState *state, GError **error);

/* The boot in progress: when power came, when each stage was reached first. begin makes a new boot,
 * the rest are of the newest. Times in microseconds since the epoch; 0: not reached. */
typedef struct {
    gint64 number;
    gint64 started_us;
    gint64 running_us;
    gint64 network_us;
    gint64 ready_us;
    gint64 ended_us;
    char *end_reason;
} PifBoot;
void pif_boot_free(PifBoot *boot);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PifBoot, pif_boot_free)
gboolean pif_state_begin_boot(PifState *state, const char *node, gint64 time_us, GError **error);
gboolean pif_state_set_boot_stage(PifState *state, const char *node,
                                  const char *stage /* running, network, ready */, gint64 time_us,
                                  GError **error);
gboolean pif_state_end_boot(PifState *state, const char *node, gint64 time_us, const char *reason,
                            GError **error);
/* Newest boot, or *ret_boot NULL when there was none. */
gboolean pif_state_get_boot(PifState *state, const char *node, PifBoot **ret_boot, GError **error);

/* What happened, as two logs: the newest 10000 events of the farm, and of each node and of
 * strangers together some 2000 records of network boots. */
typedef enum { PIF_STATE_EVENTS, PIF_STATE_NETBOOT } PifStateLog;
/* Sets the event's sequence number. */
gboolean pif_state_add_event(PifState *state, PifStateLog log, PifEvent *event, GError **error);
/* Events after the sequence number, oldest first, at most limit; node NULL: all. Array of
 * PifEvent*. */
GPtrArray *pif_state_list_events(PifState *state, PifStateLog log, const char *node, gint64 after,
                                 unsigned limit, GError **error);
