// SPDX-License-Identifier: MIT
// A node's identity, written into the root of its card.
#include "images/card/identity.h"

#include "images/card/card-root.h"
#include "pifarm/base/error.h"

#include <sys/stat.h>

static const char private_key_path[] = "/etc/ssh/ssh_host_ed25519_key";
static const char public_key_path[] = "/etc/ssh/ssh_host_ed25519_key.pub";
static const char bus_id_path[] = "/var/lib/dbus/machine-id"; /* often a link to the other one */
static const char *const folders[] = {"/etc", "/etc/ssh", "/var/lib/dbus", NULL};

/* Takes content. */
static void plan(GPtrArray *changes, const char *path, char *content, guint mode)
{
    PifCardChange *change = g_new0(PifCardChange, 1);
    change->path = g_strdup(path);
    change->content = content;
    change->mode = mode;
    g_ptr_array_add(changes, change);
}

static gboolean plan_hostname(PifCardRoot *root, GPtrArray *changes, GHashTable *entries,
                              const char *hostname, GError **error)
{
    g_autofree char *hosts = NULL;
    if (g_hash_table_contains(entries, "/etc/hosts") &&
        !pif_card_root_read(root, "/etc/hosts", &hosts, error))
        return FALSE;
    plan(changes, "/etc/hostname", g_strconcat(hostname, "\n", NULL), S_IFREG | 0644);
    plan(changes, "/etc/hosts", pif_identity_edit_hosts(hosts, hostname), S_IFREG | 0644);
    return TRUE;
}

static void plan_machine_id(GPtrArray *changes, GHashTable *entries, const char *machine_id)
{
    const PifCardEntry *bus_id = g_hash_table_lookup(entries, bus_id_path);
    plan(changes, "/etc/machine-id", g_strconcat(machine_id, "\n", NULL), S_IFREG | 0444);
    if (bus_id && S_ISREG(bus_id->mode))
        plan(changes, bus_id_path, g_strconcat(machine_id, "\n", NULL), S_IFREG | 0444);
}

static gboolean is_host_key(const char *path)
{
    return g_regex_match_simple("^/etc/ssh/ssh_host_[a-z0-9_]+_key(\\.pub)?\\z", path,
                                G_REGEX_DEFAULT, G_REGEX_MATCH_DEFAULT);
}

/* Other host keys go: the clones of an image would share them. */
static void plan_host_key(GPtrArray *changes, GHashTable *entries, const PifIdentity *identity)
{
    GHashTableIter iter;
    gpointer path;
    g_hash_table_iter_init(&iter, entries);
    while (g_hash_table_iter_next(&iter, &path, NULL))
        if (is_host_key(path) && !g_str_equal(path, private_key_path) &&
            !(identity->host_key_public && g_str_equal(path, public_key_path)))
            plan(changes, path, NULL, 0);
    if (!g_hash_table_contains(entries, "/etc/ssh/."))
        plan(changes, "/etc/ssh", NULL, S_IFDIR | 0755);
    plan(changes, private_key_path, g_strdup(identity->host_key), S_IFREG | 0600);
    if (identity->host_key_public)
        plan(changes, public_key_path, g_strdup(identity->host_key_public), S_IFREG | 0644);
}

static gboolean write_identity(const PifCard *card, const PifIdentity *identity, GError **error)
{
    g_autoptr(PifCardRoot) root = NULL;
    g_autoptr(GHashTable) entries = NULL;
    g_autoptr(GPtrArray) changes =
        g_ptr_array_new_with_free_func((GDestroyNotify)pif_card_change_free);
    if (!pif_card_root_open(card, &root, error) ||
        !pif_card_root_list(root, folders, &entries, error))
        return FALSE;
    if (!g_hash_table_contains(entries, "/etc/."))
        return pif_error_set(error, PIF_ERROR_CONFIG, "the root file system has no /etc");
    if (identity->hostname && !plan_hostname(root, changes, entries, identity->hostname, error))
        return FALSE;
    if (identity->machine_id)
        plan_machine_id(changes, entries, identity->machine_id);
    if (identity->host_key)
        plan_host_key(changes, entries, identity);
    return pif_card_root_change(root, changes, error);
}

gboolean pif_card_write_identity(PifCard *card, const PifIdentity *identity, GError **error)
{
    GError *failure = NULL;
    return write_identity(card, identity, &failure) ||
           pif_error_take(error, failure, "card %s", pif_card_path(card));
}
