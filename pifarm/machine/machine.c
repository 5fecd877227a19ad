// SPDX-License-Identifier: MIT
// One node's machine: started, stopped, measured.
#include "pifarm/base/error.h"
#include "pifarm/base/fd.h"
#include "pifarm/machine/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <libvirt/virterror.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>

virDomain *pif_hypervisor_find_domain(PifHypervisor *hypervisor, const char *node)
{
    g_autofree char *uuid = pif_domain_uuid(hypervisor->farm, node);
    return virDomainLookupByUUIDString(hypervisor->connection, uuid);
}

gboolean pif_hypervisor_is_running(PifHypervisor *hypervisor, const char *node)
{
    g_autoptr(virDomain) domain = pif_hypervisor_find_domain(hypervisor, node);
    return domain && virDomainIsActive(domain) == 1;
}

/* libvirt would say that it cannot make the TAP, not why. One that is left over belongs to a QEMU
 * that nobody knows of any more, or was made by hand to stay. */
static gboolean check_tap(const PifMachineSpec *spec, GError **error)
{
    if (if_nametoindex(spec->tap) == 0)
        return TRUE;
    return pif_error_set(error, PIF_ERROR_BUSY,
                         "node %s: there is a network device %s already, though the node does not "
                         "run; 'ip -d tuntap' shows who uses it, 'ip link delete %s' removes it",
                         spec->node, spec->tap, spec->tap);
}

/* What QEMU opens itself. The rest (serial logs, TAP) is opened by libvirt. */
static gboolean check_files(const PifQemuUser *user, const PifMachineSpec *spec, GError **error)
{
    const char *const files[] = {spec->kernel, spec->device_tree, spec->initramfs};
    if (!pif_qemu_user_give(user, spec->disk, error) ||
        !pif_qemu_user_check(user, spec->disk, O_RDWR, error))
        return FALSE;
    for (size_t i = 0; i < G_N_ELEMENTS(files); i++)
        if (files[i] && !pif_qemu_user_check(user, files[i], O_RDONLY, error))
            return FALSE;
    return TRUE;
}

/* The spec with what the host decides. */
static char *make_xml(PifHypervisor *hypervisor, const PifMachineSpec *spec)
{
    PifMachineSpec complete = *spec;
    int n_running = virConnectNumOfDomains(hypervisor->connection);
    complete.is_multithreaded =
        pif_domain_wants_threads(g_get_num_processors(), (unsigned)MAX(n_running, 0));
    if (!complete.emulator)
        complete.emulator =
            hypervisor->embedded ? hypervisor->embedded->emulator : "/usr/bin/qemu-system-aarch64";
    return pif_domain_xml(&complete);
}

gboolean pif_hypervisor_start(PifHypervisor *hypervisor, const PifMachineSpec *spec, GError **error)
{
    if (pif_hypervisor_is_running(hypervisor, spec->node))
        return pif_error_set(error, PIF_ERROR_EXISTS, "node %s runs already", spec->node);
    if (!check_tap(spec, error) ||
        (hypervisor->user && !check_files(hypervisor->user, spec, error)))
        return FALSE;
    g_autofree char *xml = make_xml(hypervisor, spec);
    g_autoptr(virDomain) domain = virDomainCreateXML(hypervisor->connection, xml, 0);
    if (!domain)
        return pif_libvirt_error(error, "cannot start node %s", spec->node);
    pif_machine_add(hypervisor, spec->node);
    return TRUE;
}

/* libvirt asks QEMU to end, then looks five times a second whether it has. QEMU needs a tenth of
 * that, so it is asked and waited for here; libvirt then finds it gone. */
static void end_qemu(const PifHypervisor *hypervisor, virDomain *domain)
{
    enum { PATIENCE_MS = 1000 };
    gint64 pid = hypervisor->embedded
                     ? pif_embedded_read_pid(hypervisor->embedded, virDomainGetName(domain))
                     : 0;
    g_auto(PifFd) process = pid > 0 ? (int)syscall(SYS_pidfd_open, (pid_t)pid, 0) : -1;
    if (process < 0 || syscall(SYS_pidfd_send_signal, process, SIGTERM, NULL, 0) < 0)
        return;
    struct pollfd exited = {.fd = process, .events = POLLIN};
    poll(&exited, 1, PATIENCE_MS);
}

gboolean pif_hypervisor_stop(PifHypervisor *hypervisor, const char *node, GError **error)
{
    g_autoptr(virDomain) domain = pif_hypervisor_find_domain(hypervisor, node);
    if (!domain && virGetLastErrorCode() == VIR_ERR_NO_DOMAIN)
        return TRUE;
    if (!domain)
        return pif_libvirt_error(error, "cannot find the machine of node %s", node);
    PifMachine *machine = pif_machine_find(hypervisor, node);
    if (machine)
        machine->is_stopping = TRUE;
    end_qemu(hypervisor, domain);
    if (virDomainDestroy(domain) == 0 || virDomainIsActive(domain) != 1)
        return TRUE;
    return pif_libvirt_error(error, "cannot stop node %s", node);
}

static guint64 read_stat(virDomainStatsRecord *record, const char *name)
{
    unsigned long long value = 0;
    virTypedParamsGetULLong(record->params, record->nparams, name, &value);
    return value;
}

gboolean pif_hypervisor_get_stats(PifHypervisor *hypervisor, const char *node,
                                  PifMachineStats *ret_stats)
{
    g_autoptr(virDomain) domain = pif_hypervisor_find_domain(hypervisor, node);
    virDomainPtr domains[] = {domain, NULL};
    virDomainStatsRecordPtr *records = NULL;
    virDomainInfo info;
    if (!domain || virDomainGetInfo(domain, &info) < 0 ||
        virDomainListGetStats(domains, VIR_DOMAIN_STATS_BALLOON | VIR_DOMAIN_STATS_INTERFACE,
                              &records, 0) != 1)
        return FALSE;
    *ret_stats = (PifMachineStats){
        .pid = hypervisor->embedded
                   ? pif_embedded_read_pid(hypervisor->embedded, virDomainGetName(domain))
                   : 0,
        .memory_bytes = read_stat(records[0], "balloon.rss") * 1024,
        .cpu_ns = info.cpuTime,
        .rx_bytes = read_stat(records[0], "net.0.rx.bytes"),
        .tx_bytes = read_stat(records[0], "net.0.tx.bytes"),
    };
    virDomainStatsRecordListFree(records);
    return TRUE;
}
