// SPDX-License-Identifier: MIT
// The rules of matching, the strictest first.
#include "images/fetch/os-list-pick.h"

#include "images/fetch/slug.h"
#include "pifarm/base/error.h"
#include "pifarm/base/suggest.h"

enum { MAX_LISTED = 8 };

static gboolean is_for(const PifOsEntry *entry, const char *device)
{
    return !entry->devices || g_str_equal(device, "any") ||
           g_strv_contains((const char *const *)entry->devices, device);
}

gboolean pif_os_list_filter(const PifOsList *list, const char *device, GPtrArray **ret_entries,
                            GError **error)
{
    g_autoptr(GPtrArray) entries = g_ptr_array_new();
    g_autoptr(GHashTable) urls = g_hash_table_new(g_str_hash, g_str_equal);
    for (guint i = 0; i < list->entries->len; i++) {
        PifOsEntry *entry = g_ptr_array_index(list->entries, i);
        if (is_for(entry, device) && g_hash_table_add(urls, entry->url))
            g_ptr_array_add(entries, entry);
    }
    if (entries->len > 0) {
        *ret_entries = g_steal_pointer(&entries);
        return TRUE;
    }
    g_autoptr(GString) tags = g_string_new(NULL);
    for (guint i = 0; i < list->tags->len; i++)
        g_string_append_printf(tags, "%s, ", (const char *)g_ptr_array_index(list->tags, i));
    return pif_error_set(error, PIF_ERROR_NOT_FOUND,
                         "the list has nothing for the device '%s'; --device may be: %sany", device,
                         tags->str);
}

typedef gboolean (*Match)(const PifOsEntry *entry, const char *wanted);

static gboolean is_exact(const PifOsEntry *entry, const char *wanted)
{
    g_autofree char *stem = pif_slug_make(entry->stem);
    return g_str_equal(entry->slug, wanted) || g_str_equal(stem, wanted);
}

static gboolean has_all(const PifOsEntry *entry, const char *wanted, gboolean parts)
{
    g_autofree char *both = g_strjoin(" ", entry->slug, entry->stem, NULL);
    g_autofree char *words = pif_slug_make(both);
    return pif_slug_has_words(words, wanted, parts);
}

static gboolean has_words(const PifOsEntry *entry, const char *wanted)
{
    return has_all(entry, wanted, FALSE);
}

static gboolean has_parts(const PifOsEntry *entry, const char *wanted)
{
    return has_all(entry, wanted, TRUE);
}

static GPtrArray *find_all(const GPtrArray *entries, Match match, const char *wanted)
{
    GPtrArray *found = g_ptr_array_new();
    for (guint i = 0; i < entries->len; i++)
        if (match(g_ptr_array_index(entries, i), wanted))
            g_ptr_array_add(found, g_ptr_array_index(entries, i));
    return found;
}

/* Those of one name are told apart by their files. */
static const char *describe(const GPtrArray *entries, guint index)
{
    const PifOsEntry *entry = g_ptr_array_index(entries, index);
    for (guint i = 0; i < entries->len; i++)
        if (i != index &&
            g_str_equal(((const PifOsEntry *)g_ptr_array_index(entries, i))->slug, entry->slug))
            return entry->stem;
    return entry->slug;
}

static gboolean set_ambiguous_error(const GPtrArray *found, const char *name, GError **error)
{
    g_autoptr(GString) text = g_string_new(NULL);
    for (guint i = 0; i < MIN(found->len, MAX_LISTED); i++)
        g_string_append_printf(text, "%s%s", i ? ", " : "", describe(found, i));
    if (found->len > MAX_LISTED)
        g_string_append_printf(text, " and %u more", found->len - MAX_LISTED);
    return pif_error_set(error, PIF_ERROR_USAGE, "'%s' may be: %s; say which", name, text->str);
}

static gboolean set_not_found_error(const GPtrArray *entries, const char *name, const char *wanted,
                                    GError **error)
{
    g_autoptr(GPtrArray) slugs = g_ptr_array_new();
    for (guint i = 0; i < entries->len; i++)
        g_ptr_array_add(slugs, ((const PifOsEntry *)g_ptr_array_index(entries, i))->slug);
    g_ptr_array_add(slugs, NULL);
    const char *near = pif_suggest(wanted, (const char *const *)slugs->pdata);
    if (near)
        return pif_error_set(error, PIF_ERROR_NOT_FOUND,
                             "the list has no '%s' for this device; did you mean '%s'?", name,
                             near);
    return pif_error_set(error, PIF_ERROR_NOT_FOUND,
                         "the list has no '%s' for this device; --list shows what it has", name);
}

gboolean pif_os_list_pick(const GPtrArray *entries, const char *name, const PifOsEntry **ret_entry,
                          GError **error)
{
    static const Match matches[] = {is_exact, has_words, has_parts};
    g_autofree char *wanted = pif_slug_make(name);
    g_autofree char *shown = g_strescape(name, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(matches) && *wanted; i++) {
        g_autoptr(GPtrArray) found = find_all(entries, matches[i], wanted);
        if (found->len > 1)
            return set_ambiguous_error(found, shown, error);
        if (found->len == 0)
            continue;
        *ret_entry = g_ptr_array_index(found, 0);
        return TRUE;
    }
    return set_not_found_error(entries, shown, wanted, error);
}
