// SPDX-License-Identifier: MIT
// Calls to a source, and the failure that sticks to it.
#include "hw/firmware/boot-source.h"

enum { MAX_TEXT_SIZE = 64 * 1024 };

struct PifBootSource {
    const PifBootSourceKind *kind;
    gpointer data;
    char *place;
    GError *failure;
};

PifBootSource *pif_boot_source_new(const PifBootSourceKind *kind, gpointer data, const char *place)
{
    PifBootSource *source = g_new0(PifBootSource, 1);
    *source = (PifBootSource){kind, data, g_strdup(place), NULL};
    return source;
}

void pif_boot_source_free(PifBootSource *source)
{
    if (!source)
        return;
    source->kind->free(source->data);
    g_free(source->place);
    g_clear_error(&source->failure);
    g_free(source);
}

const char *pif_boot_source_place(const PifBootSource *source)
{
    return source->place;
}

char *pif_boot_source_find(PifBootSource *source, const char *path)
{
    return source->failure || !*path ? NULL
                                     : source->kind->find(source->data, path, &source->failure);
}

GBytes *pif_boot_source_read(PifBootSource *source, const char *path, gsize max_size)
{
    return source->failure ? NULL
                           : source->kind->read(source->data, path, max_size, &source->failure);
}

char *pif_boot_source_read_text(PifBootSource *source, const char *path)
{
    g_autofree char *found = pif_boot_source_find(source, path);
    g_autoptr(GBytes) bytes = found ? pif_boot_source_read(source, found, MAX_TEXT_SIZE) : NULL;
    if (!bytes)
        return NULL;
    gsize size;
    const char *text = g_bytes_get_data(bytes, &size);
    return size ? g_strndup(text, size) : g_strdup("");
}

gboolean pif_boot_source_choose_partition(PifBootSource *source, unsigned number)
{
    return !source->failure && source->kind->choose_partition &&
           source->kind->choose_partition(source->data, number, &source->failure);
}

gboolean pif_boot_source_check(const PifBootSource *source, GError **error)
{
    if (!source->failure)
        return TRUE;
    if (error)
        *error = g_error_copy(source->failure);
    return FALSE;
}
