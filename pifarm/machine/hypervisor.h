// SPDX-License-Identifier: MIT
// libvirt: domains of one farm started, stopped, found again; their life cycle as events; their
// consoles.
#pragma once

#include "pifarm/machine/domain.h"

typedef struct PifHypervisor PifHypervisor;

typedef enum {
    PIF_MACHINE_STARTED,
    PIF_MACHINE_POWERED_OFF, /* the guest shut itself down */
    PIF_MACHINE_REBOOTED,    /* the guest reset itself: the domain has ended and is to be started
                                afresh */
    PIF_MACHINE_STOPPED,     /* we (or somebody) cut its power */
    PIF_MACHINE_CRASHED,     /* QEMU died */
} PifMachineEvent;

/* In the default main context: STARTED for a machine that was started, and one of the others for it
 * or for one found running. detail is for people (QEMU's last words), may be NULL. A machine that
 * ended while no hypervisor was open gets no event: it is missing from
 * pif_hypervisor_list_running(). */
typedef void (*PifMachineEventFunc)(const char *node, PifMachineEvent event, const char *detail,
                                    gpointer data);

/* uri NULL: the embedded driver with its root in directory (made, with qemu.conf; by a symbolic
 * link in the runtime folder where the path is too long for libvirt's sockets). Registers libvirt's
 * event loop with GLib's. Call once a process. BUSY: another process has the directory open.
 * DENIED: QEMU's user cannot pass to it. */
PifHypervisor *pif_hypervisor_open(const char *uri, const char *directory, const char *farm,
                                   PifMachineEventFunc on_event, gpointer data, GError **error);
void pif_hypervisor_free(PifHypervisor *hypervisor); /* leaves the machines running */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PifHypervisor, pif_hypervisor_free)

/* Names of this farm's nodes whose machine runs; NULL-terminated. */
char **pif_hypervisor_list_running(PifHypervisor *hypervisor, GError **error);
/* Starts it from the files as they lie: the clone becomes QEMU's user's, who must be able to read
 * the others. EXISTS when the node runs already, BUSY when there is a network device of the TAP's
 * name, DENIED when a file is out of reach. */
gboolean pif_hypervisor_start(PifHypervisor *hypervisor, const PifMachineSpec *spec,
                              GError **error);
/* Cuts the power; success when it is off already. */
gboolean pif_hypervisor_stop(PifHypervisor *hypervisor, const char *node, GError **error);
gboolean pif_hypervisor_is_running(PifHypervisor *hypervisor, const char *node);

/* How a machine that nobody watched has probably ended, by the last kernel messages on its console:
 * POWERED_OFF, REBOOTED, or CRASHED when they tell nothing. */
PifMachineEvent pif_machine_guess_ending(const char *console_log);

/* Resident memory and CPU time of the node's QEMU; false when it does not run. */
typedef struct {
    gint64 pid; /* 0: not known (with a libvirtd of somebody else's) */
    guint64 memory_bytes;
    guint64 cpu_ns;
    guint64 rx_bytes, tx_bytes; /* of its TAP, as the node sees it */
} PifMachineStats;
gboolean pif_hypervisor_get_stats(PifHypervisor *hypervisor, const char *node,
                                  PifMachineStats *ret_stats);

/* The console (second serial port) as a byte stream both ways. One per node at a time: fan-out is
 * the daemon's. data callback with size 0: the stream ended (machine off). */
typedef struct PifConsole PifConsole;
typedef void (*PifConsoleFunc)(const void *bytes, gsize size, gpointer data);
PifConsole *pif_console_open(PifHypervisor *hypervisor, const char *node, PifConsoleFunc on_bytes,
                             gpointer data, GError **error);
gboolean pif_console_write(PifConsole *console, const void *bytes, gsize size, GError **error);
void pif_console_free(PifConsole *console);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PifConsole, pif_console_free)
