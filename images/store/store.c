// SPDX-License-Identifier: MIT
// The store's folder: opening it, locking it, and removing what is in it.
#include "images/store/store.h"

#include "images/disk/sha256.h"
#include "images/store/store-private.h"
#include "pifarm/base/error.h"
#include "pifarm/base/file.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

enum {
    MAX_NAME_LENGTH = 64,
    MAX_LISTED = 8, /* in messages */
};

void pif_image_free(PifImage *image)
{
    if (!image)
        return;
    g_free(image->sha256);
    g_strfreev(image->names);
    g_free(image->path);
    g_free(image->origin);
    g_free(image->recipe);
    g_free(image);
}

gboolean pif_image_check_name(const char *name, GError **error)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    static const char others[] = "._-";
    size_t length = strlen(name);
    gboolean is_good = length > 0 && length <= MAX_NAME_LENGTH && strchr(letters, name[0]) &&
                       !pif_sha256_is_valid(name);
    for (const char *c = name; *c && is_good; c++)
        is_good = strchr(letters, *c) || strchr(others, *c);
    if (is_good)
        return TRUE;
    g_autofree char *shown = g_strescape(name, NULL);
    return pif_error_set(error, PIF_ERROR_USAGE,
                         "'%s' is no name for an image: 1 to %d letters, digits and . _ -, the "
                         "first a letter or digit, and no SHA-256",
                         shown, MAX_NAME_LENGTH);
}

PifStore *pif_store_open(const char *directory, GError **error)
{
    g_autoptr(PifStore) store = g_new0(PifStore, 1);
    store->directory = g_canonicalize_filename(directory, NULL);
    store->workplace_lock = -1;
    g_autofree char *temporary = g_build_filename(store->directory, "tmp", NULL);
    g_auto(PifFd) lock = -1;
    if (!pif_dir_make(store->directory, 0755, error) || !pif_dir_make(temporary, 0755, error) ||
        !pif_store_lock(store, TRUE, &lock, error) || !pif_store_sweep(store, error) ||
        !pif_store_make_workplace(store, error))
        return NULL;
    return g_steal_pointer(&store);
}

void pif_store_free(PifStore *store)
{
    if (!store)
        return;
    if (store->workplace)
        pif_dir_remove(store->workplace, NULL);
    pif_fd_clear(&store->workplace_lock);
    g_free(store->workplace);
    g_free(store->directory);
    g_free(store);
}

const char *pif_store_directory(const PifStore *store)
{
    return store->directory;
}

gboolean pif_store_lock(PifStore *store, gboolean is_exclusive, PifFd *ret_lock, GError **error)
{
    g_autofree char *path = g_build_filename(store->directory, "lock", NULL);
    return pif_file_lock(path, is_exclusive, TRUE, "the image store", ret_lock, error);
}

char *pif_store_path(const PifStore *store, const char *sha256, const char *suffix)
{
    return g_strdup_printf("%s/%s%s", store->directory, sha256, suffix);
}

gboolean pif_store_has(const PifStore *store, const char *sha256)
{
    g_autofree char *path = pif_store_path(store, sha256, ".img");
    return access(path, F_OK) == 0;
}

static gboolean set_in_use_error(const char *name, char **users, GError **error)
{
    guint count = g_strv_length(users);
    g_autoptr(GString) paths = g_string_new(NULL);
    for (guint i = 0; i < MIN(count, MAX_LISTED); i++)
        g_string_append_printf(paths, "%s%s", i ? ", " : "", users[i]);
    if (count > MAX_LISTED)
        g_string_append_printf(paths, " and %u more", count - MAX_LISTED);
    return pif_error_set(error, PIF_ERROR_BUSY,
                         "image '%s' is in use by %u clone%s: %s; remove their nodes' clones first",
                         name, count, count == 1 ? "" : "s", paths->str);
}

static gboolean remove_image(PifStore *store, const char *sha256, const char *name, GError **error)
{
    g_autofree char *path = pif_store_path(store, sha256, ".img");
    g_auto(GStrv) users = NULL;
    if (!pif_store_list_users(store, sha256, &users, error))
        return FALSE;
    if (*users)
        return set_in_use_error(name, users, error);
    if (unlink(path) < 0)
        return pif_error_set_errno(error, errno, "cannot remove %s", path);
    return pif_store_remove_companions(store, sha256, error);
}

gboolean pif_store_remove(PifStore *store, const char *name, GError **error)
{
    g_auto(PifFd) lock = -1;
    g_autofree char *sha256 = NULL;
    g_autoptr(json_t) record = NULL;
    if (!pif_store_lock(store, TRUE, &lock, error) ||
        !pif_store_resolve(store, name, &sha256, error) ||
        !pif_record_load(store, sha256, &record, error))
        return FALSE;
    gboolean is_by_name = pif_record_has(record, "names", name);
    pif_record_remove(record, "names", name);
    if (is_by_name && json_array_size(json_object_get(record, "names")) > 0)
        return pif_record_save(store, sha256, record, error);
    return remove_image(store, sha256, name, error);
}
