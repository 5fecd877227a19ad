// SPDX-License-Identifier: MIT
// Keys of a node, or of a range of nodes.
#include "pifarm/model/farm-keys.h"
#include "pifarm/model/range.h"

#include <string.h>

void pif_node_free(gpointer data)
{
    PifNode *node = data;
    if (!node)
        return;
    g_free(node->name);
    g_free(node->switch_name);
    g_strfreev(node->groups);
    g_strfreev(node->dhcp_options);
    g_free(node->console_halt);
    g_array_unref(node->forwards);
    g_free(node);
}

void pif_node_entry_free(gpointer data)
{
    PifNodeEntry *entry = data;
    g_free(entry->what);
    g_strfreev(entry->names);
    g_strfreev(entry->ids);
    g_strfreev(entry->ports);
    g_strfreev(entry->addresses);
    g_strfreev(entry->groups);
    g_free(entry->mac);
    g_free(entry->image);
    pif_nets_clear(&entry->nets);
    g_free(entry);
}

static void read_range(const PifKeyScope *scope, const PifKey *key, const PifYaml *value,
                       gpointer field)
{
    const char *problem;
    const char *text = pif_key_text(scope, key, value);
    if (!text)
        return;
    char **items = pif_range_expand(text, &problem);
    if (items)
        *(char ***)field = items;
    else
        pif_key_refuse(scope, value, "'%s' of %s: %s", key->name, scope->what, problem);
}

static void read_names(const PifKeyScope *scope, const PifKey *key, const PifYaml *value,
                       gpointer field)
{
    read_range(scope, key, value, field);
    char **names = *(char ***)field;
    for (; names && *names; names++)
        if (!pif_farm_is_name(*names, 63)) { /* RFC 1035, section 2.3.4: a label */
            pif_key_expect(scope, key, value,
                           "a host name of a-z, 0-9 and '-', beginning with a letter");
            return;
        }
}

/* group and groups say the same; who writes both wants all of them. */
static void read_groups(const PifKeyScope *scope, const PifKey *key, const PifYaml *value,
                        gpointer field)
{
    char ***groups = field;
    g_auto(GStrv) more = NULL;
    g_autoptr(GStrvBuilder) all = g_strv_builder_new();
    pif_key_read_strings(scope, key, value, &more);
    for (char **group = more; group && *group; group++)
        if (!pif_farm_is_name(*group, 32)) {
            pif_key_refuse(scope, value,
                           "group '%s' of %s: a name is up to 32 of a-z, 0-9 and '-', "
                           "and begins with a letter",
                           *group, scope->what);
            return;
        }
    if (*groups)
        g_strv_builder_addv(all, (const char **)*groups);
    if (more)
        g_strv_builder_addv(all, (const char **)more);
    g_strfreev(*groups);
    *groups = g_strv_builder_end(all);
}

static void read_mac(const PifKeyScope *scope, const PifKey *key, const PifYaml *value,
                     gpointer field)
{
    static const PifMac none = {0};
    PifMac mac;
    const char *text = pif_key_text(scope, key, value);
    if (!text)
        return;
    if (pif_mac_parse(text, &mac) && !(mac.bytes[0] & 1) && memcmp(&mac, &none, sizeof mac) != 0)
        pif_key_read_string(scope, key, value, field);
    else
        pif_key_expect(scope, key, value, "the MAC address of one adapter, like b8:27:eb:11:b7:41");
}

/* boot and root: one word, or for boot several in order. The first of words is supported. */
static void read_words(const PifKeyScope *scope, const PifKey *key, const PifYaml *value,
                       const char *const *words)
{
    g_auto(GStrv) found = NULL;
    pif_key_read_strings(scope, key, value, &found);
    for (char **word = found; word && *word; word++) {
        if (!g_strv_contains(words, *word)) {
            g_autofree char *known = g_strjoinv(", ", (char **)words);
            g_autofree char *expected = g_strdup_printf("one of: %s", known);
            pif_key_expect(scope, key, value, expected);
            return;
        }
        if (strcmp(*word, words[0]) != 0) {
            pif_key_refuse(scope, value,
                           "'%s: %s' of %s is not supported by this version yet; '%s' is",
                           key->name, *word, scope->what, words[0]);
            return;
        }
    }
}

static void read_boot(const PifKeyScope *scope, const PifKey *key, const PifYaml *value,
                      gpointer field)
{
    static const char *const words[] = {"card", "net", NULL};
    read_words(scope, key, value, words);
}

static void read_root(const PifKeyScope *scope, const PifKey *key, const PifYaml *value,
                      gpointer field)
{
    static const char *const words[] = {"card", "nbd", "nfs", "install", NULL};
    read_words(scope, key, value, words);
}

const PifKey pif_node_keys[] = {
    {"name", read_names, .offset = offsetof(PifNodeEntry, names), .is_required = TRUE},
    {"id", read_range, .offset = offsetof(PifNodeEntry, ids), .is_required = TRUE},
    {"port", read_range, .offset = offsetof(PifNodeEntry, ports)},
    {"image", pif_key_read_string, .offset = offsetof(PifNodeEntry, image), .is_required = TRUE},
    {"mac", read_mac, .offset = offsetof(PifNodeEntry, mac)},
    {"address", read_range, .offset = offsetof(PifNodeEntry, addresses)},
    {"group", read_groups, .offset = offsetof(PifNodeEntry, groups)},
    {"groups", read_groups, .offset = offsetof(PifNodeEntry, groups)},
    {"isolate", pif_key_read_truth, .offset = offsetof(PifNodeEntry, is_isolated)},
    {"boot", read_boot},
    {"root", read_root},
    {"console", pif_key_read_later},
    {"forward", pif_farm_read_net_key, .offset = offsetof(PifNodeEntry, nets)},
    {"wan", pif_farm_read_net_key, .offset = offsetof(PifNodeEntry, nets)},
    {"wlan", pif_farm_read_net_key, .offset = offsetof(PifNodeEntry, nets)},
    {"dhcp-options", pif_farm_read_net_key, .offset = offsetof(PifNodeEntry, nets)},
    {NULL},
};

static char *describe(const PifYaml *map, unsigned index)
{
    const PifYaml *name = pif_yaml_get(map, "name");
    if (name && name->kind == PIF_YAML_SCALAR && *name->text)
        return g_strdup_printf("node '%s'", name->text);
    return g_strdup_printf("node number %u of the list", index + 1);
}

void pif_farm_read_nodes(const PifKeyScope *scope, const PifKey *key, const PifYaml *value,
                         gpointer field)
{
    PifFarmDraft *draft = scope->context;
    if (value->kind != PIF_YAML_LIST) {
        pif_key_expect(scope, key, value,
                       "a list of nodes, as - { name: n1, id: 1, image: debian }");
        return;
    }
    for (unsigned i = 0; i < value->values->len; i++) {
        PifNodeEntry *entry = g_new0(PifNodeEntry, 1);
        PifKeyScope inner = *scope;
        g_ptr_array_add(draft->entries, entry);
        entry->map = g_ptr_array_index(value->values, i);
        entry->what = describe(entry->map, i);
        inner.what = entry->what;
        pif_keys_read(&inner, key->keys, entry->map, entry);
    }
}
