// SPDX-License-Identifier: MIT
// What may change in farm.yaml under nodes that are on, and what may not.
#include "pifarm/daemon/reload.h"

#include "pifarm/base/error.h"
#include "pifarm/daemon/network.h"
#include "pifarm/daemon/unit.h"
#include "pifarm/daemon/units.h"
#include "pifarm/daemon/wan.h"

#include <string.h>

static gboolean have_same_forwards(const PifNode *a, const PifNode *b)
{
    if (a->forwards->len != b->forwards->len)
        return FALSE;
    for (guint i = 0; i < a->forwards->len; i++)
        if (!pif_node_forward_equal(&g_array_index(a->forwards, PifNodeForward, i),
                                    &g_array_index(b->forwards, PifNodeForward, i)))
            return FALSE;
    return TRUE;
}

/* What a machine is started with. */
static gboolean have_same_adapters(const PifNode *a, const PifNode *b)
{
    g_auto(GStrv) a_forwards = pif_wan_forwards(a), b_forwards = pif_wan_forwards(b);
    return a->has_wan == b->has_wan && a->has_wlan == b->has_wlan &&
           g_strv_equal((const char *const *)a_forwards, (const char *const *)b_forwards);
}

static gboolean is_same_node(const PifNode *a, const PifNode *b)
{
    return a->id == b->id && a->address == b->address && a->serial == b->serial &&
           memcmp(a->mac.bytes, b->mac.bytes, sizeof a->mac.bytes) == 0 &&
           g_str_equal(a->image->name, b->image->name) && have_same_adapters(a, b);
}

/* No node that is on may change under its own feet, nor the network under them. */
static gboolean check_reload(PifDaemon *daemon, const PifFarm *farm, GError **error)
{
    gboolean is_same_segment = g_str_equal(farm->lan.bridge, daemon->farm->lan.bridge) &&
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
        if (!is_same_segment || !changed || !is_same_node(node, changed))
            return pif_error_set(error, PIF_ERROR_BUSY,
                                 "%s changes or removes node '%s', which is on; turn it off first: "
                                 "pifarm down %s",
                                 farm->path, node->name, node->name);
    }
    return TRUE;
}

static gboolean has_vanished(gpointer name, gpointer unit, gpointer farm)
{
    (void)unit;
    return pif_farm_find_node(farm, name) == NULL;
}

/* What may change while nodes are on: the rest of the lan. */
static gboolean is_same_lan(const PifFarm *a, const PifFarm *b)
{
    return a->lan.mtu == b->lan.mtu && a->lan.has_nat == b->lan.has_nat &&
           a->lan.has_guard == b->lan.has_guard && a->lan.is_accepted == b->lan.is_accepted &&
           g_strcmp0(a->lan.uplink, b->lan.uplink) == 0 &&
           memcmp(&a->lan.vxlan, &b->lan.vxlan, sizeof a->lan.vxlan) == 0;
}

static gboolean is_same_list(char *const *a, char *const *b)
{
    return a && b ? g_strv_equal((const char *const *)a, (const char *const *)b) : !a && !b;
}

static gboolean is_same_netboot(const PifFarm *a, const PifFarm *b)
{
    return a->netboot.dhcp == b->netboot.dhcp && a->netboot.first == b->netboot.first &&
           a->netboot.last == b->netboot.last && a->netboot.has_http == b->netboot.has_http &&
           g_strcmp0(a->netboot.unknown, b->netboot.unknown) == 0 &&
           g_strcmp0(a->netboot.auth_url, b->netboot.auth_url) == 0 &&
           g_strcmp0(a->netboot.root, b->netboot.root) == 0 &&
           is_same_list(a->netboot.allow, b->netboot.allow) &&
           is_same_list(a->netboot.deny, b->netboot.deny) &&
           is_same_list(a->netboot.notify, b->netboot.notify) &&
           is_same_list(a->netboot.broadcast, b->netboot.broadcast) &&
           is_same_list(a->netboot.maps, b->netboot.maps) &&
           is_same_list(a->netboot.texts, b->netboot.texts);
}

/* The network's servers need not know of a change. */
static gboolean have_same_nodes(const PifFarm *a, const PifFarm *b)
{
    if (a->nodes->len != b->nodes->len)
        return FALSE;
    for (guint i = 0; i < a->nodes->len; i++) {
        const PifNode *node = g_ptr_array_index(a->nodes, i);
        const PifNode *other = pif_farm_find_node(b, node->name);
        if (!other || !is_same_node(node, other) || !have_same_forwards(node, other) ||
            node->ssh_port != other->ssh_port || node->is_isolated != other->is_isolated ||
            !is_same_list(node->dhcp_options, other->dhcp_options))
            return FALSE;
    }
    return TRUE;
}

gboolean pif_reload_farm(PifDaemon *daemon, GError **error)
{
    PifFarm *farm = pif_farm_load(daemon->farm_path, error);
    if (!farm || !check_reload(daemon, farm, error)) {
        pif_farm_free(farm);
        return FALSE;
    }
    g_autoptr(PifFarm) old = daemon->farm;
    g_hash_table_foreach_remove(daemon->units, has_vanished, farm);
    daemon->farm = farm;
    pif_units_add_missing(daemon);
    return (have_same_nodes(old, farm) && is_same_lan(old, farm) && is_same_netboot(old, farm)) ||
           pif_network_reload(daemon->network, error);
}
