// SPDX-License-Identifier: MIT
// What has changed in the copy of the boot partition.
#include "images/root/worker/boot-folder.h"

#include "pifarm/base/error.h"

#include <errno.h>
#include <string.h>

static gboolean list_into(GHashTable *entries, const char *folder, const char *prefix,
                          GError **error)
{
    const char *name;
    g_autofree char *path = g_strconcat(folder, prefix, NULL);
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    if (!dir)
        return pif_error_set_errno(error, errno, "cannot read the copy of the boot partition");
    while ((name = g_dir_read_name(dir))) {
        struct stat status;
        g_autofree char *key = g_strconcat(prefix, "/", name, NULL);
        g_autofree char *whole = g_strconcat(folder, key, NULL);
        if (lstat(whole, &status) < 0)
            return pif_error_set_errno(error, errno, "cannot read %s of the boot partition", key);
        PifBootEntry entry = {status.st_mode, S_ISDIR(status.st_mode) ? 0 : status.st_size,
                              status.st_ino, status.st_ctim};
        g_hash_table_replace(entries, g_strdup(key), g_memdup2(&entry, sizeof entry));
        if (S_ISDIR(status.st_mode) && !list_into(entries, folder, key, error))
            return FALSE;
    }
    return TRUE;
}

GHashTable *pif_boot_folder_list(const char *folder, GError **error)
{
    g_autoptr(GHashTable) entries = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    return list_into(entries, folder, "", error) ? g_steal_pointer(&entries) : NULL;
}

void pif_boot_changes_clear(PifBootChanges *changes)
{
    g_clear_pointer(&changes->removed, g_ptr_array_unref);
    g_clear_pointer(&changes->folders, g_ptr_array_unref);
    g_clear_pointer(&changes->files, g_ptr_array_unref);
}

/* Microsoft's FAT specification: long names have UTF-16 but for these, and end in no dot or space.
 */
static gboolean check_entry(const char *path, const PifBootEntry *entry, GError **error)
{
    const char *name = strrchr(path, '/') + 1;
    if (!S_ISDIR(entry->mode) && !S_ISREG(entry->mode))
        return pif_error_set(error, PIF_ERROR_CONFIG,
                             "the boot partition is a FAT, which cannot hold %s, a symbolic link "
                             "or device",
                             path);
    gboolean is_ok = g_utf8_validate(name, -1, NULL) && !strpbrk(name, "\"*:<>?\\|") &&
                     !g_str_has_suffix(name, ".") && !g_str_has_suffix(name, " ");
    for (const char *c = name; *c; c++)
        is_ok = is_ok && !g_ascii_iscntrl(*c);
    g_autofree char *shown = g_strescape(path, NULL);
    return is_ok ||
           pif_error_set(error, PIF_ERROR_CONFIG,
                         "the boot partition is a FAT, which cannot hold the name '%s'", shown);
}

static gboolean is_same(const PifBootEntry *a, const PifBootEntry *b)
{
    return a->mode == b->mode && a->size == b->size && a->inode == b->inode &&
           a->changed.tv_sec == b->changed.tv_sec && a->changed.tv_nsec == b->changed.tv_nsec;
}

static gint compare(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static gint compare_backwards(gconstpointer a, gconstpointer b)
{
    return compare(b, a);
}

gboolean pif_boot_changes_find(GHashTable *before, GHashTable *after, PifBootChanges *ret_changes,
                               GError **error)
{
    GHashTableIter iter;
    const char *path;
    const PifBootEntry *was, *is;
    g_auto(PifBootChanges)
        changes = {g_ptr_array_new_with_free_func(g_free), g_ptr_array_new_with_free_func(g_free),
                   g_ptr_array_new_with_free_func(g_free)};
    g_hash_table_iter_init(&iter, before);
    while (g_hash_table_iter_next(&iter, (gpointer *)&path, (gpointer *)&was)) {
        is = g_hash_table_lookup(after, path);
        if (!is || S_ISDIR(is->mode) != S_ISDIR(was->mode))
            g_ptr_array_add(changes.removed, g_strdup(path));
    }
    g_hash_table_iter_init(&iter, after);
    while (g_hash_table_iter_next(&iter, (gpointer *)&path, (gpointer *)&is)) {
        was = g_hash_table_lookup(before, path);
        gboolean is_new = !was || S_ISDIR(is->mode) != S_ISDIR(was->mode);
        if (S_ISDIR(is->mode) ? !is_new : !is_new && is_same(was, is))
            continue;
        if (!check_entry(path, is, error))
            return FALSE;
        g_ptr_array_add(S_ISDIR(is->mode) ? changes.folders : changes.files, g_strdup(path));
    }
    g_ptr_array_sort(changes.removed, compare_backwards);
    g_ptr_array_sort(changes.folders, compare);
    g_ptr_array_sort(changes.files, compare);
    *ret_changes =
        (PifBootChanges){g_steal_pointer(&changes.removed), g_steal_pointer(&changes.folders),
                         g_steal_pointer(&changes.files)};
    return TRUE;
}
