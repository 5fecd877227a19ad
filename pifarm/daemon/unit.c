// SPDX-License-Identifier: MIT
// One node's life cycle, driven: the table in model/lifecycle.c says which stage follows, this file
// what is done on entering one.
#include "pifarm/daemon/unit.h"

#include "images/store/clone-lock.h"
#include "images/store/clone.h"
#include "pifarm/base/error.h"
#include "pifarm/base/file.h"
#include "pifarm/daemon/card-job.h"
#include "pifarm/daemon/console-hub.h"
#include "pifarm/daemon/faults.h"
#include "pifarm/daemon/guest-watch.h"
#include "pifarm/daemon/known-hosts.h"
#include "pifarm/daemon/network.h"
#include "pifarm/daemon/probe.h"
#include "pifarm/daemon/wan.h"
#include "pifarm/model/defaults.h"
#include "pifarm/model/farm-image.h"
#include "pifarm/model/node-identity.h"

#include <errno.h>
#include <stdio.h>

enum { SSH_PORT = 22 };

struct PifUnit {
    PifDaemon *daemon;
    const PifNode *node;
    PifStage stage;
    char *detail; /* of the stage: why it failed */
    gint64 lease_expires_s;
    GCancellable *job;      /* pifarm-card at work */
    PifCloneLock card_lock; /* until the machine has the card open, and QEMU's own lock holds */
    PifCardResult *boot_files;
    PifProbe *probe;
    PifGuestWatch *guest_watch;
    PifConsoleHub *console;
};

char *pif_unit_console_log(const PifUnit *unit)
{
    return pif_daemon_node_file(unit->daemon, unit->node, "logs", ".console.log");
}

char *pif_unit_kernel_log(const PifUnit *unit)
{
    return pif_daemon_node_file(unit->daemon, unit->node, "logs", ".kernel.log");
}

const PifNode *pif_unit_node(const PifUnit *unit)
{
    return unit->node;
}

void pif_unit_set_node(PifUnit *unit, const PifNode *node)
{
    unit->node = node;
}

PifStage pif_unit_stage(const PifUnit *unit)
{
    return unit->stage;
}

PifConsoleHub *pif_unit_console(PifUnit *unit)
{
    return unit->console;
}

static void warn_of(PifUnit *unit, const GError *error)
{
    if (error)
        g_warning("%s: %s", unit->node->name, error->message);
}

static void set_boot_stage(PifUnit *unit, const char *stage)
{
    g_autoptr(GError) error = NULL;
    pif_state_set_boot_stage(unit->daemon->state, unit->node->name, stage, g_get_real_time(),
                             &error);
    warn_of(unit, error);
}

static void end_boot(PifUnit *unit, const char *reason)
{
    g_autoptr(GError) error = NULL;
    pif_state_end_boot(unit->daemon->state, unit->node->name, g_get_real_time(), reason, &error);
    warn_of(unit, error);
}

static void set_wanted(PifUnit *unit, gboolean is_on)
{
    g_autoptr(GError) error = NULL;
    pif_state_set_wanted(unit->daemon->state, unit->node->name, is_on, &error);
    warn_of(unit, error);
}

/* Ends everything that goes on for a running or starting machine, but not the machine. */
static void let_go(PifUnit *unit)
{
    if (unit->job)
        g_cancellable_cancel(unit->job);
    g_clear_object(&unit->job);
    pif_clone_unlock(&unit->card_lock);
    g_clear_pointer(&unit->boot_files, pif_card_result_free);
    g_clear_pointer(&unit->probe, pif_probe_free);
    g_clear_pointer(&unit->guest_watch, pif_guest_watch_free);
    pif_console_hub_set_machine(unit->console, NULL);
}

static void cut_power(PifUnit *unit)
{
    g_autoptr(GError) error = NULL;
    let_go(unit);
    pif_hypervisor_stop(unit->daemon->hypervisor, unit->node->name, &error);
    warn_of(unit, error);
}

static void fail(PifUnit *unit, GError *error)
{
    pif_unit_input(unit, PIF_INPUT_ERROR, error->message);
    g_error_free(error);
}

static void on_card_ready(GObject *source, GAsyncResult *result, gpointer data)
{
    (void)source;
    GError *error = NULL;
    PifCardResult *files = pif_card_job_finish(result, &error);
    if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED)) {
        g_error_free(error);
        return; /* the unit may be gone */
    }
    PifUnit *unit = data;
    g_clear_object(&unit->job);
    if (!files) {
        fail(unit, error);
        return;
    }
    unit->boot_files = files;
    for (char **note = files->notes; *note; note++)
        pif_daemon_add_event(unit->daemon, unit->node->name, "card", "%s", *note);
    if (files->is_new && !pif_known_hosts_write(unit->daemon, &error))
        warn_of(unit, error);
    g_clear_error(&error);
    pif_unit_input(unit, PIF_INPUT_PREPARED, NULL);
}

/* Keeps commands off the card until the machine has it. */
static gboolean lock_card(PifUnit *unit, GError **error)
{
    g_autofree char *card = pif_daemon_card_path(unit->daemon, unit->node);
    return pif_clone_lock(card, "the start of its node", &unit->card_lock, error);
}

static void enter_preparing(PifUnit *unit)
{
    GError *error = NULL;
    g_autoptr(PifImage) image = NULL;
    if (!lock_card(unit, &error) ||
        !pif_farm_image_find(unit->daemon->store, unit->node->image, &image, &error)) {
        fail(unit, error);
        return;
    }
    g_autofree char *clone = pif_daemon_card_path(unit->daemon, unit->node);
    g_autofree char *boot = pif_daemon_node_file(unit->daemon, unit->node, "boot", "");
    g_auto(PifNodeIdentity) identity = {0};
    pif_node_identity_init(unit->daemon->farm, unit->node, &identity);
    PifCardJob job = {
        .store = pif_store_directory(unit->daemon->store),
        .image = image->sha256,
        .clone = clone,
        .size = pif_clone_round_size(MAX(image->size, unit->node->image->size)),
        .boot = boot,
        .serial = unit->node->serial,
        .mac = unit->node->mac.bytes,
        .identity = &identity,
    };
    unit->job = g_cancellable_new();
    pif_card_job_run(&job, unit->job, on_card_ready, unit);
}

/* The log of the boot before is kept as .old. */
static void keep_old_log(const char *path)
{
    g_autofree char *old = g_strconcat(path, ".old", NULL);
    rename(path, old);
}

static gboolean start_machine(PifUnit *unit, const char *tap, const char *wlan, GError **error)
{
    const PifNode *node = unit->node;
    g_autofree char *name = g_strdup_printf("%s-%s", unit->daemon->farm->name, node->name);
    g_autofree char *disk = pif_daemon_card_path(unit->daemon, unit->node);
    g_autofree char *console_log = pif_unit_console_log(unit);
    g_autofree char *kernel_log = pif_unit_kernel_log(unit);
    keep_old_log(console_log);
    keep_old_log(kernel_log);
    g_auto(GStrv) wan_forwards = pif_wan_forwards(node);
    PifMac wan_mac = pif_wan_mac(&node->mac), wlan_mac = pif_wlan_mac(&node->mac);
    PifMachineSpec spec = {
        .name = name,
        .farm = unit->daemon->farm->name,
        .node = node->name,
        .disk = disk,
        .kernel = unit->boot_files->kernel,
        .initramfs = unit->boot_files->initramfs,
        .device_tree = unit->boot_files->device_tree,
        .command_line = unit->boot_files->command_line,
        .bridge = unit->daemon->farm->lan.bridge,
        .tap = tap,
        .mac = node->mac.bytes,
        .wan = {node->has_wan ? wan_mac.bytes : NULL, node->id, (const char *const *)wan_forwards},
        .wlan = {wlan, wlan_mac.bytes},
        .console_log = console_log,
        .kernel_log = kernel_log,
    };
    return pif_hypervisor_start(unit->daemon->hypervisor, &spec, error);
}

static void enter_starting(PifUnit *unit)
{
    PifNetwork *network = unit->daemon->network;
    GError *error = NULL;
    g_autoptr(GError) unmarked = NULL;
    g_autofree char *tap = NULL, *wlan = NULL;
    g_auto(PifFd) lock = -1;
    if (!pif_wan_check_ports(unit->node, &error) ||
        !pif_network_open_port(network, unit->node, &lock, &tap, &error) ||
        !pif_network_find_wlan(network, unit->node, &wlan, &error) ||
        !start_machine(unit, tap, wlan, &error)) {
        pif_fd_clear(&lock);
        fail(unit, error);
        return;
    }
    if (!pif_network_mark_port(network, unit->node, tap, &unmarked) ||
        !pif_faults_restore(unit->daemon, unit->node, &unmarked))
        pif_daemon_add_event(unit->daemon, unit->node->name, "warning", "%s", unmarked->message);
    pif_fd_clear(&lock);
    pif_unit_input(unit, PIF_INPUT_STARTED, NULL);
}

static void on_banner(const char *banner, gpointer data)
{
    pif_unit_input(data, PIF_INPUT_BANNER, banner);
}

/* A guest that cannot turn its board off says so on the console, and nothing more happens. */
static void on_guest_end(gboolean is_reboot, gpointer data)
{
    PifUnit *unit = data;
    cut_power(unit);
    pif_unit_input(unit, is_reboot ? PIF_INPUT_GUEST_REBOOT : PIF_INPUT_GUEST_OFF,
                   "its kernel has stopped; power cut");
}

static void watch_machine(PifUnit *unit)
{
    g_autofree char *log = pif_unit_console_log(unit);
    unit->guest_watch = pif_guest_watch_start(log, on_guest_end, unit);
    unit->probe = pif_probe_start(unit->node->address, SSH_PORT, on_banner, unit);
    pif_console_hub_set_machine(unit->console, unit->daemon->hypervisor);
}

static void enter_booting(PifUnit *unit)
{
    pif_clone_unlock(&unit->card_lock);
    set_boot_stage(unit, "running");
    watch_machine(unit);
}

static void enter_network(PifUnit *unit)
{
    set_boot_stage(unit, "network");
    g_clear_pointer(&unit->probe, pif_probe_free);
    unit->probe = pif_probe_start(unit->node->address, SSH_PORT, on_banner, unit);
}

static void enter_ready(PifUnit *unit)
{
    set_boot_stage(unit, "ready");
    g_clear_pointer(&unit->probe, pif_probe_free);
}

static void enter_queued(PifUnit *unit)
{
    g_autoptr(GError) error = NULL;
    let_go(unit);
    pif_state_begin_boot(unit->daemon->state, unit->node->name, g_get_real_time(), &error);
    warn_of(unit, error);
    pif_turns_enqueue(unit->daemon->turns, unit);
}

static void enter_off(PifUnit *unit)
{
    cut_power(unit);
    end_boot(unit, "power off");
}

static void enter_halted(PifUnit *unit)
{
    let_go(unit);
    set_wanted(unit, FALSE);
    end_boot(unit, "shut down");
}

static void enter_failed(PifUnit *unit)
{
    cut_power(unit);
    end_boot(unit, unit->detail ? unit->detail : "failed");
}

static void (*const on_enter[PIF_N_STAGES])(PifUnit *unit) = {
    [PIF_STAGE_OFF] = enter_off,
    [PIF_STAGE_QUEUED] = enter_queued,
    [PIF_STAGE_PREPARING] = enter_preparing,
    [PIF_STAGE_STARTING] = enter_starting,
    [PIF_STAGE_BOOTING] = enter_booting,
    [PIF_STAGE_NETWORK] = enter_network,
    [PIF_STAGE_READY] = enter_ready,
    [PIF_STAGE_HALTED] = enter_halted,
    [PIF_STAGE_FAILED] = enter_failed,
};

static gboolean has_turn(PifStage stage)
{
    return stage == PIF_STAGE_PREPARING || stage == PIF_STAGE_STARTING;
}

void pif_unit_input(PifUnit *unit, PifInput input, const char *detail)
{
    PifStage before = unit->stage;
    PifStage after = pif_stage_next(before, input);
    if (input == PIF_INPUT_POWER_ON || input == PIF_INPUT_POWER_OFF)
        set_wanted(unit, input == PIF_INPUT_POWER_ON);
    if (after == before)
        return;
    unit->stage = after;
    g_autofree char *old_detail = unit->detail; /* detail may be a part of it */
    unit->detail = g_strdup(detail);
    if (before == PIF_STAGE_QUEUED && after != PIF_STAGE_PREPARING)
        pif_turns_leave_queue(unit->daemon->turns, unit);
    pif_daemon_add_event(unit->daemon, unit->node->name, pif_stage_name(after), "%s",
                         detail ? detail : "");
    on_enter[after](unit);
    if (has_turn(before) && !has_turn(after))
        pif_turns_give_back(unit->daemon->turns);
}

void pif_unit_take_turn(gpointer unit)
{
    pif_unit_input(unit, PIF_INPUT_TURN, NULL);
}

void pif_unit_machine_event(PifUnit *unit, PifMachineEvent event, const char *detail)
{
    switch (event) {
    case PIF_MACHINE_STARTED:
        break; /* pif_hypervisor_start has returned */
    case PIF_MACHINE_POWERED_OFF:
        pif_unit_input(unit, PIF_INPUT_GUEST_OFF, detail);
        break;
    case PIF_MACHINE_REBOOTED:
        pif_unit_input(unit, PIF_INPUT_GUEST_REBOOT, detail);
        break;
    case PIF_MACHINE_STOPPED:
        if (pif_stage_has_machine(unit->stage) &&
            !pif_hypervisor_is_running(unit->daemon->hypervisor, unit->node->name))
            pif_unit_input(unit, PIF_INPUT_ERROR, "its machine was stopped by somebody else");
        break;
    case PIF_MACHINE_CRASHED:
        pif_unit_input(unit, PIF_INPUT_ERROR, detail ? detail : "its machine died");
        break;
    }
}

void pif_unit_lease(PifUnit *unit, gint64 expires_s)
{
    if (expires_s <= unit->lease_expires_s)
        return;
    unit->lease_expires_s = expires_s;
    pif_unit_input(unit, PIF_INPUT_LEASE, NULL);
}

void pif_unit_adopt(PifUnit *unit)
{
    g_autoptr(PifBoot) boot = NULL;
    pif_state_get_boot(unit->daemon->state, unit->node->name, &boot, NULL);
    unit->stage = PIF_STAGE_BOOTING;
    if (boot && boot->network_us)
        unit->stage = PIF_STAGE_NETWORK;
    if (boot && boot->ready_us)
        unit->stage = PIF_STAGE_READY;
    watch_machine(unit);
    if (unit->stage == PIF_STAGE_READY)
        g_clear_pointer(&unit->probe, pif_probe_free);
    pif_daemon_add_event(unit->daemon, unit->node->name, pif_stage_name(unit->stage),
                         "found running");
}

void pif_unit_recover(PifUnit *unit)
{
    g_autofree char *log = pif_unit_console_log(unit);
    g_autoptr(PifBoot) boot = NULL;
    pif_state_get_boot(unit->daemon->state, unit->node->name, &boot, NULL);
    gboolean has_run = boot && boot->running_us;
    if (has_run && pif_machine_guess_ending(log) == PIF_MACHINE_POWERED_OFF) {
        unit->stage = PIF_STAGE_READY;
        pif_unit_input(unit, PIF_INPUT_GUEST_OFF, "shut down while the daemon was away");
        return;
    }
    pif_unit_input(unit, PIF_INPUT_POWER_ON, "started again by a new daemon");
}

static json_t *boot_to_json(const PifUnit *unit)
{
    g_autoptr(PifBoot) boot = NULL;
    if (!pif_state_get_boot(unit->daemon->state, unit->node->name, &boot, NULL) || !boot)
        return json_null();
    return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:s?}", "number", (json_int_t)boot->number,
                     "started_us", (json_int_t)boot->started_us, "running_us",
                     (json_int_t)boot->running_us, "network_us", (json_int_t)boot->network_us,
                     "ready_us", (json_int_t)boot->ready_us, "ended_us", (json_int_t)boot->ended_us,
                     "end_reason", boot->end_reason);
}

static json_t *stats_to_json(const PifUnit *unit)
{
    PifMachineStats stats;
    if (!pif_stage_has_machine(unit->stage) ||
        !pif_hypervisor_get_stats(unit->daemon->hypervisor, unit->node->name, &stats))
        return json_null();
    return json_pack("{s:I, s:I, s:I, s:I, s:I}", "pid", (json_int_t)stats.pid, "memory_bytes",
                     (json_int_t)stats.memory_bytes, "cpu_ns", (json_int_t)stats.cpu_ns, "rx_bytes",
                     (json_int_t)stats.rx_bytes, "tx_bytes", (json_int_t)stats.tx_bytes);
}

static json_t *forwards_to_json(const PifNode *node)
{
    json_t *forwards = json_array();
    for (guint i = 0; i < node->forwards->len; i++) {
        g_autofree char *text =
            pif_node_forward_format(&g_array_index(node->forwards, PifNodeForward, i));
        json_array_append_new(forwards, json_string(text));
    }
    return forwards;
}

json_t *pif_unit_to_json(const PifUnit *unit)
{
    const PifNode *node = unit->node;
    g_autofree char *mac = pif_mac_format(&node->mac);
    g_autofree char *address = pif_ipv4_format(node->address);
    g_autofree char *serial = g_strdup_printf("%08x", node->serial);
    g_autofree char *card = pif_daemon_card_path(unit->daemon, unit->node);
    g_autofree char *console_log = pif_unit_console_log(unit);
    g_autofree char *fault = pif_faults_get(unit->daemon, unit->node);
    return json_pack(
        "{s:s, s:i, s:s, s:s?, s:s, s:s, s:s, s:s, s:i, s:o, s:s, s:b, s:s, s:s, s:o, s:o}", "name",
        node->name, "id", (int)node->id, "stage", pif_stage_name(unit->stage), "detail",
        unit->detail, "address", address, "mac", mac, "serial", serial, "image", node->image->name,
        "ssh_port", (int)node->ssh_port, "forwards", forwards_to_json(node), "card", card,
        "has_card", (int)g_file_test(card, G_FILE_TEST_EXISTS), "console_log", console_log, "fault",
        fault, "boot", boot_to_json(unit), "machine", stats_to_json(unit));
}

PifUnit *pif_unit_new(PifDaemon *daemon, const PifNode *node)
{
    PifUnit *unit = g_new0(PifUnit, 1);
    unit->daemon = daemon;
    unit->node = node;
    unit->console = pif_console_hub_new(node->name);
    return unit;
}

void pif_unit_free(PifUnit *unit)
{
    if (!unit)
        return;
    let_go(unit);
    pif_console_hub_free(unit->console);
    g_free(unit->detail);
    g_free(unit);
}
