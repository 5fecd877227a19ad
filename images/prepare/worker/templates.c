// SPDX-License-Identifier: MIT
// Files with each node's own values in them are no files of the image, but templates that
// images/card/template.c makes them of.
#include "images/prepare/worker/templates.h"

#include "images/card/node-values.h"
#include "images/card/template.h"
#include "pifarm/base/error.h"

#include <string.h>

gboolean pif_guest_check_template(const PifGuest *guest, const char *path, gsize size,
                                  GError **error)
{
    gsize length = guest->boot ? strlen(guest->boot) : 0;
    if (length && g_str_has_prefix(path, guest->boot) && path[length] == '/')
        return pif_error_set(error, PIF_ERROR_CONFIG,
                             "%s has a node's own values in it, but is on the boot partition, "
                             "where only the root's files can have them",
                             path);
    if (!pif_template_is_path(path))
        return pif_error_set(error, PIF_ERROR_CONFIG,
                             "%s has a node's own values in it, and so can only be called by "
                             "letters, digits and ._@:+,=-",
                             path);
    return size <= PIF_TEMPLATE_MAX_SIZE ||
           pif_error_set(error, PIF_ERROR_CONFIG,
                         "%s has a node's own values in it, and so cannot be larger than %d KiB",
                         path, PIF_TEMPLATE_MAX_SIZE / 1024);
}

char *pif_guest_template_place(const char *path)
{
    return g_strconcat(PIF_TEMPLATE_FOLDER, path, NULL);
}

/* The card's list: a set of paths. */
static gboolean read_list(const PifGuest *guest, GHashTable **ret_paths, GError **error)
{
    g_autofree char *text = NULL;
    if (!pif_guest_read(guest, PIF_TEMPLATE_LIST, &text, error))
        return FALSE;
    g_auto(GStrv) lines = g_strsplit(text ? text : "", "\n", -1);
    *ret_paths = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (char **line = lines; *line; line++)
        if (**line)
            g_hash_table_add(*ret_paths, g_strdup(*line));
    return TRUE;
}

static gboolean write_list(const PifGuest *guest, GHashTable *paths, GError **error)
{
    g_autoptr(GList) sorted = g_list_sort(g_hash_table_get_keys(paths), (GCompareFunc)strcmp);
    g_autoptr(GString) text = g_string_new(NULL);
    if (g_hash_table_size(paths) > PIF_TEMPLATES_MAX)
        return pif_error_set(error, PIF_ERROR_CONFIG,
                             "more than %d files of the image have a node's own values in them",
                             PIF_TEMPLATES_MAX);
    for (GList *path = sorted; path; path = path->next)
        g_string_append_printf(text, "%s\n", (char *)path->data);
    return pif_guest_put_new(guest, PIF_TEMPLATE_LIST, text->str, 0644, error);
}

static gboolean drop_plain(const PifGuest *guest, const GPtrArray *plain, GHashTable *listed,
                           gboolean *is_changed, GError **error)
{
    for (guint i = 0; i < plain->len; i++) {
        if (!g_hash_table_remove(listed, plain->pdata[i]))
            continue;
        g_autofree char *place = pif_guest_template_place(plain->pdata[i]);
        *is_changed = TRUE;
        if (!pif_guest_remove(guest, place, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean add_templates(const PifGuest *guest, const GPtrArray *templates, GHashTable *listed,
                              gboolean *is_changed, GError **error)
{
    for (guint i = 0; i < templates->len; i++) {
        const char *path = templates->pdata[i];
        if (g_hash_table_add(listed, g_strdup(path)))
            *is_changed = TRUE;
        pif_guest_note(guest, "%s is made on each node, with its own values", path);
        if (!pif_guest_remove(guest, path, error))
            return FALSE;
    }
    return TRUE;
}

gboolean pif_guest_update_templates(const PifGuest *guest, const GPtrArray *templates,
                                    const GPtrArray *plain, GError **error)
{
    gboolean is_changed = FALSE;
    g_autoptr(GHashTable) listed = NULL;
    return read_list(guest, &listed, error) &&
           drop_plain(guest, plain, listed, &is_changed, error) &&
           add_templates(guest, templates, listed, &is_changed, error) &&
           (!is_changed || write_list(guest, listed, error));
}

gboolean pif_guest_put_text(const PifGuest *guest, const char *path, const char *text,
                            unsigned mode, GError **error)
{
    g_autoptr(GPtrArray) one = g_ptr_array_new();
    g_autoptr(GPtrArray) none = g_ptr_array_new();
    g_autofree char *place = pif_guest_template_place(path);
    gboolean has_values = pif_node_values_are_in(text);
    g_ptr_array_add(one, (gpointer)path);
    if (has_values && !pif_guest_check_template(guest, path, strlen(text), error))
        return FALSE;
    return pif_guest_put_new(guest, has_values ? place : path, text, mode, error) &&
           pif_guest_update_templates(guest, has_values ? one : none, has_values ? none : one,
                                      error);
}
