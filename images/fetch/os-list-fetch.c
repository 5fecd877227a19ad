// SPDX-License-Identifier: MIT
// Follows references from list to list, generation by generation.
#include "images/fetch/os-list-fetch.h"

#include "images/fetch/transfer.h"
#include "images/fetch/url.h"
#include "pifarm/base/error.h"
#include "pifarm/base/file.h"

enum {
    MAX_BYTES = 4 * 1024 * 1024,
    MAX_GENERATIONS = 4,
};

/* base: what relative URLs in it are relative to, NULL for a file. */
static gboolean read_document(const char *source, guint stall_timeout_s, char **ret_text,
                              gsize *ret_size, const char **ret_base, GError **error)
{
    g_autofree char *path = NULL;
    *ret_base = NULL;
    if (!pif_url_is_url(source))
        return pif_file_read(source, MAX_BYTES, ret_text, ret_size, error);
    if (pif_url_is_file(source))
        return pif_url_to_path(source, &path, error) &&
               pif_file_read(path, MAX_BYTES, ret_text, ret_size, error);
    *ret_base = source;
    PifTransfer transfer = {
        .url = source, .max_bytes = MAX_BYTES, .stall_timeout_s = stall_timeout_s};
    return pif_transfer_read(&transfer, ret_text, ret_size, error);
}

static gboolean add_document(PifOsList *list, const char *source, const char *group,
                             guint stall_timeout_s, GError **error)
{
    gsize size = 0;
    const char *base = NULL;
    GError *failure = NULL;
    g_autofree char *text = NULL;
    if (!read_document(source, stall_timeout_s, &text, &size, &base, error))
        return FALSE;
    if (pif_os_list_parse(list, text, size, base, group, &failure))
        return TRUE;
    g_autofree char *shown = base ? pif_url_redact(source) : g_strdup(source);
    return pif_error_take(error, failure, "cannot use the list %s", shown);
}

/* What is linked to in links from `from` on, as it is now; what that adds comes in the next one. */
static gboolean add_generation(PifOsList *list, guint from, GHashTable *seen, guint stall_timeout_s,
                               PifProgress *progress, GError **error)
{
    guint end = list->links->len;
    for (guint i = from; i < end; i++) {
        const PifOsLink *link = g_ptr_array_index(list->links, i);
        if (!g_hash_table_add(seen, g_strdup(link->url)))
            continue;
        pif_progress_set_text(progress, link->group);
        if (!add_document(list, link->url, link->group, stall_timeout_s, error))
            return FALSE;
    }
    return TRUE;
}

gboolean pif_os_list_fetch(const char *source, guint stall_timeout_s, PifProgress *progress,
                           PifOsList **ret_list, GError **error)
{
    g_autoptr(PifOsList) list = pif_os_list_new();
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_hash_table_add(seen, g_strdup(source));
    if (!add_document(list, source, "", stall_timeout_s, error))
        return FALSE;
    for (guint from = 0, i = 0; i < MAX_GENERATIONS && from < list->links->len; i++) {
        guint end = list->links->len;
        if (!add_generation(list, from, seen, stall_timeout_s, progress, error))
            return FALSE;
        from = end;
    }
    *ret_list = g_steal_pointer(&list);
    return TRUE;
}
