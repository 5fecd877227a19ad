// SPDX-License-Identifier: MIT
// Steps by which somebody can log in: user, keys, SSH server.
#include "images/prepare/accounts.h"
#include "images/prepare/worker/steps.h"
#include "pifarm/base/error.h"

#include <string.h>

static gboolean read_accounts(const PifGuest *guest, PifAccounts *accounts, GError **error)
{
    return pif_guest_read(guest, "/etc/passwd", &accounts->passwd, error) &&
           pif_guest_read(guest, "/etc/shadow", &accounts->shadow, error) &&
           pif_guest_read(guest, "/etc/group", &accounts->group, error) &&
           pif_guest_read(guest, "/etc/gshadow", &accounts->gshadow, error);
}

static gboolean write_accounts(const PifGuest *guest, const PifAccounts *accounts, GError **error)
{
    return pif_guest_write(guest, "/etc/passwd", accounts->passwd, error) &&
           pif_guest_write(guest, "/etc/shadow", accounts->shadow, error) &&
           pif_guest_write(guest, "/etc/group", accounts->group, error) &&
           (!accounts->gshadow || pif_guest_write(guest, "/etc/gshadow", accounts->gshadow, error));
}

/* All that is under the folder is the user's from now on. */
static gboolean give_home(const PifGuest *guest, GError **error)
{
    const PifAccount *account = &guest->account;
    char **names = guestfs_find(guest->handle, account->home);
    gboolean is_ok = names != NULL;
    for (char **name = names; name && *name; name++) {
        g_autofree char *path = g_build_filename(account->home, *name, NULL);
        is_ok =
            is_ok && guestfs_lchown(guest->handle, (int)account->uid, (int)account->gid, path) == 0;
        free(*name);
    }
    free(names);
    return is_ok || pif_guest_fail(guest, error, "cannot hand %s to the user", account->home);
}

/* As useradd(8) does it: a copy of /etc/skel. */
static gboolean make_home(const PifGuest *guest, GError **error)
{
    const PifAccount *account = &guest->account;
    g_autofree char *parent = g_path_get_dirname(account->home);
    if (pif_guest_is_dir(guest, account->home))
        return TRUE;
    if (guestfs_mkdir_p(guest->handle, parent) < 0 ||
        (pif_guest_is_dir(guest, "/etc/skel") &&
         guestfs_cp_a(guest->handle, "/etc/skel", account->home) < 0))
        return pif_guest_fail(guest, error, "cannot make %s", account->home);
    return pif_guest_make_dir(guest, account->home, 0755, account->uid, account->gid, error) &&
           give_home(guest, error);
}

/* Raspberry Pi OS lets its first user do everything without a password, which a user that logs in
 * by key only does not have. */
static gboolean allow_sudo(const PifGuest *guest, GError **error)
{
    const char *user = pif_prepare_job_text(guest->job, "user");
    if (guest->account.uid == 0 || !pif_guest_is_dir(guest, "/etc/sudoers.d"))
        return TRUE;
    g_autofree char *path = g_strdup_printf("/etc/sudoers.d/010_%s-nopasswd", user);
    g_autofree char *rule = g_strdup_printf("%s ALL=(ALL) NOPASSWD: ALL\n", user);
    return pif_guest_put(guest, path, rule, 0440, 0, 0, error);
}

/* userconf-pi: a dialogue on the screen that asks for the first user, or takes it from userconf.txt
 * on the boot partition, and a notice at each SSH login until it is answered. */
static gboolean switch_dialogue_off(const PifGuest *guest, GError **error)
{
    if (!pif_guest_exists(guest, "/lib/systemd/system/userconfig.service"))
        return TRUE;
    pif_guest_note(guest,
                   "Raspberry Pi OS: the user is set here, userconf.txt and the dialogue for "
                   "it are switched off");
    g_autofree char *answer =
        g_build_filename(guest->boot ? guest->boot : "/boot", "userconf.txt", NULL);
    return pif_guest_remove(guest, answer, error) &&
           pif_guest_remove(guest, "/etc/systemd/system/*.wants/userconfig.service", error) &&
           pif_guest_remove(guest, "/etc/ssh/sshd_config.d/rename_user.conf", error) &&
           pif_guest_link(guest, "/lib/systemd/system/getty@.service",
                          "/etc/systemd/system/getty.target.wants/getty@tty1.service", error);
}

gboolean pif_step_user(PifGuest *guest, GError **error)
{
    g_auto(PifAccounts) accounts = {0};
    const char *user = pif_prepare_job_text(guest->job, "user");
    const char *hash = pif_prepare_job_text(guest->job, "password-hash");
    const char *shell = pif_guest_exists(guest, "/bin/bash") ? "/bin/bash" : "/bin/sh";
    return read_accounts(guest, &accounts, error) &&
           pif_accounts_ensure_user(&accounts, user, hash, shell, &guest->account, error) &&
           write_accounts(guest, &accounts, error) && make_home(guest, error) &&
           allow_sudo(guest, error) && switch_dialogue_off(guest, error);
}

/* The keys that are there, then those that are not there yet. Free it. */
static char *merge_keys(const char *present, char *const *keys)
{
    g_auto(GStrv) lines = g_strsplit(present ? present : "", "\n", -1);
    GString *merged = g_string_new(present);
    if (merged->len && merged->str[merged->len - 1] != '\n')
        g_string_append_c(merged, '\n');
    for (; *keys; keys++)
        if (!g_strv_contains((const char *const *)lines, *keys))
            g_string_append_printf(merged, "%s\n", *keys);
    return g_string_free(merged, FALSE);
}

gboolean pif_step_ssh_keys(PifGuest *guest, GError **error)
{
    const PifAccount *account = &guest->account;
    g_autofree char *present = NULL;
    g_autofree char *folder = g_build_filename(account->home, ".ssh", NULL);
    g_autofree char *path = g_build_filename(folder, "authorized_keys", NULL);
    if (!pif_guest_read(guest, path, &present, error))
        return FALSE;
    g_auto(GStrv) keys = pif_prepare_job_lines(guest->job, "ssh-keys");
    g_autofree char *merged = merge_keys(present, keys);
    return pif_guest_make_dir(guest, folder, 0700, account->uid, account->gid, error) &&
           pif_guest_put(guest, path, merged, 0600, account->uid, account->gid, error);
}

/* The first of the paths that is there, or NULL. */
static const char *find_first(const PifGuest *guest, const char *const *paths)
{
    for (; *paths; paths++)
        if (pif_guest_exists(guest, *paths))
            return *paths;
    return NULL;
}

static gboolean enable_unit(const PifGuest *guest, const char *unit, GError **error)
{
    g_autofree char *name = g_path_get_basename(unit);
    g_autofree char *mask = g_build_filename("/etc/systemd/system", name, NULL);
    g_autofree char *want =
        g_build_filename("/etc/systemd/system/multi-user.target.wants", name, NULL);
    char *target =
        guestfs_is_symlink(guest->handle, mask) == 1 ? guestfs_readlink(guest->handle, mask) : NULL;
    gboolean is_masked = g_strcmp0(target, "/dev/null") == 0;
    free(target);
    return (!is_masked || pif_guest_remove(guest, mask, error)) &&
           pif_guest_link(guest, unit, want, error);
}

/* By a systemd unit where there is one; a server without belongs to another init, which starts it.
 * Raspberry Pi OS has a switch of its own besides: a file on the boot partition. */
gboolean pif_step_enable_ssh(PifGuest *guest, GError **error)
{
    static const char *const units[] = {
        "/lib/systemd/system/ssh.service",
        "/lib/systemd/system/sshd.service",
        "/lib/systemd/system/dropbear.service",
        NULL,
    };
    static const char *const servers[] = {
        "/usr/sbin/sshd",
        "/usr/sbin/dropbear",
        "/usr/bin/dropbear",
        NULL,
    };
    const char *unit = find_first(guest, units);
    if (!unit && !find_first(guest, servers))
        return pif_error_set(error, PIF_ERROR_CONFIG,
                             "the system on the card has no SSH server (openssh-server, dropbear)");
    if (unit && !enable_unit(guest, unit, error))
        return FALSE;
    if (!guest->boot || !pif_guest_exists(guest, "/lib/systemd/system/sshswitch.service"))
        return TRUE;
    g_autofree char *file = g_build_filename(guest->boot, "ssh", NULL);
    return pif_guest_write(guest, file, "", error);
}
