// SPDX-License-Identifier: MIT
// The netboot server's tree as a source of the firmware, and a record of what is asked of it.
#include "pifarm/cli/served-boot.h"

#include "pifarm/base/error.h"

#include <errno.h>
#include <unistd.h>

typedef struct {
    PifServedTree *tree;
    PifNodeIdentity identity;
    GPtrArray *lookups;
} ServedBoot;

static void lookup_free(gpointer data)
{
    PifServedLookup *lookup = data;
    g_free(lookup->file);
    g_free(lookup->path);
    g_free(lookup);
}

GPtrArray *pif_served_lookups_new(void)
{
    return g_ptr_array_new_with_free_func(lookup_free);
}

static void note(ServedBoot *served, const char *name, const char *path, guint64 size)
{
    for (guint i = 0; i < served->lookups->len; i++) {
        const PifServedLookup *lookup = g_ptr_array_index(served->lookups, i);
        if (g_str_equal(lookup->file, name))
            return;
    }
    PifServedLookup *lookup = g_new(PifServedLookup, 1);
    *lookup = (PifServedLookup){g_strdup(name), g_strdup(path), size};
    g_ptr_array_add(served->lookups, lookup);
}

static PifServedFile *get(ServedBoot *served, const char *name, GError **error)
{
    g_autofree char *path = NULL;
    PifServedFile *file = pif_served_tree_get(served->tree, name, &served->identity, &path, error);
    note(served, name, file ? path : NULL, file ? file->size : 0);
    return file;
}

/* What is not for us is not there, as it is for a board. */
static char *find(gpointer data, const char *path, GError **error)
{
    (void)error;
    PifServedFile *file = get(data, path, NULL);
    pif_served_file_release(file);
    return file ? g_strdup(path) : NULL;
}

static GBytes *read_file(gpointer data, const char *path, gsize max_size, GError **error)
{
    PifServedFile *file = get(data, path, error);
    if (!file)
        return NULL;
    gsize size = (gsize)MIN(file->size, max_size);
    guint8 *bytes = g_malloc(MAX(size, 1));
    ssize_t count = pread(file->fd, bytes, size, (off_t)file->offset);
    int err = errno;
    pif_served_file_release(file);
    if (count >= 0)
        return g_bytes_new_take(bytes, (gsize)count);
    g_free(bytes);
    pif_error_set_errno(error, err, "cannot read %s", path);
    return NULL;
}

static void free_served(gpointer data)
{
    ServedBoot *served = data;
    pif_served_tree_free(served->tree);
    g_ptr_array_unref(served->lookups);
    g_free(served);
}

PifBootSource *pif_served_boot_new(PifServedTree *tree, const PifNodeIdentity *identity,
                                   const char *place, GPtrArray *lookups)
{
    static const PifBootSourceKind kind = {find, read_file, NULL, free_served};
    ServedBoot *served = g_new(ServedBoot, 1);
    *served = (ServedBoot){tree, *identity, g_ptr_array_ref(lookups)};
    return pif_boot_source_new(&kind, served, place);
}
