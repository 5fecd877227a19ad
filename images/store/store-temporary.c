// SPDX-License-Identifier: MIT
// Files under construction, and the removal of those whose process died.
#include "images/disk/sha256.h"
#include "images/store/store-private.h"
#include "pifarm/base/error.h"
#include "pifarm/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>

enum { HASH_DIGITS = 64 };

/* A folder can be locked like a file, and whatever is made or replaced in it is covered. */
static int lock_folder(const char *path)
{
    g_auto(PifFd) fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) < 0)
        return -1;
    return pif_fd_steal(&fd);
}

gboolean pif_store_make_workplace(PifStore *store, GError **error)
{
    g_autofree char *folder = g_build_filename(store->directory, "tmp", "XXXXXX", NULL);
    if (!g_mkdtemp_full(folder, 0700))
        return pif_error_set_errno(error, errno, "cannot make a folder in %s/tmp",
                                   store->directory);
    store->workplace = g_steal_pointer(&folder);
    store->workplace_lock = lock_folder(store->workplace);
    if (store->workplace_lock < 0)
        return pif_error_set_errno(error, errno, "cannot lock %s", store->workplace);
    return TRUE;
}

char *pif_store_new_temporary(PifStore *store, GError **error)
{
    g_autofree char *path = g_build_filename(store->workplace, "XXXXXX", NULL);
    g_auto(PifFd) fd = g_mkstemp_full(path, O_RDWR | O_CLOEXEC, 0600);
    if (fd < 0) {
        pif_error_set_errno(error, errno, "cannot make a temporary file in %s", store->workplace);
        return NULL;
    }
    return g_steal_pointer(&path);
}

static GPtrArray *list_folder(const char *path, GError **error)
{
    GError *failure = NULL;
    g_autoptr(GDir) folder = g_dir_open(path, 0, &failure);
    if (!folder) {
        pif_error_take(error, failure, "cannot list %s", path);
        return NULL;
    }
    GPtrArray *paths = g_ptr_array_new_with_free_func(g_free);
    for (const char *name; (name = g_dir_read_name(folder));)
        g_ptr_array_add(paths, g_build_filename(path, name, NULL));
    return paths;
}

/* Folders in tmp/ that no living process has. */
static gboolean add_dead_workplaces(const PifStore *store, GPtrArray *leftovers, GError **error)
{
    g_autofree char *folder = g_build_filename(store->directory, "tmp", NULL);
    g_autoptr(GPtrArray) paths = list_folder(folder, error);
    for (guint i = 0; paths && i < paths->len; i++) {
        g_auto(PifFd) lock = lock_folder(paths->pdata[i]);
        if (lock >= 0)
            g_ptr_array_add(leftovers, g_strdup(paths->pdata[i]));
    }
    return paths != NULL;
}

/* Companions are called after the hash of their image; records are written beside their place. */
static gboolean is_left_over(const PifStore *store, const char *name)
{
    g_autofree char *sha256 = g_strndup(name, HASH_DIGITS);
    const char *suffix = name + strlen(sha256);
    if (!pif_sha256_is_valid(sha256) || *suffix != '.')
        return FALSE;
    return !pif_store_has(store, sha256) || g_str_has_prefix(suffix, ".json.");
}

/* Wants the exclusive lock, so that no folder is seen before its maker has locked it. */
static GPtrArray *list_leftovers(const PifStore *store, GError **error)
{
    g_autoptr(GPtrArray) leftovers = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GPtrArray) paths = list_folder(store->directory, error);
    for (guint i = 0; paths && i < paths->len; i++) {
        g_autofree char *name = g_path_get_basename(paths->pdata[i]);
        if (is_left_over(store, name))
            g_ptr_array_add(leftovers, g_strdup(paths->pdata[i]));
    }
    if (!paths || !add_dead_workplaces(store, leftovers, error))
        return NULL;
    return g_steal_pointer(&leftovers);
}

gboolean pif_store_sweep(PifStore *store, GError **error)
{
    g_autoptr(GPtrArray) leftovers = list_leftovers(store, error);
    for (guint i = 0; leftovers && i < leftovers->len; i++)
        if (!pif_dir_remove(leftovers->pdata[i], error))
            return FALSE;
    return leftovers != NULL;
}

GPtrArray *pif_store_list_leftovers(PifStore *store, GError **error)
{
    g_auto(PifFd) lock = -1;
    return pif_store_lock(store, TRUE, &lock, error) ? list_leftovers(store, error) : NULL;
}

gboolean pif_store_remove_leftovers(PifStore *store, GError **error)
{
    g_auto(PifFd) lock = -1;
    return pif_store_lock(store, TRUE, &lock, error) && pif_store_sweep(store, error);
}

gboolean pif_store_remove_companions(PifStore *store, const char *sha256, GError **error)
{
    g_autofree char *prefix = g_strconcat(sha256, ".", NULL);
    g_autoptr(GPtrArray) paths = list_folder(store->directory, error);
    for (guint i = 0; paths && i < paths->len; i++) {
        const char *path = g_ptr_array_index(paths, i);
        g_autofree char *name = g_path_get_basename(path);
        if (g_str_has_prefix(name, prefix) && !pif_dir_remove(path, error))
            return FALSE;
    }
    return paths != NULL;
}
