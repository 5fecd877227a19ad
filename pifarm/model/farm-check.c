// SPDX-License-Identifier: MIT
// Mistakes that no single key shows: two nodes with one ID, an address outside of the lan.
#include "pifarm/model/address.h"
#include "pifarm/model/defaults.h"
#include "pifarm/model/farm-keys.h"

#include <string.h>

/* What no two nodes of a farm may share: the text is NULL where the node has none. Free it. */
typedef struct {
    const char *key; /* of farm.yaml that says it */
    char *(*format)(const PifNode *node);
    gboolean has_default; /* made from the ID: clashes of two defaults are those of the IDs */
} Unique;

static char *format_name(const PifNode *node)
{
    return g_strdup(node->name);
}

static char *format_id(const PifNode *node)
{
    return node->id ? g_strdup_printf("%u", node->id) : NULL;
}

static char *format_port(const PifNode *node)
{
    return node->switch_name ? g_strdup_printf("%s/%u", node->switch_name, node->port) : NULL;
}

static char *format_mac(const PifNode *node)
{
    static const PifMac none = {0};
    return memcmp(&node->mac, &none, sizeof none) == 0 ? NULL : pif_mac_format(&node->mac);
}

static char *format_address(const PifNode *node)
{
    return node->address ? pif_ipv4_format(node->address) : NULL;
}

static const Unique uniques[] = {
    {"name", format_name},
    {"id", format_id},
    {"port", format_port},
    {"mac", format_mac, .has_default = TRUE},
    {"address", format_address, .has_default = TRUE},
};

/* The place to show: where the file says it, or else the entry. */
static const PifYaml *place_of(const PifFarmDraft *draft, const PifNode *node, const char *key)
{
    const PifNodeEntry *entry = g_hash_table_lookup(draft->entry_of, node);
    const PifYaml *value = pif_yaml_get(entry->map, key);
    return value ? value : entry->map;
}

static gboolean is_given(const PifFarmDraft *draft, const PifNode *node, const char *key)
{
    const PifNodeEntry *entry = g_hash_table_lookup(draft->entry_of, node);
    return pif_yaml_get(entry->map, key) != NULL;
}

static char *describe(const PifNode *node)
{
    return node->name ? g_strdup_printf("node '%s'", node->name)
                      : g_strdup_printf("node %u", node->id);
}

static void refuse_clash(const PifFarmDraft *draft, const Unique *unique, const char *text,
                         const PifNode *first, const PifNode *second)
{
    const PifNode *shown = second, *other = first;
    if (!is_given(draft, second, unique->key) && is_given(draft, first, unique->key)) {
        shown = first;
        other = second;
    }
    g_autofree char *holder =
        g_strcmp0(text, other->name) == 0 ? g_strdup("another node") : describe(other);
    pif_diagnostics_add(draft->diagnostics, &place_of(draft, shown, unique->key)->place,
                        "%s '%s' is taken by %s on line %u", unique->key, text, holder,
                        place_of(draft, other, unique->key)->place.line);
}

/* Of a range that clashes as a whole only the first is shown. */
static void check_unique(const PifFarmDraft *draft, const Unique *unique)
{
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autoptr(GHashTable) refused = g_hash_table_new(NULL, NULL);
    for (unsigned i = 0; i < draft->farm->nodes->len; i++) {
        const PifNode *node = g_ptr_array_index(draft->farm->nodes, i);
        g_autofree char *text = unique->format(node);
        if (!text)
            continue;
        const PifNode *first = g_hash_table_lookup(seen, text);
        if (!first) {
            g_hash_table_insert(seen, g_steal_pointer(&text), (gpointer)node);
            continue;
        }
        if (unique->has_default && !is_given(draft, first, unique->key) &&
            !is_given(draft, node, unique->key))
            continue;
        if (g_hash_table_add(refused, g_hash_table_lookup(draft->entry_of, node)))
            refuse_clash(draft, unique, text, first, node);
    }
}

/* What is wrong with a node's address in this lan; NULL: nothing. */
static char *find_address_problem(const PifFarm *farm, uint32_t address)
{
    uint32_t broadcast = pif_subnet_broadcast(farm->lan.network, farm->lan.prefix_length);
    if (address < farm->lan.network || address > broadcast) {
        g_autofree char *network = pif_ipv4_format(farm->lan.network);
        return g_strdup_printf("is outside of the lan's subnet %s/%u", network,
                               farm->lan.prefix_length);
    }
    if (address == farm->lan.network || address == broadcast)
        return g_strdup_printf("is the lan's %s address",
                               address == broadcast ? "broadcast" : "network");
    if (address == farm->lan.host_address)
        return g_strdup("is this host's own in the lan");
    for (unsigned i = 0; i < farm->switches->len; i++) {
        const PifSwitchSpec *spec = g_ptr_array_index(farm->switches, i);
        if (spec->address == address)
            return g_strdup_printf("is that of switch '%s'", spec->name);
    }
    return NULL;
}

static void check_addresses(const PifFarmDraft *draft)
{
    g_autoptr(GHashTable) refused = g_hash_table_new(NULL, NULL);
    if (!draft->farm->lan.prefix_length) /* which was refused */
        return;
    for (unsigned i = 0; i < draft->farm->nodes->len; i++) {
        const PifNode *node = g_ptr_array_index(draft->farm->nodes, i);
        g_autofree char *problem =
            node->address ? find_address_problem(draft->farm, node->address) : NULL;
        if (!problem || !g_hash_table_add(refused, g_hash_table_lookup(draft->entry_of, node)))
            continue;
        g_autofree char *who = describe(node), *address = pif_ipv4_format(node->address);
        pif_diagnostics_add(draft->diagnostics, &place_of(draft, node, "address")->place,
                            "address %s of %s %s", address, who, problem);
    }
}

gboolean pif_farm_is_group(const PifFarm *farm, const char *group)
{
    for (guint i = 0; i < farm->nodes->len; i++) {
        const PifNode *node = g_ptr_array_index(farm->nodes, i);
        if (g_strv_contains((const char *const *)node->groups, group))
            return TRUE;
    }
    return FALSE;
}

/* A group that is misspelt would leave nodes together that are meant to be apart. */
static void check_isolated_groups(const PifFarmDraft *draft)
{
    char **groups = draft->farm->lan.isolate;
    for (; groups && *groups; groups++)
        if (!pif_farm_is_group(draft->farm, *groups))
            pif_diagnostics_add(draft->diagnostics, &draft->isolate->place,
                                "'isolate-groups' of 'lan': no node is in group '%s'", *groups);
}

void pif_farm_check(PifFarmDraft *draft)
{
    for (size_t i = 0; i < G_N_ELEMENTS(uniques); i++)
        check_unique(draft, &uniques[i]);
    check_addresses(draft);
    check_isolated_groups(draft);
    pif_farm_check_netboot(draft);
}
