// SPDX-License-Identifier: MIT
// What is opened in which order.
#include "pifarm/daemon/open.h"

#include "pifarm/base/error.h"
#include "pifarm/base/file.h"
#include "pifarm/base/paths.h"
#include "pifarm/daemon/known-hosts.h"
#include "pifarm/daemon/network.h"
#include "pifarm/daemon/unit.h"
#include "pifarm/daemon/units.h"

static void on_machine_event(const char *node, PifMachineEvent event, const char *detail,
                             gpointer data)
{
    PifDaemon *daemon = data;
    PifUnit *unit = g_hash_table_lookup(daemon->units, node);
    if (unit)
        pif_unit_machine_event(unit, event, detail);
}

static void on_lease(PifDaemon *daemon, const PifNode *node, gint64 expires_s)
{
    PifUnit *unit = g_hash_table_lookup(daemon->units, node->name);
    if (unit)
        pif_unit_lease(unit, expires_s);
}

static gboolean open_folders(PifDaemon *daemon, GError **error)
{
    static const char *const folders[] = {"cards", "boot", "logs", "libvirt", "dnsmasq", "netboot"};
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
    pif_units_add_missing(daemon);
    daemon->network = pif_network_new(daemon, on_lease);
    daemon->hypervisor = pif_hypervisor_open(daemon->farm->libvirt_uri, libvirt, daemon->farm->name,
                                             on_machine_event, daemon, error);
    return daemon->hypervisor && pif_known_hosts_write(daemon, error) &&
           pif_units_find_again(daemon, error);
}

PifDaemon *pif_daemon_open(const char *farm_path, GError **error)
{
    g_autoptr(PifDaemon) daemon = g_new0(PifDaemon, 1);
    daemon->loop = g_main_loop_new(NULL, FALSE);
    daemon->turns = pif_turns_new(g_get_num_processors(), pif_unit_take_turn);
    daemon->farm_path = g_strdup(farm_path);
    daemon->units =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)pif_unit_free);
    daemon->farm = pif_farm_load(farm_path, error);
    if (!daemon->farm || !open_folders(daemon, error) || !open_parts(daemon, error))
        return NULL;
    return g_steal_pointer(&daemon);
}

void pif_daemon_close(PifDaemon *daemon)
{
    if (!daemon)
        return;
    g_clear_pointer(&daemon->units, g_hash_table_unref);
    pif_turns_free(daemon->turns);
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
