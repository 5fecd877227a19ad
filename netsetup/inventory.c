// SPDX-License-Identifier: MIT
// The farm's links picked out of all: by their marks, and ports by their bridge.
#include "netsetup/inventory.h"

#include "netsetup/owner.h"

static void entry_clear(gpointer data)
{
    PifNetEntry *entry = data;
    g_free(entry->name);
    g_free(entry->node);
    g_free(entry->mac);
    g_free(entry->addresses);
}

static char *format_addresses(const PifLink *link)
{
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < link->addresses->len; i++) {
        g_autofree char *address =
            pif_address_format(g_array_index(link->addresses, PifAddress, i));
        g_string_append_printf(text, "%s%s", i ? " " : "", address);
    }
    return g_string_free(text, FALSE);
}

static const char *role_of(const PifLink *link, const char *farm, const char *node)
{
    g_autofree char *owner = pif_link_farm(link);
    if (g_strcmp0(owner, farm) != 0)
        return "port";
    if (node && pif_link_is_wlan_of_node(link, farm, node))
        return "wlan";
    if (node)
        return "node";
    if (pif_link_is_uplink_of(link, farm))
        return "uplink";
    if (g_str_equal(link->kind, "ifb"))
        return "fault";
    return g_str_equal(link->kind, "vxlan") ? "vxlan" : "bridge";
}

static gboolean is_of_farm(const PifLink *link, const PifNetState *state, const char *farm)
{
    const PifLink *master = pif_net_state_find_link(state, link->master);
    g_autofree char *owner = pif_link_farm(link);
    g_autofree char *master_owner = master ? pif_link_farm(master) : NULL;
    return g_strcmp0(owner, farm) == 0 || g_strcmp0(master_owner, farm) == 0;
}

static PifNetEntry describe(const PifLink *link, const char *farm)
{
    PifNetEntry entry = {.name = g_strdup(link->name),
                         .node = pif_link_node(link, farm),
                         .is_up = link->is_up,
                         .mtu = link->mtu,
                         .addresses = format_addresses(link)};
    if (!entry.node)
        entry.node = pif_link_wlan_node(link, farm);
    entry.role = role_of(link, farm, entry.node);
    entry.mac = g_strdup_printf("%02x:%02x:%02x:%02x:%02x:%02x", link->mac[0], link->mac[1],
                                link->mac[2], link->mac[3], link->mac[4], link->mac[5]);
    return entry;
}

GArray *pif_net_inventory(const char *farm, GError **error)
{
    g_autoptr(PifNetState) state = pif_net_state_observe(error);
    if (!state)
        return NULL;
    GArray *entries = g_array_new(FALSE, FALSE, sizeof(PifNetEntry));
    g_array_set_clear_func(entries, entry_clear);
    for (guint i = 0; i < state->links->len; i++) {
        const PifLink *link = g_ptr_array_index(state->links, i);
        if (!is_of_farm(link, state, farm))
            continue;
        PifNetEntry entry = describe(link, farm);
        g_array_append_val(entries, entry);
    }
    return entries;
}
