// SPDX-License-Identifier: MIT
// One node's machine: started, stopped, measured.
#include "pifarm/base/error.h"
#include "pifarm/base/fd.h"
#include "pifarm/machine/internal.h"

#include <fcntl.h>
#include <libvirt/virterror.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>

/* Whom we await no end of is not looked up: libvirt would log each time that it found nothing. */
virDomain *pif_hypervisor_find_domain(PifHypervisor *hypervisor, const char *node)
{
    const PifMachine *machine = pif_machine_find(hypervisor, node);
    return machine ? virDomainLookupByUUIDString(hypervisor->connection, machine->uuid) : NULL;
}

gboolean pif_hypervisor_is_running(PifHypervisor *hypervisor, const char *node)
{
    const PifMachine *machine = pif_machine_find(hypervisor, node);
    g_autoptr(virDomain) domain = pif_hypervisor_find_domain(hypervisor, node);
    return domain && !machine->is_stopping && virDomainIsActive(domain) == 1;
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
static char *make_xml(const PifHypervisor *hypervisor, const PifMachineSpec *spec)
{
    const PifEmbedded *embedded = hypervisor->embedded;
    int n_running = virConnectNumOfDomains(hypervisor->connection);
    PifMachineSpec complete = *spec;
    complete.is_multithreaded =
        pif_domain_wants_threads(g_get_num_processors(), (unsigned)MAX(n_running, 0));
    if (!complete.emulator)
        complete.emulator = embedded ? embedded->emulator : "/usr/bin/qemu-system-aarch64";
    return pif_domain_xml(&complete);
}

/* libvirt is still busy with the end of the last run: this waits for it. */
static void finish_last_run(PifHypervisor *hypervisor, const char *node)
{
    g_autoptr(virDomain) domain = pif_hypervisor_find_domain(hypervisor, node);
    if (domain)
        virDomainDestroy(domain);
}

/* What virDomainObjListAdd says (libvirt's src/conf/virdomainobjlist.c) of a name that is in its
 * list still. */
static gboolean is_name_taken(const virError *error)
{
    return error && error->domain == VIR_FROM_DOMAIN && error->code == VIR_ERR_OPERATION_FAILED;
}

/* libvirt reports the end of a run shortly before it forgets the domain, in another thread, and has
 * no event for that: so this looks again, for a second at most. */
static virDomain *create_domain(virConnectPtr connection, const char *xml)
{
    enum { ATTEMPTS = 200, PAUSE_US = 5000 };
    for (unsigned i = 0; i < ATTEMPTS; i++) {
        virDomain *domain = virDomainCreateXML(connection, xml, 0);
        if (domain || !is_name_taken(virGetLastError()))
            return domain;
        g_usleep(PAUSE_US);
    }
    return NULL;
}

gboolean pif_hypervisor_start(PifHypervisor *hypervisor, const PifMachineSpec *spec, GError **error)
{
    if (pif_hypervisor_is_running(hypervisor, spec->node))
        return pif_error_set(error, PIF_ERROR_EXISTS, "node %s runs already", spec->node);
    finish_last_run(hypervisor, spec->node);
    if (!check_tap(spec, error) ||
        (hypervisor->user && !check_files(hypervisor->user, spec, error)))
        return FALSE;
    if (hypervisor->embedded)
        pif_embedded_bound_logs(hypervisor->embedded, spec->name);
    g_autofree char *xml = make_xml(hypervisor, spec);
    g_autoptr(virDomain) domain = create_domain(hypervisor->connection, xml);
    if (!domain)
        return pif_libvirt_error(error, "cannot start node %s", spec->node);
    pif_machine_add(hypervisor, spec->node);
    return TRUE;
}

static gint64 read_pid(const PifHypervisor *hypervisor, virDomain *domain)
{
    if (!hypervisor->embedded)
        return 0;
    return pif_embedded_read_pid(hypervisor->embedded, virDomainGetName(domain));
}

static gboolean ends_by(int process_fd, int signal_number)
{
    enum { PATIENCE_MS = 1000 };
    struct pollfd end = {.fd = process_fd, .events = POLLIN};
    return syscall(SYS_pidfd_send_signal, process_fd, signal_number, NULL, 0) == 0 &&
           poll(&end, 1, PATIENCE_MS) == 1;
}

/* libvirt would look five times a second whether QEMU has gone and PID 1 has noticed. QEMU needs a
 * fraction of that to write out its caches and end; one that hangs is not waited for. */
static gboolean end_qemu(const PifHypervisor *hypervisor, virDomain *domain)
{
    gint64 pid = read_pid(hypervisor, domain);
    g_auto(PifFd) process = pid > 0 ? (int)syscall(SYS_pidfd_open, (pid_t)pid, 0) : -1;
    return process >= 0 && (ends_by(process, SIGTERM) || ends_by(process, SIGKILL));
}

/* When QEMU has gone, libvirt tidies up by itself and then reports the end. */
gboolean pif_hypervisor_stop(PifHypervisor *hypervisor, const char *node, GError **error)
{
    PifMachine *machine = pif_machine_find(hypervisor, node);
    g_autoptr(virDomain) domain = pif_hypervisor_find_domain(hypervisor, node);
    if (!domain)
        return TRUE;
    machine->is_stopping = TRUE;
    if (end_qemu(hypervisor, domain) || virDomainDestroy(domain) == 0 ||
        virDomainIsActive(domain) != 1)
        return TRUE;
    machine->is_stopping = FALSE;
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
        .pid = read_pid(hypervisor, domain),
        .memory_bytes = read_stat(records[0], "balloon.rss") * 1024,
        .cpu_ns = info.cpuTime,
        .rx_bytes = read_stat(records[0], "net.0.rx.bytes"),
        .tx_bytes = read_stat(records[0], "net.0.tx.bytes"),
    };
    virDomainStatsRecordListFree(records);
    return TRUE;
}
