// SPDX-License-Identifier: MIT
// The step for images that run cloud-init, which would set host name, users and host keys anew.
#include "images/prepare/settings.h"
#include "images/prepare/worker/steps.h"
#include "pifarm/base/error.h"

gboolean pif_cloud_is_used(const PifGuest *guest)
{
    return guest->handle && pif_guest_exists(guest, "/etc/cloud/cloud.cfg") &&
           !pif_guest_exists(guest, "/etc/cloud/cloud-init.disabled");
}

/* The host name is each node's own, and so is its host key, whether we set them now or later. */
static const char base_settings[] = "preserve_hostname: true\n"
                                    "manage_etc_hosts: false\n"
                                    "ssh_deletekeys: false\n"
                                    "ssh_genkeytypes: [ed25519]\n";
static const char *const base_keys[] = {
    "hostname", "fqdn",           "prefer_fqdn_over_hostname", "preserve_hostname",
    "ssh_keys", "ssh_deletekeys", "manage_etc_hosts",          "ssh_genkeytypes",
};

/* The default user would be made beside ours, or ours be locked if it has the same name. */
static const char user_settings[] = "users: []\n";
static const char *const user_keys[] = {"user", "users", "password", "chpasswd"};

/* The keys to drop from user-data, NULL-terminated. Free the array. */
static GPtrArray *list_keys(gboolean has_user)
{
    GPtrArray *keys = g_ptr_array_new();
    for (size_t i = 0; i < G_N_ELEMENTS(base_keys); i++)
        g_ptr_array_add(keys, (gpointer)base_keys[i]);
    for (size_t i = 0; has_user && i < G_N_ELEMENTS(user_keys); i++)
        g_ptr_array_add(keys, (gpointer)user_keys[i]);
    g_ptr_array_add(keys, NULL);
    return keys;
}

/* NoCloud's seed, which wins over what is in /etc/cloud. */
static gboolean edit_seed(const PifGuest *guest, const char *settings, gboolean has_user,
                          GError **error)
{
    g_autofree char *before = NULL;
    g_autofree char *path =
        g_build_filename(guest->boot ? guest->boot : "/boot", "user-data", NULL);
    g_autoptr(GPtrArray) keys = list_keys(has_user);
    if (!pif_guest_read(guest, path, &before, error) || !before)
        return before == NULL && pif_guest_exists(guest, path) == FALSE;
    g_autofree char *after =
        pif_settings_edit_cloud_config(before, (const char *const *)keys->pdata, settings, error);
    if (!after)
        return FALSE;
    pif_guest_note(guest,
                   "cloud-init: its user-data on the boot partition no longer sets host name, "
                   "host keys%s",
                   has_user ? " and users" : "");
    return pif_guest_write(guest, path, after, error);
}

gboolean pif_step_cloud_init(PifGuest *guest, GError **error)
{
    gboolean has_user = pif_prepare_job_has(guest->job, "user");
    g_autofree char *settings = g_strconcat(base_settings, has_user ? user_settings : "", NULL);
    g_autofree char *file = g_strconcat("# By pifarm image prepare.\n", settings, NULL);
    pif_guest_note(guest,
                   "cloud-init: /etc/cloud/cloud.cfg.d/99_pifarm.cfg keeps host name and host "
                   "keys%s",
                   has_user ? ", and makes no user of its own" : "");
    return pif_guest_put_new(guest, "/etc/cloud/cloud.cfg.d/99_pifarm.cfg", file, 0644, error) &&
           edit_seed(guest, settings, has_user, error);
}
