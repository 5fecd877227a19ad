// SPDX-License-Identifier: MIT
// A node's identity, written into the root of its card.
#include "images/card/identity.h"

#include "images/card/card-root.h"
#include "images/card/network-config.h"
#include "images/card/template.h"
#include "images/card/trait-file.h"
#include "pifarm/base/error.h"

#include <sys/stat.h>

static const char private_key_path[] = "/etc/ssh/ssh_host_ed25519_key";
static const char public_key_path[] = "/etc/ssh/ssh_host_ed25519_key.pub";
static const char dropbear_folder[] = "/etc/dropbear";
static const char dropbear_key_path[] = "/etc/dropbear/dropbear_ed25519_host_key";
static const char bus_id_path[] = "/var/lib/dbus/machine-id"; /* often a link to the other one */

/* Links that start, at the first boot, what throws the host key away and makes another: of
 * Raspberry Pi OS (raspberrypi-sys-mods) and of Debian's own images for it. */
static const char *const key_makers[] = {
    "/etc/systemd/system/multi-user.target.wants/regenerate_ssh_host_keys.service",
    "/etc/systemd/system/multi-user.target.wants/rpi-generate-ssh-host-keys.service",
};

/* cloud-init takes each clone for a new machine, deletes its host keys and names it anew. */
static const char cloud_folder[] = "/etc/cloud";
static const char cloud_settings_path[] = "/etc/cloud/cloud.cfg.d/99-pifarm-identity.cfg";
static const char cloud_settings[] = "# Host keys and name of this card were made by pifarm.\n"
                                     "ssh_deletekeys: false\n"
                                     "ssh_genkeytypes: []\n"
                                     "preserve_hostname: true\n"
                                     "manage_etc_hosts: false\n";

/* What is on the card, and what is to change. */
typedef struct {
    GHashTable *entries;
    GHashTable *contents;
    GPtrArray *changes;
} Plan;

static void plan_clear(Plan *plan)
{
    g_clear_pointer(&plan->entries, g_hash_table_unref);
    g_clear_pointer(&plan->contents, g_hash_table_unref);
    g_clear_pointer(&plan->changes, g_ptr_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Plan, plan_clear)

static void add(Plan *plan, const char *path, const char *content, guint mode)
{
    pif_card_change_add(plan->changes, path, content, mode);
}

static gboolean has_folder(const Plan *plan, const char *path)
{
    g_autofree char *dot = g_strconcat(path, "/.", NULL);
    return g_hash_table_contains(plan->entries, dot);
}

static void add_folder(Plan *plan, const char *path)
{
    if (!has_folder(plan, path))
        add(plan, path, NULL, S_IFDIR | 0755);
}

static void add_removal(Plan *plan, const char *path)
{
    if (g_hash_table_contains(plan->entries, path))
        add(plan, path, NULL, 0);
}

static void add_hostname(Plan *plan, const char *hostname)
{
    GBytes *content = g_hash_table_lookup(plan->contents, "/etc/hosts");
    gsize size = 0;
    const char *bytes = content ? g_bytes_get_data(content, &size) : NULL;
    g_autofree char *hosts = content ? g_strndup(bytes ? bytes : "", size) : NULL;
    g_autofree char *edited = pif_identity_edit_hosts(hosts, hostname);
    g_autofree char *line = g_strconcat(hostname, "\n", NULL);
    add(plan, "/etc/hostname", line, S_IFREG | 0644);
    add(plan, "/etc/hosts", edited, S_IFREG | 0644);
}

static void add_machine_id(Plan *plan, const char *machine_id)
{
    const PifCardEntry *bus_id = g_hash_table_lookup(plan->entries, bus_id_path);
    g_autofree char *line = g_strconcat(machine_id, "\n", NULL);
    add(plan, "/etc/machine-id", line, S_IFREG | 0444);
    if (bus_id && S_ISREG(bus_id->mode))
        add(plan, bus_id_path, line, S_IFREG | 0444);
}

/* dropbear has the same key, in its own form. One that runs as Debian's starts only if there is
 * one.
 */
static void add_dropbear_key(Plan *plan, const char *host_key)
{
    g_autoptr(GBytes) key =
        has_folder(plan, dropbear_folder) ? pif_identity_to_dropbear(host_key) : NULL;
    if (key)
        pif_card_change_add_bytes(plan->changes, dropbear_key_path, key, S_IFREG | 0600);
}

static void add_host_key(Plan *plan, const PifIdentity *identity)
{
    add_folder(plan, "/etc/ssh");
    add(plan, private_key_path, identity->host_key, S_IFREG | 0600);
    if (identity->host_key_public)
        add(plan, public_key_path, identity->host_key_public, S_IFREG | 0644);
    add_dropbear_key(plan, identity->host_key);
    for (gsize i = 0; i < G_N_ELEMENTS(key_makers); i++)
        add_removal(plan, key_makers[i]);
    if (has_folder(plan, cloud_folder)) {
        add_folder(plan, "/etc/cloud/cloud.cfg.d");
        add(plan, cloud_settings_path, cloud_settings, S_IFREG | 0644);
    }
}

static gboolean is_planned(const Plan *plan, const char *path)
{
    for (guint i = 0; i < plan->changes->len; i++)
        if (g_str_equal(((PifCardChange *)plan->changes->pdata[i])->path, path))
            return TRUE;
    return FALSE;
}

/* Host keys, random seeds and such of a base that was booted before: its clones would share them.
 * Host keys stay when there is none to put in their place. */
static void add_removals(Plan *plan, gboolean has_host_key)
{
    GHashTableIter iter;
    gpointer path;
    gpointer entry;
    g_hash_table_iter_init(&iter, plan->entries);
    while (g_hash_table_iter_next(&iter, &path, &entry)) {
        const PifTraitFile *file = pif_trait_file_find(path, 0);
        gboolean goes =
            pif_trait_file_is_host_key(path) ? has_host_key : file && file->is_made_anew;
        if (goes && !S_ISDIR(((PifCardEntry *)entry)->mode) && pif_card_root_is_plain(path) &&
            !is_planned(plan, path))
            add(plan, path, NULL, 0);
    }
}

/* All of the card that a plan depends on, in one run of debugfs. */
static gboolean survey(PifCardRoot *root, Plan *plan, GError **error)
{
    static const char *const more[] = {
        "/etc", "/etc/ssh", "/etc/pifarm", cloud_folder, "/etc/cloud/cloud.cfg.d", NULL};
    static const char *const files[] = {"/etc/hosts", PIF_TEMPLATE_LIST, NULL};
    g_autofree const char **traits = pif_trait_folders();
    g_auto(GStrv) folders = pif_card_root_join(more, traits, pif_network_config_folders, NULL);
    g_auto(GStrv) paths = pif_card_root_join(files, pif_network_config_files, NULL);
    return pif_card_root_survey(root, (const char *const *)folders, (const char *const *)paths,
                                &plan->entries, &plan->contents, error);
}

/* The node's own values, in their own file and wherever the image has a place for them. */
static gboolean add_values(Plan *plan, PifCardRoot *root, const char *node_env, GError **error)
{
    g_auto(PifTemplates) templates = {0};
    GBytes *list = g_hash_table_lookup(plan->contents, PIF_TEMPLATE_LIST);
    if (!pif_templates_read(root, list, &templates, error))
        return FALSE;
    add_folder(plan, "/etc/pifarm");
    add(plan, "/etc/pifarm/node.env", node_env, S_IFREG | 0644);
    pif_templates_expand(&templates, node_env, plan->changes);
    return TRUE;
}

static gboolean add_address(Plan *plan, const PifIdentity *identity, GError **error)
{
    g_autofree char *where = NULL;
    if (!pif_network_config_plan(plan->entries, plan->contents, identity->address, plan->changes,
                                 &where, error))
        return FALSE;
    if (where && identity->notes)
        g_ptr_array_add(identity->notes, g_steal_pointer(&where));
    return TRUE;
}

static gboolean write_identity(const PifCard *card, const PifIdentity *identity, GError **error)
{
    g_autoptr(PifCardRoot) root = NULL;
    g_auto(Plan) plan = {
        .changes = g_ptr_array_new_with_free_func((GDestroyNotify)pif_card_change_free),
    };
    if (!pif_card_root_open(card, &root, error) || !survey(root, &plan, error))
        return FALSE;
    if (!has_folder(&plan, "/etc"))
        return pif_error_set(error, PIF_ERROR_CONFIG, "the root file system has no /etc");
    if (identity->hostname)
        add_hostname(&plan, identity->hostname);
    if (identity->machine_id)
        add_machine_id(&plan, identity->machine_id);
    if (identity->host_key)
        add_host_key(&plan, identity);
    if (identity->node_env && !add_values(&plan, root, identity->node_env, error))
        return FALSE;
    if (!add_address(&plan, identity, error))
        return FALSE;
    if (identity->machine_id)
        add_removals(&plan, identity->host_key != NULL);
    return pif_card_root_change(root, plan.changes, error);
}

gboolean pif_card_write_identity(PifCard *card, const PifIdentity *identity, GError **error)
{
    GError *failure = NULL;
    return write_identity(card, identity, &failure) ||
           pif_error_take(error, failure, "card %s", pif_card_path(card));
}

gboolean pif_card_give_identity(PifCard *card, const PifIdentity *given, char **ret_public_key,
                                GError **error)
{
    g_autofree char *machine_id = pif_identity_make_machine_id();
    g_autofree char *private_key = NULL;
    g_autofree char *public_key = NULL;
    PifIdentity identity = *given;
    if (!pif_identity_make_host_key(given->hostname, &private_key, &public_key, error))
        return FALSE;
    identity.machine_id = machine_id;
    identity.host_key = private_key;
    identity.host_key_public = public_key;
    if (!pif_card_write_identity(card, &identity, error))
        return FALSE;
    *ret_public_key = g_steal_pointer(&public_key);
    return TRUE;
}
