// SPDX-License-Identifier: MIT
// What the files of this folder share: the connection, the machines whose end is awaited, and the
// border where libvirt's errors become ours.
#pragma once

#include "pifarm/machine/embedded.h"
#include "pifarm/machine/hypervisor.h"
#include "pifarm/machine/qemu_user.h"

#include <libvirt/libvirt.h>

/* One run of a node's machine, from its start until the event of its end has been delivered. A node
 * stopped and started at once has two of them for a moment, in order. */
typedef struct {
    char *node;
    char uuid[VIR_UUID_STRING_BUFLEN];
    gboolean is_announced; /* STARTED has been delivered */
    gboolean is_stopping;  /* by us */
    gboolean is_shut_down; /* QEMU has said why it ends: */
    PifMachineEvent ending;
} PifMachine;

struct PifHypervisor {
    virConnectPtr connection;
    char *farm;
    PifEmbedded *embedded; /* NULL: a libvirtd of somebody else's */
    PifQemuUser *user;     /* NULL: QEMU's files are not on this host */
    GThread *warm_up;
    GPtrArray *machines; /* PifMachine*, oldest first */
    PifMachineEventFunc on_event;
    gpointer data;
    int lifecycle_callback;
    int shutdown_callback;
};

G_DEFINE_AUTOPTR_CLEANUP_FUNC(virDomain, virDomainFree)

/* events.c: a machine that runs from now on, its end to be reported. */
PifMachine *pif_machine_add(PifHypervisor *hypervisor, const char *node);
/* The last run of the node; NULL when none is awaited. */
PifMachine *pif_machine_find(PifHypervisor *hypervisor, const char *node);
void pif_machine_free(PifMachine *machine);
gboolean pif_events_register(PifHypervisor *hypervisor, GError **error);
void pif_events_deregister(PifHypervisor *hypervisor);

/* hypervisor.c: the node's domain, running or about to end; NULL when there is none. */
virDomain *pif_hypervisor_find_domain(PifHypervisor *hypervisor, const char *node);

/* Sets a PIF_ERROR from the last error of libvirt in this thread, QEMU's own words in it tidied.
 * Returns false. */
gboolean pif_libvirt_error(GError **error, const char *prefix_format, ...) G_GNUC_PRINTF(2, 3);
