// SPDX-License-Identifier: MIT
// The connection to libvirt: opened, closed, and asked which of the farm's machines run.
#include "pifarm/base/error.h"
#include "pifarm/machine/internal.h"
#include "pifarm/machine/stale_probe.h"

#include <errno.h>
#include <libvirt-glib/libvirt-glib.h>
#include <libvirt/libvirt-qemu.h>
#include <libvirt/virterror.h>
#include <stdlib.h>

static void free_domains(virDomainPtr *domains)
{
    for (virDomainPtr *domain = domains; domain && *domain; domain++)
        virDomainFree(*domain);
    free(domains);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(virDomainPtr, free_domains)

/* Without this libvirt prints every error besides returning it. */
static void ignore_error(void *data, virErrorPtr error)
{
}

static void set_up_library(void)
{
    virSetErrorFunc(NULL, ignore_error);
    gvir_event_register();
}

static gboolean is_on_this_host(const char *uri)
{
    return g_str_has_prefix(uri, "qemu:///") || g_str_has_prefix(uri, "qemu+unix:///");
}

/* QEMU's user is known where its files are ours to give: for a libvirtd on this host as well. */
static gboolean prepare(PifHypervisor *hypervisor, const char *uri, const char *directory,
                        GError **error)
{
    if (uri && !is_on_this_host(uri))
        return TRUE;
    hypervisor->user = pif_qemu_user_find(error);
    if (!hypervisor->user || uri)
        return hypervisor->user != NULL;
    hypervisor->embedded = pif_embedded_prepare(directory, hypervisor->user, error);
    return hypervisor->embedded != NULL;
}

static gboolean set_connect_error(GError **error, const char *uri, const char *directory)
{
    const virError *failure = virGetLastError();
    if (uri)
        return pif_libvirt_error(error, "cannot connect to libvirt at %s", uri);
    /* The errno value of the lock that the driver could not get. */
    if (failure && failure->code == VIR_ERR_SYSTEM_ERROR && failure->int1 == EAGAIN)
        return pif_error_set(error, PIF_ERROR_BUSY,
                             "another process runs the machines in %s; stop that pifarmd first",
                             directory);
    return pif_libvirt_error(error, "cannot open libvirt's embedded QEMU driver in %s", directory);
}

/* libvirt's first look at an emulator takes it over a second, which is better spent while the
 * caller prepares its first start than in it. libvirt may be called from any thread. */
static gpointer warm_up(gpointer data)
{
    PifHypervisor *hypervisor = data;
    free(virConnectGetDomainCapabilities(hypervisor->connection, hypervisor->embedded->emulator,
                                         "aarch64", "raspi3b", "qemu", 0));
    return NULL;
}

/* The node whose machine a domain is; NULL when it is none of our farm's. Free it. */
static char *node_of(const PifHypervisor *hypervisor, virDomain *domain)
{
    char *metadata =
        virDomainGetMetadata(domain, VIR_DOMAIN_METADATA_ELEMENT, PIF_DOMAIN_NAMESPACE, 0);
    char *node = metadata ? pif_domain_parse_metadata(metadata, hypervisor->farm) : NULL;
    free(metadata);
    return node;
}

/* A domain found when we open runs, or its QEMU has gone, or waits to be ended since the guest has
 * shut down. To ask QEMU something is to wait until libvirt has found out which; the answer is of
 * no interest. What does not run is ended for good here. */
static gboolean is_really_running(virDomain *domain)
{
    char *reply = NULL;
    int state = VIR_DOMAIN_NOSTATE;
    virDomainQemuMonitorCommand(domain, "{\"execute\": \"query-status\"}", &reply, 0);
    free(reply);
    if (virDomainGetState(domain, &state, NULL, 0) < 0)
        return FALSE;
    gboolean is_running = state == VIR_DOMAIN_RUNNING || state == VIR_DOMAIN_PAUSED;
    if (!is_running)
        virDomainDestroy(domain);
    return is_running;
}

static gboolean list_domains(PifHypervisor *hypervisor, virDomainPtr **ret_domains, GError **error)
{
    if (virConnectListAllDomains(hypervisor->connection, ret_domains,
                                 VIR_CONNECT_LIST_DOMAINS_ACTIVE) >= 0)
        return TRUE;
    return pif_libvirt_error(error, "cannot list the machines of farm %s", hypervisor->farm);
}

static gboolean adopt_running(PifHypervisor *hypervisor, GError **error)
{
    g_autoptr(virDomainPtr) domains = NULL;
    if (!list_domains(hypervisor, &domains, error))
        return FALSE;
    for (virDomainPtr *domain = domains; *domain; domain++) {
        g_autofree char *node = node_of(hypervisor, *domain);
        if (node && is_really_running(*domain))
            pif_machine_add(hypervisor, node)->is_announced = TRUE;
    }
    return TRUE;
}

PifHypervisor *pif_hypervisor_open(const char *uri, const char *directory, const char *farm,
                                   PifMachineEventFunc on_event, gpointer data, GError **error)
{
    g_autoptr(PifHypervisor) hypervisor = g_new0(PifHypervisor, 1);
    hypervisor->farm = g_strdup(farm);
    hypervisor->machines = g_ptr_array_new_with_free_func((GDestroyNotify)pif_machine_free);
    hypervisor->on_event = on_event;
    hypervisor->data = data;
    hypervisor->lifecycle_callback = hypervisor->shutdown_callback = -1;
    if (!prepare(hypervisor, uri, directory, error))
        return NULL;
    set_up_library();
    hypervisor->connection = virConnectOpen(uri ? uri : hypervisor->embedded->uri);
    if (!hypervisor->connection) {
        set_connect_error(error, uri, directory);
        return NULL;
    }
    if (hypervisor->embedded)
        pif_stale_probes_kill(hypervisor->embedded->root);
    if (!pif_events_register(hypervisor, error) || !adopt_running(hypervisor, error))
        return NULL;
    if (hypervisor->embedded)
        hypervisor->warm_up = g_thread_new("qemu-probe", warm_up, hypervisor);
    return g_steal_pointer(&hypervisor);
}

void pif_hypervisor_free(PifHypervisor *hypervisor)
{
    if (!hypervisor)
        return;
    if (hypervisor->warm_up)
        g_thread_join(hypervisor->warm_up);
    if (hypervisor->connection) {
        pif_events_deregister(hypervisor);
        virConnectClose(hypervisor->connection);
    }
    pif_embedded_free(hypervisor->embedded);
    pif_qemu_user_free(hypervisor->user);
    g_ptr_array_unref(hypervisor->machines);
    g_free(hypervisor->farm);
    g_free(hypervisor);
}

char **pif_hypervisor_list_running(PifHypervisor *hypervisor, GError **error)
{
    g_autoptr(virDomainPtr) domains = NULL;
    if (!list_domains(hypervisor, &domains, error))
        return NULL;
    g_autoptr(GStrvBuilder) nodes = g_strv_builder_new();
    for (virDomainPtr *domain = domains; *domain; domain++) {
        g_autofree char *node = node_of(hypervisor, *domain);
        const PifMachine *machine = node ? pif_machine_find(hypervisor, node) : NULL;
        if (node && !(machine && machine->is_stopping))
            g_strv_builder_add(nodes, node);
    }
    return g_strv_builder_end(nodes);
}
