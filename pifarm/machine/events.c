// SPDX-License-Identifier: MIT
// The life cycle of machines: from libvirt's events and QEMU's own to PifMachineEvent.
#include "pifarm/machine/internal.h"

#include <libvirt/libvirt-qemu.h>
#include <string.h>

/* Why QEMU shut down (ShutdownCause in QEMU's qapi/run-state.json), which libvirt does not pass on
 * in its own events: to it a guest's reboot with on_reboot=destroy is a shutdown like any other. */
static const struct {
    const char *reason;
    PifMachineEvent ending;
} shutdown_reasons[] = {
    {"\"guest-shutdown\"", PIF_MACHINE_POWERED_OFF}, {"\"guest-reset\"", PIF_MACHINE_REBOOTED},
    {"\"guest-panic\"", PIF_MACHINE_CRASHED},        {"\"host-signal\"", PIF_MACHINE_STOPPED},
    {"\"host-qmp-quit\"", PIF_MACHINE_STOPPED},
};

PifMachine *pif_machine_add(PifHypervisor *hypervisor, const char *node)
{
    g_autofree char *uuid = pif_domain_uuid(hypervisor->farm, node);
    PifMachine *machine = g_new0(PifMachine, 1);
    machine->node = g_strdup(node);
    machine->ending = PIF_MACHINE_POWERED_OFF;
    g_strlcpy(machine->uuid, uuid, sizeof machine->uuid);
    g_ptr_array_add(hypervisor->machines, machine);
    return machine;
}

void pif_machine_free(PifMachine *machine)
{
    if (!machine)
        return;
    g_free(machine->node);
    g_free(machine);
}

PifMachine *pif_machine_find(PifHypervisor *hypervisor, const char *node)
{
    for (guint i = hypervisor->machines->len; i > 0; i--) {
        PifMachine *machine = g_ptr_array_index(hypervisor->machines, i - 1);
        if (g_str_equal(machine->node, node))
            return machine;
    }
    return NULL;
}

/* libvirt delivers events in order: what it says about a domain is about the oldest run of it that
 * we still have. */
static PifMachine *find_oldest(PifHypervisor *hypervisor, virDomain *domain)
{
    char uuid[VIR_UUID_STRING_BUFLEN];
    if (virDomainGetUUIDString(domain, uuid) < 0)
        return NULL;
    for (guint i = 0; i < hypervisor->machines->len; i++) {
        PifMachine *machine = g_ptr_array_index(hypervisor->machines, i);
        if (g_str_equal(machine->uuid, uuid))
            return machine;
    }
    return NULL;
}

static void announce_start(PifHypervisor *hypervisor, PifMachine *machine)
{
    if (machine->is_announced)
        return;
    machine->is_announced = TRUE;
    hypervisor->on_event(machine->node, PIF_MACHINE_STARTED, NULL, hypervisor->data);
}

static PifMachineEvent classify(const PifMachine *machine, int detail)
{
    if (machine->is_stopping || detail == VIR_DOMAIN_EVENT_STOPPED_DESTROYED)
        return PIF_MACHINE_STOPPED;
    if (detail == VIR_DOMAIN_EVENT_STOPPED_SHUTDOWN)
        return machine->ending;
    return PIF_MACHINE_CRASHED;
}

/* The machine leaves the list before the callback, which may start the node again. */
static void announce_end(PifHypervisor *hypervisor, PifMachine *machine, const char *domain_name,
                         int detail)
{
    guint index = 0;
    g_ptr_array_find(hypervisor->machines, machine, &index);
    g_ptr_array_steal_index(hypervisor->machines, index);
    PifMachineEvent event = classify(machine, detail);
    g_autofree char *words = NULL;
    if (event == PIF_MACHINE_CRASHED && hypervisor->embedded)
        words = pif_embedded_read_words(hypervisor->embedded, domain_name);
    hypervisor->on_event(machine->node, event, words && *words ? words : NULL, hypervisor->data);
    pif_machine_free(machine);
}

static int on_lifecycle(virConnectPtr connection, virDomainPtr domain, int event, int detail,
                        void *data)
{
    PifHypervisor *hypervisor = data;
    PifMachine *machine = find_oldest(hypervisor, domain);
    if (machine && event == VIR_DOMAIN_EVENT_STARTED)
        announce_start(hypervisor, machine);
    else if (machine && event == VIR_DOMAIN_EVENT_STOPPED)
        announce_end(hypervisor, machine, virDomainGetName(domain), detail);
    return 0;
}

/* details: {"guest": true, "reason": "guest-reset"}. The first such event counts: libvirt answers
 * it with a signal, which makes QEMU send another. */
static void on_shutdown(virConnectPtr connection, virDomainPtr domain, const char *event,
                        long long seconds, unsigned int micros, const char *details, void *data)
{
    PifMachine *machine = find_oldest(data, domain);
    if (!machine || machine->is_shut_down)
        return;
    machine->is_shut_down = TRUE;
    for (size_t i = 0; details && i < G_N_ELEMENTS(shutdown_reasons); i++)
        if (strstr(details, shutdown_reasons[i].reason))
            machine->ending = shutdown_reasons[i].ending;
}

gboolean pif_events_register(PifHypervisor *hypervisor, GError **error)
{
    hypervisor->lifecycle_callback = virConnectDomainEventRegisterAny(
        hypervisor->connection, NULL, VIR_DOMAIN_EVENT_ID_LIFECYCLE,
        VIR_DOMAIN_EVENT_CALLBACK(on_lifecycle), hypervisor, NULL);
    if (hypervisor->lifecycle_callback < 0)
        return pif_libvirt_error(error, "cannot watch the machines of farm %s", hypervisor->farm);
    hypervisor->shutdown_callback = virConnectDomainQemuMonitorEventRegister(
        hypervisor->connection, NULL, "SHUTDOWN", on_shutdown, hypervisor, NULL, 0);
    if (hypervisor->shutdown_callback < 0)
        return pif_libvirt_error(error, "cannot watch the machines of farm %s", hypervisor->farm);
    return TRUE;
}

void pif_events_deregister(PifHypervisor *hypervisor)
{
    if (hypervisor->lifecycle_callback >= 0)
        virConnectDomainEventDeregisterAny(hypervisor->connection, hypervisor->lifecycle_callback);
    if (hypervisor->shutdown_callback >= 0)
        virConnectDomainQemuMonitorEventDeregister(hypervisor->connection,
                                                   hypervisor->shutdown_callback);
}
