// SPDX-License-Identifier: MIT
// Nodes made from the entries of the list: ranges counted out, references followed, defaults filled
// in.
#include "pifarm/base/suggest.h"
#include "pifarm/model/address.h"
#include "pifarm/model/defaults.h"
#include "pifarm/model/farm-keys.h"

#include <string.h>

/* Adds a mistake at the value of one of the entry's keys. */
static void refuse(const PifFarmDraft *draft, const PifNodeEntry *entry, const char *key,
                   const char *format, ...) G_GNUC_PRINTF(4, 5);
static void refuse(const PifFarmDraft *draft, const PifNodeEntry *entry, const char *key,
                   const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *message = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    const PifYaml *value = pif_yaml_get(entry->map, key);
    pif_diagnostics_add(draft->diagnostics, &(value ? value : entry->map)->place, "%s", message);
}

static unsigned count(char **items)
{
    return items ? g_strv_length(items) : 0;
}

static gboolean parse_id(const char *text, unsigned *ret_id)
{
    guint64 id;
    if (!g_ascii_string_to_unsigned(text, 10, 1, PIF_NODE_ID_MAX, &id, NULL))
        return FALSE;
    *ret_id = (unsigned)id;
    return TRUE;
}

/* The IDs of the entry's nodes, 0 where one is wrong. A single number counts up. */
static void make_ids(const PifFarmDraft *draft, const PifNodeEntry *entry, unsigned n_nodes,
                     unsigned *ids)
{
    unsigned n_given = count(entry->ids);
    for (unsigned i = 0; i < MIN(n_given, n_nodes); i++)
        if (!parse_id(entry->ids[i], &ids[i])) {
            refuse(draft, entry, "id", "'id' of %s must be a whole number from 1 to %d, not '%s'",
                   entry->what, PIF_NODE_ID_MAX, entry->ids[i]);
            return;
        }
    if (n_given == 1 && ids[0] && ids[0] + n_nodes - 1 > PIF_NODE_ID_MAX)
        refuse(draft, entry, "id", "'id' of %s counts up to %u: %d is the last", entry->what,
               ids[0] + n_nodes - 1, PIF_NODE_ID_MAX);
    else if (n_given == 1 && ids[0])
        for (unsigned i = 1; i < n_nodes; i++)
            ids[i] = ids[0] + i;
}

/* Drops items of a number that does not fit, so that they are not looked at further. */
static void check_length(const PifFarmDraft *draft, const PifNodeEntry *entry, const char *key,
                         char ***items)
{
    unsigned n_nodes = count(entry->names), n_items = count(*items);
    if (!n_nodes || !n_items || n_items == n_nodes)
        return;
    refuse(draft, entry, key, "%s is %u node%s, but '%s' gives %u", entry->what, n_nodes,
           n_nodes == 1 ? "" : "s", key, n_items);
    g_clear_pointer(items, g_strfreev);
}

/* Images and switches both begin with their name. */
static const char *name_of(const GPtrArray *things, unsigned index)
{
    return *(char **)g_ptr_array_index(things, index);
}

static gconstpointer find(const GPtrArray *things, const char *name)
{
    for (unsigned i = 0; i < things->len; i++)
        if (strcmp(name_of(things, i), name) == 0)
            return g_ptr_array_index(things, i);
    return NULL;
}

/* "; did you mean 'debian'?", or nothing. Free it. */
static char *suggest(const char *word, const GPtrArray *things)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    for (unsigned i = 0; i < things->len; i++)
        g_ptr_array_add(names, (gpointer)name_of(things, i));
    g_ptr_array_add(names, NULL);
    const char *suggestion = pif_suggest(word, (const char *const *)names->pdata);
    return suggestion ? g_strdup_printf("; did you mean '%s'?", suggestion) : g_strdup("");
}

static const PifImageSpec *make_image(const PifFarmDraft *draft, const PifNodeEntry *entry)
{
    const PifImageSpec *image = entry->image ? find(draft->farm->images, entry->image) : NULL;
    if (entry->image && !image) {
        g_autofree char *suggestion = suggest(entry->image, draft->farm->images);
        refuse(draft, entry, "image", "image '%s' of %s is not one of 'images'%s", entry->image,
               entry->what, suggestion);
    }
    return image;
}

/* Splits "sw0/3" and checks both. FALSE after a mistake: the rest of a range would only repeat it.
 */
static gboolean make_port(const PifFarmDraft *draft, const PifNodeEntry *entry, const char *text,
                          PifNode *node)
{
    guint64 port;
    const char *slash = strrchr(text, '/');
    if (!slash || slash == text ||
        !g_ascii_string_to_unsigned(slash + 1, 10, 1, 9999, &port, NULL)) {
        refuse(draft, entry, "port",
               "'port' of %s must be a switch and a port like sw0/3, not '%s'", entry->what, text);
        return FALSE;
    }
    g_autofree char *name = g_strndup(text, (gsize)(slash - text));
    const PifSwitchSpec *spec = find(draft->farm->switches, name);
    if (!spec) {
        g_autofree char *suggestion = suggest(name, draft->farm->switches);
        refuse(draft, entry, "port", "switch '%s' of %s is not one of 'switches'%s", name,
               entry->what, suggestion);
        return FALSE;
    }
    if (port > spec->ports) {
        refuse(draft, entry, "port", "%s is on port %s, but the switch has %u ports", entry->what,
               text, spec->ports);
        return FALSE;
    }
    node->switch_name = g_steal_pointer(&name);
    node->port = (unsigned)port;
    return TRUE;
}

static gboolean make_address(const PifFarmDraft *draft, const PifNodeEntry *entry, const char *text,
                             PifNode *node)
{
    if (pif_ipv4_parse(text, &node->address))
        return TRUE;
    refuse(draft, entry, "address", "'address' of %s must be an IPv4 address, not '%s'",
           entry->what, text);
    return FALSE;
}

static gboolean is_in_group(const PifNode *node, char **groups)
{
    for (; groups && *groups; groups++)
        if (g_strv_contains((const char *const *)node->groups, *groups))
            return TRUE;
    return FALSE;
}

/* What the entry does not say itself. */
static void fill_defaults(const PifFarm *farm, const PifNodeEntry *entry, PifNode *node)
{
    const char *farm_name = farm->name ? farm->name : "";
    if (entry->mac)
        pif_mac_parse(entry->mac, &node->mac);
    else if (node->id && !pif_yaml_get(entry->map, "mac"))
        node->mac = pif_default_mac(farm_name, node->id);
    if (node->id && farm->lan.prefix_length && !pif_yaml_get(entry->map, "address"))
        node->address = farm->lan.network + PIF_NODE_ADDRESS_BASE + node->id;
    node->serial = pif_default_serial(farm_name, node->id, &node->mac);
    node->ssh_port = (uint16_t)(farm->lan.ssh_ports + node->id);
    if (!node->groups)
        node->groups = g_new0(char *, 1);
    node->is_isolated = entry->is_isolated || is_in_group(node, farm->lan.isolate);
}

static void make_nodes(PifFarmDraft *draft, PifNodeEntry *entry)
{
    unsigned n_nodes = MAX(1, count(entry->names));
    g_autofree unsigned *ids = g_new0(unsigned, n_nodes);
    const PifImageSpec *image = make_image(draft, entry);
    gboolean are_ports_right = TRUE, are_addresses_right = TRUE;
    make_ids(draft, entry, n_nodes, ids);
    for (unsigned i = 0; i < n_nodes; i++) {
        PifNode *node = g_new0(PifNode, 1);
        node->forwards = g_array_new(FALSE, FALSE, sizeof(PifNodeForward));
        node->name = entry->names ? g_strdup(entry->names[i]) : NULL;
        node->id = ids[i];
        node->image = image;
        node->groups = g_strdupv(entry->groups);
        if (are_ports_right && i < count(entry->ports))
            are_ports_right = make_port(draft, entry, entry->ports[i], node);
        if (are_addresses_right && i < count(entry->addresses))
            are_addresses_right = make_address(draft, entry, entry->addresses[i], node);
        fill_defaults(draft->farm, entry, node);
        g_ptr_array_add(draft->farm->nodes, node);
        g_hash_table_insert(draft->entry_of, node, entry);
    }
}

static void check_lengths(const PifFarmDraft *draft, PifNodeEntry *entry)
{
    if (count(entry->ids) != 1) /* one counts up */
        check_length(draft, entry, "id", &entry->ids);
    check_length(draft, entry, "port", &entry->ports);
    check_length(draft, entry, "address", &entry->addresses);
    if (entry->mac && count(entry->names) > 1) {
        refuse(draft, entry, "mac", "%s is %u nodes, but a 'mac' is that of one", entry->what,
               count(entry->names));
        g_clear_pointer(&entry->mac, g_free);
    }
}

void pif_farm_make_nodes(PifFarmDraft *draft)
{
    for (unsigned i = 0; i < draft->entries->len; i++) {
        PifNodeEntry *entry = g_ptr_array_index(draft->entries, i);
        if (draft->farm->nodes->len > PIF_NODE_ID_MAX) {
            refuse(draft, entry, "name", "%s is one too many: a farm has up to %d nodes",
                   entry->what, PIF_NODE_ID_MAX);
            return;
        }
        check_lengths(draft, entry);
        make_nodes(draft, entry);
    }
}
