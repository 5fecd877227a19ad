// SPDX-License-Identifier: MIT
// The daemon of one farm: the model, the state and the parts that run for it, as these see one
// another.
#pragma once

#include "images/store/store.h"
#include "pifarm/daemon/turns.h"
#include "pifarm/machine/hypervisor.h"
#include "pifarm/model/farm.h"
#include "pifarm/model/state.h"

/* event is valid during the call only. */
typedef void (*PifEventFunc)(PifStateLog log, const PifEvent *event, gpointer data);

typedef struct {
    GMainLoop *loop;
    char *farm_path;
    char *directory; /* <state>/farms/<farm> */
    PifFarm *farm;
    PifState *state;
    PifStore *store;
    PifHypervisor *hypervisor;
    struct PifNetwork *network; /* network.h */
    GHashTable *units;          /* node name -> PifUnit, see unit.h */
    PifTurns *turns;            /* of units that are prepared and started */
    PifEventFunc on_event;      /* may be NULL */
    gpointer on_event_data;
} PifDaemon;

/* Records an event and sends it to who follows. node may be NULL. */
void pif_daemon_add_event(PifDaemon *daemon, const char *node, const char *kind, const char *format,
                          ...) G_GNUC_PRINTF(4, 5);

/* The same for a record of a network boot: kind is the service, text JSON. */
void pif_daemon_add_netboot(PifDaemon *daemon, const char *node, const char *kind,
                            const char *text);

/* <directory>/<folder>/<node><suffix>. Free it. */
char *pif_daemon_node_file(const PifDaemon *daemon, const PifNode *node, const char *folder,
                           const char *suffix);
/* The node's card, whether there is one or not. Free it. */
char *pif_daemon_card_path(const PifDaemon *daemon, const PifNode *node);
