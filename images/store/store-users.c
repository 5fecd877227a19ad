// SPDX-License-Identifier: MIT
// Which clones an image has: <sha256>.users/ holds a symbolic link to each, made in one step.
#include "images/disk/sha256.h"
#include "images/store/backing.h"
#include "images/store/store-private.h"
#include "pifarm/base/error.h"
#include "pifarm/base/file.h"

#include <errno.h>
#include <unistd.h>

/* The link is called after the hash of the clone's path. */
static char *link_path(const PifStore *store, const char *sha256, const char *clone_path)
{
    g_autofree char *folder = pif_store_path(store, sha256, ".users");
    g_autofree char *name = pif_sha256_of_string(clone_path);
    return g_build_filename(folder, name, NULL);
}

gboolean pif_store_register(PifStore *store, const char *sha256, const char *clone_path,
                            GError **error)
{
    g_autofree char *folder = pif_store_path(store, sha256, ".users");
    g_autofree char *clone = g_canonicalize_filename(clone_path, NULL);
    g_autofree char *link = link_path(store, sha256, clone);
    if (!pif_store_has(store, sha256))
        return pif_error_set(error, PIF_ERROR_NOT_FOUND, "image %.12s is not in the store %s",
                             sha256, store->directory);
    if (!pif_dir_make(folder, 0755, error))
        return FALSE;
    if (symlink(clone, link) < 0 && errno != EEXIST)
        return pif_error_set_errno(error, errno, "cannot register the clone %s", clone);
    return TRUE;
}

gboolean pif_store_add_user(PifStore *store, const char *sha256, const char *clone_path,
                            GError **error)
{
    g_auto(PifFd) lock = -1;
    return pif_store_lock(store, TRUE, &lock, error) &&
           pif_store_register(store, sha256, clone_path, error);
}

gboolean pif_store_remove_user(PifStore *store, const char *sha256, const char *clone_path,
                               GError **error)
{
    g_autofree char *clone = g_canonicalize_filename(clone_path, NULL);
    g_autofree char *link = link_path(store, sha256, clone);
    if (unlink(link) < 0 && errno != ENOENT)
        return pif_error_set_errno(error, errno, "cannot take the clone %s off the register",
                                   clone);
    return TRUE;
}

/* What is no clone that we can read may still be a user: only proof of the contrary counts. */
static gboolean is_user(const char *clone, const char *sha256)
{
    g_autofree char *base = NULL;
    if (access(clone, F_OK) < 0 && (errno == ENOENT || errno == ENOTDIR))
        return FALSE;
    return !pif_clone_base(clone, &base, NULL) || g_strcmp0(base, sha256) == 0;
}

gboolean pif_store_list_users(PifStore *store, const char *sha256, char ***ret_users,
                              GError **error)
{
    g_autofree char *path = pif_store_path(store, sha256, ".users");
    g_autoptr(GStrvBuilder) users = g_strv_builder_new();
    g_autoptr(GDir) folder = g_dir_open(path, 0, NULL);
    for (const char *name; folder && (name = g_dir_read_name(folder));) {
        g_autofree char *link = g_build_filename(path, name, NULL);
        g_autofree char *clone = g_file_read_link(link, NULL);
        if (clone && is_user(clone, sha256))
            g_strv_builder_add(users, clone);
        else if (unlink(link) < 0)
            return pif_error_set_errno(error, errno, "cannot take %s off the register", link);
    }
    *ret_users = g_strv_builder_end(users);
    return TRUE;
}

gboolean pif_store_count_users(PifStore *store, const char *sha256, guint *ret_count,
                               GError **error)
{
    g_auto(PifFd) lock = -1;
    g_auto(GStrv) users = NULL;
    if (!pif_store_lock(store, TRUE, &lock, error) ||
        !pif_store_list_users(store, sha256, &users, error))
        return FALSE;
    *ret_count = g_strv_length(users);
    return TRUE;
}
