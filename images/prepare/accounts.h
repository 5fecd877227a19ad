// SPDX-License-Identifier: MIT
// A login user in the texts of /etc/passwd, shadow, group and gshadow. Pure.
#pragma once

#include <glib.h>

/* Contents of the files; NULL: the system has no such file. */
typedef struct {
    char *passwd;
    char *shadow;
    char *group;
    char *gshadow;
} PifAccounts;

void pif_accounts_clear(PifAccounts *accounts);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(PifAccounts, pif_accounts_clear)

typedef struct {
    guint uid;
    guint gid;
    char *home;
    gboolean is_new;
} PifAccount;

void pif_account_clear(PifAccount *account);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(PifAccount, pif_account_clear)

/* Makes the user if there is none (user and group ID 1000, or the next that are free), puts it into
 * those of Raspberry Pi OS' groups for its first user that the system has, and sets the password.
 * password_hash NULL: a new user has none and logs in by key only; one that is there keeps his, but
 * a locked one is unlocked for keys. CONFIG when there is no passwd, or a line for the user in it
 * that makes no sense. */
gboolean pif_accounts_ensure_user(PifAccounts *accounts, const char *user,
                                  const char *password_hash, const char *shell,
                                  PifAccount *ret_account, GError **error);

/* IDs by names, or by numbers as text. CONFIG when the system has no such user or group. */
gboolean pif_accounts_find_ids(const PifAccounts *accounts, const char *owner, const char *group,
                               guint *ret_uid, guint *ret_gid, GError **error);

/* Whose home the path is in, or is: a person's, not the system's. FALSE: nobody's. */
gboolean pif_accounts_find_home(const PifAccounts *accounts, const char *path, guint *ret_uid,
                                guint *ret_gid);
