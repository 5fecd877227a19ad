// SPDX-License-Identifier: MIT
// The opposite of identity.c.
#include "images/card/anonymous.h"

#include "images/card/card-root.h"
#include "images/card/network-config.h"
#include "images/card/template.h"
#include "images/card/trait-file.h"
#include "pifarm/base/error.h"

#include <string.h>
#include <sys/stat.h>

#define NODE_ENV "/etc/pifarm/node.env"

/* machine-id(5): an empty file is filled in at boot, a missing one only where /etc is writable. */
static gboolean is_machine_id(const char *path)
{
    return g_str_equal(path, "/etc/machine-id");
}

static gboolean is_of_one_node(const char *path)
{
    static const char *const paths[] = {"/var/lib/dbus/machine-id",
                                        "/var/lib/systemd/credential.secret", NODE_ENV, NULL};
    const PifTraitFile *file = pif_trait_file_find(path, 0);
    return pif_trait_file_is_host_key(path) || g_strv_contains(paths, path) ||
           (file && file->is_made_anew);
}

static GPtrArray *plan(GHashTable *entries)
{
    GPtrArray *changes = g_ptr_array_new_with_free_func((GDestroyNotify)pif_card_change_free);
    GHashTableIter iter;
    gpointer path;
    gpointer entry;
    g_hash_table_iter_init(&iter, entries);
    while (g_hash_table_iter_next(&iter, &path, &entry)) {
        if (!S_ISREG(((PifCardEntry *)entry)->mode) || !pif_card_root_is_plain(path))
            continue;
        if (is_machine_id(path))
            pif_card_change_add(changes, path, "", S_IFREG | 0444);
        else if (is_of_one_node(path))
            pif_card_change_add(changes, path, NULL, 0);
    }
    return changes;
}

/* What is on the card, in one run of debugfs. */
static gboolean survey(PifCardRoot *root, GHashTable **ret_entries, GHashTable **ret_contents,
                       GError **error)
{
    static const char *const more[] = {"/etc", "/etc/ssh", "/etc/pifarm", NULL};
    static const char *const files[] = {NODE_ENV, PIF_TEMPLATE_LIST, NULL};
    g_autofree const char **traits = pif_trait_folders();
    g_auto(GStrv) folders = pif_card_root_join(more, traits, pif_network_config_folders, NULL);
    g_auto(GStrv) paths = pif_card_root_join(files, pif_network_config_files, NULL);
    return pif_card_root_survey(root, (const char *const *)folders, (const char *const *)paths,
                                ret_entries, ret_contents, error);
}

/* A card that was never a node's has nothing made of templates. */
static gboolean take_templates_back(PifCardRoot *root, GHashTable *contents, GPtrArray *changes,
                                    GError **error)
{
    gsize size;
    g_auto(PifTemplates) templates = {0};
    GBytes *values = g_hash_table_lookup(contents, NODE_ENV);
    if (!values)
        return TRUE;
    const char *bytes = g_bytes_get_data(values, &size);
    g_autofree char *node_env = g_strndup(bytes ? bytes : "", size);
    return pif_templates_read(root, g_hash_table_lookup(contents, PIF_TEMPLATE_LIST), &templates,
                              error) &&
           pif_templates_take_back(&templates, node_env, changes, error);
}

static gboolean remove_identity(const PifCard *card, GError **error)
{
    g_autoptr(PifCardRoot) root = NULL;
    g_autoptr(GHashTable) entries = NULL;
    g_autoptr(GHashTable) contents = NULL;
    if (!pif_card_root_open(card, &root, error) || !survey(root, &entries, &contents, error))
        return FALSE;
    g_autoptr(GPtrArray) changes = plan(entries);
    return take_templates_back(root, contents, changes, error) &&
           pif_network_config_plan(entries, contents, NULL, changes, NULL, error) &&
           (changes->len == 0 || pif_card_root_change(root, changes, error));
}

gboolean pif_card_remove_identity(PifCard *card, GError **error)
{
    GError *failure = NULL;
    return remove_identity(card, &failure) ||
           pif_error_take(error, failure, "card %s", pif_card_path(card));
}
