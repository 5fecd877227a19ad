// SPDX-License-Identifier: MIT
// The daemon of one farm: the model, the state, and everything that runs for it.
#pragma once

#include "images/store/store.h"
#include "pifarm/machine/hypervisor.h"
#include "pifarm/model/farm.h"
#include "pifarm/model/state.h"

typedef struct PifNetwork PifNetwork; /* network.h */
typedef struct PifApi PifApi;         /* api.h */
typedef struct PifUnit PifUnit;       /* unit.h */

typedef struct {
    GMainLoop *loop;
    char *farm_path;
    char *directory; /* <state>/farms/<farm> */
    PifFarm *farm;
    PifState *state;
    PifStore *store;
    PifHypervisor *hypervisor;
    PifNetwork *network;
    PifApi *api;
    GHashTable *units; /* node name -> PifUnit */
    GQueue waiting;    /* PifUnit*: wanted on, not yet their turn */
    unsigned turns_taken;
    unsigned turns; /* how many nodes may be prepared and started at the same time */
} PifDaemon;

/* Loads the farm, opens state and libvirt, finds the nodes that still run, starts those that
 * should. */
PifDaemon *pif_daemon_new(const char *farm_path, GError **error);
void pif_daemon_free(PifDaemon *daemon); /* leaves nodes running */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PifDaemon, pif_daemon_free)

/* Reads farm.yaml again. BUSY when a node that is on would change or vanish; then nothing changes.
 */
gboolean pif_daemon_reload(PifDaemon *daemon, GError **error);

/* Turns on all of the units (const char* names). EXISTS when all of them are on already; those that
 * were are listed in ret_already. Makes the network first; on failure nothing has changed. */
gboolean pif_daemon_power_on(PifDaemon *daemon, GPtrArray *names, GPtrArray **ret_already,
                             GError **error);
gboolean pif_daemon_power_off(PifDaemon *daemon, GPtrArray *names, GError **error);
/* Removes the cards of nodes that are off. BUSY when one is on. */
gboolean pif_daemon_remove_cards(PifDaemon *daemon, GPtrArray *names, GError **error);

/* When nothing is on: takes the network down, after which the daemon may end. BUSY otherwise. */
gboolean pif_daemon_take_down(PifDaemon *daemon, GError **error);

/* Records an event and sends it to all who follow. node may be NULL. */
void pif_daemon_add_event(PifDaemon *daemon, const char *node, const char *kind, const char *format,
                          ...) G_GNUC_PRINTF(4, 5);

/* Takes or gives back a turn at the queue. */
void pif_daemon_enqueue(PifDaemon *daemon, PifUnit *unit);
void pif_daemon_leave_queue(PifDaemon *daemon, PifUnit *unit, gboolean had_turn);

/* Writes known_hosts from the public keys beside the cards. */
gboolean pif_daemon_write_known_hosts(PifDaemon *daemon, GError **error);
