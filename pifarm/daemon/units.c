// SPDX-License-Identifier: MIT
// What is done to several units at a time: all of them are looked up, and asked whether they can,
// before one is touched.
#include "pifarm/daemon/units.h"

#include "images/store/clone-lock.h"
#include "images/store/clone.h"
#include "pifarm/base/error.h"
#include "pifarm/daemon/known-hosts.h"
#include "pifarm/daemon/network.h"
#include "pifarm/daemon/unit.h"

#include <stdio.h>

void pif_units_add_missing(PifDaemon *daemon)
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

/* So that `up` refuses at once, instead of a node that fails later. */
static gboolean check_cards_are_free(const PifDaemon *daemon, const GPtrArray *units,
                                     GError **error)
{
    for (guint i = 0; i < units->len; i++) {
        const PifUnit *unit = g_ptr_array_index(units, i);
        g_autofree char *card = pif_daemon_card_path(daemon, pif_unit_node(unit));
        g_auto(PifCloneLock) lock = {0};
        if (!pif_stage_is_on(pif_unit_stage(unit)) &&
            !pif_clone_lock(card, "the start of its node", &lock, error))
            return FALSE;
    }
    return TRUE;
}

gboolean pif_units_power_on(PifDaemon *daemon, GPtrArray *names, GPtrArray **ret_already,
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
    if (!check_cards_are_free(daemon, units, error) || !pif_network_up(daemon->network, error))
        return FALSE;
    for (guint i = 0; i < units->len; i++)
        pif_unit_input(g_ptr_array_index(units, i), PIF_INPUT_POWER_ON, NULL);
    *ret_already = g_steal_pointer(&already);
    return TRUE;
}

gboolean pif_units_power_off(PifDaemon *daemon, GPtrArray *names, GError **error)
{
    g_autoptr(GPtrArray) units = find_units(daemon, names, error);
    if (!units)
        return FALSE;
    for (guint i = 0; i < units->len; i++)
        pif_unit_input(g_ptr_array_index(units, i), PIF_INPUT_POWER_OFF, NULL);
    return TRUE;
}

static gboolean remove_card(const PifDaemon *daemon, const PifNode *node, GError **error)
{
    g_autofree char *card = pif_daemon_card_path(daemon, node);
    g_autofree char *key = g_strconcat(card, ".pub", NULL);
    g_auto(PifCloneLock) lock = {0};
    if (!pif_clone_lock(card, "its removal", &lock, error) ||
        !pif_clone_remove(daemon->store, card, error))
        return FALSE;
    remove(key);
    return TRUE;
}

gboolean pif_units_remove_cards(PifDaemon *daemon, GPtrArray *names, GError **error)
{
    g_autoptr(GPtrArray) units = find_units(daemon, names, error);
    for (guint i = 0; units && i < units->len; i++)
        if (pif_stage_is_on(pif_unit_stage(g_ptr_array_index(units, i))))
            return pif_error_set(error, PIF_ERROR_BUSY,
                                 "node '%s' is on; its card can only be removed when it is off",
                                 (char *)g_ptr_array_index(names, i));
    for (guint i = 0; units && i < units->len; i++)
        if (!remove_card(daemon, pif_unit_node(g_ptr_array_index(units, i)), error))
            return FALSE;
    return units && pif_known_hosts_write(daemon, error);
}

gboolean pif_units_take_down(PifDaemon *daemon, GError **error)
{
    GHashTableIter iter;
    gpointer name;
    gpointer unit;
    g_hash_table_iter_init(&iter, daemon->units);
    while (g_hash_table_iter_next(&iter, &name, &unit))
        if (pif_stage_is_on(pif_unit_stage(unit)))
            return pif_error_set(error, PIF_ERROR_BUSY, "node '%s' is on", (char *)name);
    return pif_network_down(daemon->network, error) && pif_state_clear_faults(daemon->state, error);
}

gboolean pif_units_find_again(PifDaemon *daemon, GError **error)
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
