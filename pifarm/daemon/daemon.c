// SPDX-License-Identifier: MIT
// The daemon's assembly: what is opened in which order, what is found again after a crash, and the
// queue.
#include "pifarm/daemon/daemon.h"

#include "images/store/clone.h"
#include "pifarm/base/error.h"
#include "pifarm/base/file.h"
#include "pifarm/base/paths.h"
#include "pifarm/daemon/api.h"
#include "pifarm/daemon/network.h"
#include "pifarm/daemon/unit.h"

#include <string.h>

enum { MAX_KEY_SIZE = 4096 };

void pif_daemon_add_event(PifDaemon *daemon, const char *node, const char *kind, const char *format,
                          ...)
{
    g_autoptr(GError) error = NULL;
    va_list args;
    va_start(args, format);
    PifEvent event = {.time_us = g_get_real_time(),
                      .node = (char *)node,
                      .kind = (char *)kind,
                      .text = g_strdup_vprintf(format, args)};
    va_end(args);
    if (!pif_state_add_event(daemon->state, node, kind, event.text, &event.sequence, &error))
        g_warning("%s", error->message);
    g_message("%s%s%s%s%s", node ? node : "", node ? ": " : "", kind, *event.text ? ": " : "",
              event.text);
    if (daemon->api)
        pif_api_publish(daemon->api, &event);
    g_free(event.text);
}

/* Lets as many of the waiting units have a turn as may. */
static void give_turns(PifDaemon *daemon)
{
    while (daemon->turns_taken < daemon->turns && !g_queue_is_empty(&daemon->waiting)) {
        PifUnit *unit = g_queue_pop_head(&daemon->waiting);
        daemon->turns_taken++;
        pif_unit_input(unit, PIF_INPUT_TURN, NULL);
    }
}

void pif_daemon_enqueue(PifDaemon *daemon, PifUnit *unit)
{
    g_queue_push_tail(&daemon->waiting, unit);
    give_turns(daemon);
}

void pif_daemon_leave_queue(PifDaemon *daemon, PifUnit *unit, gboolean had_turn)
{
    if (had_turn)
        daemon->turns_taken--;
    else
        g_queue_remove(&daemon->waiting, unit);
    give_turns(daemon);
}

static void on_machine_event(const char *node, PifMachineEvent event, const char *detail,
                             gpointer data)
{
    PifDaemon *daemon = data;
    PifUnit *unit = g_hash_table_lookup(daemon->units, node);
    if (unit)
        pif_unit_machine_event(unit, event, detail);
}

/* "n1,10.77.0.11,[127.0.0.1]:5701 ssh-ed25519 AAAA..." */
static void append_known_host(GString *text, const PifUnit *unit)
{
    const PifNode *node = pif_unit_node(unit);
    g_autofree char *card = pif_unit_card_path(unit);
    g_autofree char *key_path = g_strconcat(card, ".pub", NULL);
    g_autofree char *key = NULL;
    g_autofree char *address = pif_ipv4_format(node->address);
    if (pif_file_read(key_path, MAX_KEY_SIZE, &key, NULL, NULL))
        g_string_append_printf(text, "%s,%s,[127.0.0.1]:%u %s\n", node->name, address,
                               node->ssh_port, g_strstrip(key));
}

gboolean pif_daemon_write_known_hosts(PifDaemon *daemon, GError **error)
{
    g_autofree char *path = g_build_filename(daemon->directory, "known_hosts", NULL);
    g_autoptr(GString) text = g_string_new(NULL);
    for (guint i = 0; i < daemon->farm->nodes->len; i++) {
        const PifNode *node = g_ptr_array_index(daemon->farm->nodes, i);
        append_known_host(text, g_hash_table_lookup(daemon->units, node->name));
    }
    return pif_file_write(path, text->str, -1, 0644, error);
}

static PifUnit *find_unit(PifDaemon *daemon, const char *name, GError **error)
{
    PifUnit *unit = g_hash_table_lookup(daemon->units, name);
    if (!unit)
        pif_error_set(error, PIF_ERROR_NOT_FOUND, "there is no node '%s' in farm '%s'", name,
                      daemon->farm->name);
    return unit;
}

/* The units of these names, or NULL with error set. */
static GPtrArray *find_units(PifDaemon *daemon, GPtrArray *names, GError **error)
{
    g_autoptr(GPtrArray) units = g_ptr_array_new();
    for (guint i = 0; i < names->len; i++) {
        PifUnit *unit = find_unit(daemon, g_ptr_array_index(names, i), error);
        if (!unit)
            return NULL;
        g_ptr_array_add(units, unit);
    }
    return g_steal_pointer(&units);
}

static gboolean set_all_on_error(GPtrArray *already, GError **error)
{
    g_autofree char *list = g_strjoinv(", ", (char **)already->pdata);
    return pif_error_set(error, PIF_ERROR_EXISTS,
                         "nothing to turn on: %s %s on already; to wait for nodes: pifarm wait",
                         list, already->len > 2 ? "are" : "is");
}

gboolean pif_daemon_power_on(PifDaemon *daemon, GPtrArray *names, GPtrArray **ret_already,
                             GError **error)
{
    g_autoptr(GPtrArray) units = find_units(daemon, names, error);
    g_autoptr(GPtrArray) already = g_ptr_array_new_with_free_func(g_free);
    if (!units)
        return FALSE;
    for (guint i = 0; i < units->len; i++)
        if (pif_stage_is_on(pif_unit_stage(g_ptr_array_index(units, i))))
            g_ptr_array_add(already, g_strdup(g_ptr_array_index(names, i)));
    gboolean are_all_on = already->len == units->len;
    g_ptr_array_add(already, NULL);
    if (are_all_on)
        return set_all_on_error(already, error);
    if (!pif_network_up(daemon->network, error))
        return FALSE;
    for (guint i = 0; i < units->len; i++)
        pif_unit_input(g_ptr_array_index(units, i), PIF_INPUT_POWER_ON, NULL);
    *ret_already = g_steal_pointer(&already);
    return TRUE;
}

gboolean pif_daemon_power_off(PifDaemon *daemon, GPtrArray *names, GError **error)
{
    g_autoptr(GPtrArray) units = find_units(daemon, names, error);
    if (!units)
        return FALSE;
    for (guint i = 0; i < units->len; i++)
        pif_unit_input(g_ptr_array_index(units, i), PIF_INPUT_POWER_OFF, NULL);
    return TRUE;
}

gboolean pif_daemon_remove_cards(PifDaemon *daemon, GPtrArray *names, GError **error)
{
    g_autoptr(GPtrArray) units = find_units(daemon, names, error);
    for (guint i = 0; units && i < units->len; i++)
        if (pif_stage_is_on(pif_unit_stage(g_ptr_array_index(units, i))))
            return pif_error_set(error, PIF_ERROR_BUSY,
                                 "node '%s' is on; its card can only be removed when it is off",
                                 (char *)g_ptr_array_index(names, i));
    for (guint i = 0; units && i < units->len; i++) {
        g_autofree char *card = pif_unit_card_path(g_ptr_array_index(units, i));
        g_autofree char *key = g_strconcat(card, ".pub", NULL);
        if (g_file_test(card, G_FILE_TEST_EXISTS) && !pif_clone_remove(daemon->store, card, error))
            return FALSE;
        remove(key);
    }
    return units && pif_daemon_write_known_hosts(daemon, error);
}

gboolean pif_daemon_take_down(PifDaemon *daemon, GError **error)
{
    GHashTableIter iter;
    gpointer name;
    gpointer unit;
    g_hash_table_iter_init(&iter, daemon->units);
    while (g_hash_table_iter_next(&iter, &name, &unit))
        if (pif_stage_is_on(pif_unit_stage(unit)))
            return pif_error_set(error, PIF_ERROR_BUSY, "node '%s' is on", (char *)name);
    return pif_network_down(daemon->network, error);
}

/* The nodes that the hypervisor has running are taken over; those that should run and do not are
 * started. */
static gboolean find_again(PifDaemon *daemon, GError **error)
{
    g_auto(GStrv) running = pif_hypervisor_list_running(daemon->hypervisor, error);
    g_autoptr(GPtrArray) to_recover = g_ptr_array_new();
    if (!running)
        return FALSE;
    for (guint i = 0; i < daemon->farm->nodes->len; i++) {
        const PifNode *node = g_ptr_array_index(daemon->farm->nodes, i);
        PifUnit *unit = g_hash_table_lookup(daemon->units, node->name);
        gboolean is_wanted = FALSE;
        if (!pif_state_get_wanted(daemon->state, node->name, &is_wanted, error))
            return FALSE;
        if (g_strv_contains((const char *const *)running, node->name))
            pif_unit_adopt(unit);
        else if (is_wanted)
            g_ptr_array_add(to_recover, unit);
    }
    if ((running[0] || to_recover->len > 0) && !pif_network_up(daemon->network, error))
        return FALSE;
    for (guint i = 0; i < to_recover->len; i++)
        pif_unit_recover(g_ptr_array_index(to_recover, i));
    return TRUE;
}

static gboolean is_same_node(const PifNode *a, const PifNode *b)
{
    return a->id == b->id && a->address == b->address && a->serial == b->serial &&
           memcmp(a->mac.bytes, b->mac.bytes, sizeof a->mac.bytes) == 0 &&
           g_str_equal(a->image->name, b->image->name);
}

/* No node that is on may change under its own feet, nor the network under them. */
static gboolean check_reload(PifDaemon *daemon, const PifFarm *farm, GError **error)
{
    gboolean is_same_lan = g_str_equal(farm->lan.bridge, daemon->farm->lan.bridge) &&
                           farm->lan.network == daemon->farm->lan.network &&
                           farm->lan.prefix_length == daemon->farm->lan.prefix_length;
    GHashTableIter iter;
    gpointer unit;
    if (!g_str_equal(farm->name, daemon->farm->name))
        return pif_error_set(
            error, PIF_ERROR_BUSY,
            "%s now names its farm '%s', but a daemon runs for '%s'; first: pifarm down",
            farm->path, farm->name, daemon->farm->name);
    g_hash_table_iter_init(&iter, daemon->units);
    while (g_hash_table_iter_next(&iter, NULL, &unit)) {
        const PifNode *node = pif_unit_node(unit);
        const PifNode *changed = pif_farm_find_node(farm, node->name);
        if (!pif_stage_is_on(pif_unit_stage(unit)))
            continue;
        if (!is_same_lan || !changed || !is_same_node(node, changed))
            return pif_error_set(error, PIF_ERROR_BUSY,
                                 "%s changes or removes node '%s', which is on; turn it off first: "
                                 "pifarm down %s",
                                 farm->path, node->name, node->name);
    }
    return TRUE;
}

static void add_missing_units(PifDaemon *daemon)
{
    for (guint i = 0; i < daemon->farm->nodes->len; i++) {
        const PifNode *node = g_ptr_array_index(daemon->farm->nodes, i);
        PifUnit *unit = g_hash_table_lookup(daemon->units, node->name);
        if (unit)
            pif_unit_set_node(unit, node);
        else
            g_hash_table_insert(daemon->units, g_strdup(node->name), pif_unit_new(daemon, node));
    }
}

static gboolean has_vanished(gpointer name, gpointer unit, gpointer farm)
{
    (void)unit;
    return pif_farm_find_node(farm, name) == NULL;
}

/* The network's servers need not know of a change. */
static gboolean have_same_nodes(const PifFarm *a, const PifFarm *b)
{
    if (a->nodes->len != b->nodes->len)
        return FALSE;
    for (guint i = 0; i < a->nodes->len; i++) {
        const PifNode *node = g_ptr_array_index(a->nodes, i);
        const PifNode *other = pif_farm_find_node(b, node->name);
        if (!other || !is_same_node(node, other) || node->ssh_port != other->ssh_port)
            return FALSE;
    }
    return TRUE;
}

gboolean pif_daemon_reload(PifDaemon *daemon, GError **error)
{
    PifFarm *farm = pif_farm_load(daemon->farm_path, error);
    if (!farm || !check_reload(daemon, farm, error)) {
        pif_farm_free(farm);
        return FALSE;
    }
    g_autoptr(PifFarm) old = daemon->farm;
    g_hash_table_foreach_remove(daemon->units, has_vanished, farm);
    daemon->farm = farm;
    add_missing_units(daemon);
    return have_same_nodes(old, farm) || pif_network_reload(daemon->network, error);
}

static gboolean open_folders(PifDaemon *daemon, GError **error)
{
    static const char *const folders[] = {"cards", "boot", "logs", "libvirt", "dnsmasq"};
    g_autofree char *store = pif_paths_store_dir();
    daemon->directory = pif_paths_farm_dir(daemon->farm->name);
    for (size_t i = 0; i < G_N_ELEMENTS(folders); i++) {
        g_autofree char *folder = g_build_filename(daemon->directory, folders[i], NULL);
        if (!pif_dir_make(folder, 0755, error))
            return FALSE;
    }
    daemon->store = pif_store_open(store, error);
    return daemon->store != NULL;
}

static gboolean open_parts(PifDaemon *daemon, GError **error)
{
    g_autofree char *database = g_build_filename(daemon->directory, "state.db", NULL);
    g_autofree char *libvirt = g_build_filename(daemon->directory, "libvirt", NULL);
    daemon->state = pif_state_open(database, error);
    if (!daemon->state)
        return FALSE;
    add_missing_units(daemon);
    daemon->network = pif_network_new(daemon);
    daemon->hypervisor = pif_hypervisor_open(daemon->farm->libvirt_uri, libvirt, daemon->farm->name,
                                             on_machine_event, daemon, error);
    return daemon->hypervisor && pif_daemon_write_known_hosts(daemon, error) &&
           find_again(daemon, error);
}

PifDaemon *pif_daemon_new(const char *farm_path, GError **error)
{
    g_autoptr(PifDaemon) daemon = g_new0(PifDaemon, 1);
    daemon->loop = g_main_loop_new(NULL, FALSE);
    daemon->turns = g_get_num_processors();
    daemon->farm_path = g_strdup(farm_path);
    daemon->units =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)pif_unit_free);
    g_queue_init(&daemon->waiting);
    daemon->farm = pif_farm_load(farm_path, error);
    if (!daemon->farm || !open_folders(daemon, error) || !open_parts(daemon, error))
        return NULL;
    return g_steal_pointer(&daemon);
}

void pif_daemon_free(PifDaemon *daemon)
{
    if (!daemon)
        return;
    g_queue_clear(&daemon->waiting);
    g_clear_pointer(&daemon->units, g_hash_table_unref);
    pif_network_free(daemon->network);
    pif_hypervisor_free(daemon->hypervisor);
    pif_store_free(daemon->store);
    pif_state_free(daemon->state);
    pif_farm_free(daemon->farm);
    g_main_loop_unref(daemon->loop);
    g_free(daemon->directory);
    g_free(daemon->farm_path);
    g_free(daemon);
}
