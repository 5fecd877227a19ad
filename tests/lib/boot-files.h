// SPDX-License-Identifier: MIT
// A boot partition that is only thought of: names, and texts behind some of them.
#pragma once

#include "hw/firmware/boot-source.h"
#include "pifarm/base/error.h"

#include <libfdt.h>
#include <string.h>

typedef struct {
    GHashTable *files;  /* path -> GBytes */
    GHashTable *second; /* those of partition 2, or NULL */
} BootFiles;

static inline char *boot_files_find(gpointer data, const char *path, GError **error)
{
    const BootFiles *files = data;
    GHashTableIter iter;
    gpointer name;
    if (g_str_equal(path, "broken")) {
        pif_error_set(error, PIF_ERROR_TIMEOUT, "no answer");
        return NULL;
    }
    g_hash_table_iter_init(&iter, files->files);
    while (g_hash_table_iter_next(&iter, &name, NULL))
        if (g_ascii_strcasecmp(name, path) == 0)
            return g_strdup(name);
    return NULL;
}

static inline GBytes *boot_files_read(gpointer data, const char *path, gsize max_size,
                                      GError **error)
{
    const BootFiles *files = data;
    GBytes *bytes = g_hash_table_lookup(files->files, path);
    g_assert_nonnull(bytes);
    if (g_bytes_get_size(bytes) > max_size)
        pif_error_set(error, PIF_ERROR_CONFIG, "too large");
    return g_bytes_get_size(bytes) > max_size ? NULL : g_bytes_ref(bytes);
}

static inline gboolean boot_files_choose_partition(gpointer data, unsigned number, GError **error)
{
    BootFiles *files = data;
    (void)error;
    if (number != 2 || !files->second)
        return FALSE;
    g_hash_table_unref(files->files);
    files->files = g_steal_pointer(&files->second);
    return TRUE;
}

static inline void boot_files_free(gpointer data)
{
    BootFiles *files = data;
    g_hash_table_unref(files->files);
    g_clear_pointer(&files->second, g_hash_table_unref);
    g_free(files);
}

static inline void boot_files_put(GHashTable *files, const char *path, const void *content,
                                  gsize size)
{
    g_hash_table_replace(files, g_strdup(path), g_bytes_new(content, size));
}

/* names: separated by blanks. What ends in .dtb is an empty device tree, cmdline.txt is "quiet". */
static inline GHashTable *boot_files_parse(const char *names)
{
    guint8 tree[256];
    GHashTable *files =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_bytes_unref);
    g_auto(GStrv) words = g_strsplit(names, " ", -1);
    g_assert_cmpint(fdt_create_empty_tree(tree, sizeof tree), ==, 0);
    for (char **word = words; *word; word++)
        if (g_str_has_suffix(*word, ".dtb"))
            boot_files_put(files, *word, tree, sizeof tree);
        else if (g_str_has_suffix(*word, ".txt") || g_str_has_suffix(*word, ".TXT"))
            boot_files_put(files, *word, "quiet\n", 6);
        else if (**word)
            boot_files_put(files, *word, "", 0);
    return files;
}

static inline PifBootSource *boot_files_source(GHashTable *files, GHashTable *second)
{
    static const PifBootSourceKind kind = {boot_files_find, boot_files_read,
                                           boot_files_choose_partition, boot_files_free};
    BootFiles *data = g_new(BootFiles, 1);
    *data = (BootFiles){files, second};
    return pif_boot_source_new(&kind, data, "on the boot partition");
}
