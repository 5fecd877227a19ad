// SPDX-License-Identifier: MIT
// From JSON to entries: pure, and bounded whatever the document says.
#include "images/fetch/os-list.h"

#include "images/disk/sha256.h"
#include "images/fetch/fetch.h"
#include "images/fetch/slug.h"
#include "images/fetch/url.h"
#include "pifarm/base/error.h"

#include <jansson.h>
#include <string.h>

G_DEFINE_AUTOPTR_CLEANUP_FUNC(json_t, json_decref)

enum {
    MAX_ENTRIES = 4096,
    MAX_LINKS = 256,
    MAX_TAGS = 256,
    MAX_DEPTH = 8, /* of groups in groups */
    MAX_TEXT = 4096,
};

/* Where in the document we are. */
typedef struct {
    PifOsList *list;
    const char *base;
    const char *group;
    const json_t *devices; /* of the group, for entries that name none */
    int depth;
} Place;

static void entry_free(gpointer data)
{
    PifOsEntry *entry = data;
    if (!entry)
        return;
    g_free(entry->name);
    g_free(entry->slug);
    g_free(entry->stem);
    g_free(entry->group);
    g_free(entry->description);
    g_free(entry->url);
    g_free(entry->release_date);
    g_strfreev(entry->devices);
    g_free(entry->download_sha256);
    g_free(entry->disk_sha256);
    g_free(entry);
}

typedef PifOsEntry OsEntry;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OsEntry, entry_free)

void pif_os_link_free(gpointer data)
{
    PifOsLink *link = data;
    if (!link)
        return;
    g_free(link->group);
    g_free(link->url);
    g_free(link);
}

PifOsList *pif_os_list_new(void)
{
    PifOsList *list = g_new0(PifOsList, 1);
    list->entries = g_ptr_array_new_with_free_func(entry_free);
    list->links = g_ptr_array_new_with_free_func(pif_os_link_free);
    list->tags = g_ptr_array_new_with_free_func(g_free);
    return list;
}

void pif_os_list_free(PifOsList *list)
{
    if (!list)
        return;
    g_ptr_array_unref(list->entries);
    g_ptr_array_unref(list->links);
    g_ptr_array_unref(list->tags);
    g_free(list);
}

/* NULL where the key is missing or no text. */
static const char *get_text(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

static gboolean set_entry_error(const PifOsEntry *entry, const char *problem, GError **error)
{
    g_autofree char *name = g_strescape(entry->name, NULL);
    return pif_error_set(error, PIF_ERROR_PROTOCOL, "its entry '%.80s' %s", name, problem);
}

static gboolean read_hash(const json_t *object, const char *key, const PifOsEntry *entry,
                          char **ret_sha256, GError **error)
{
    const char *text = get_text(object, key);
    if (!text || !*text)
        return TRUE;
    g_autofree char *digits = g_ascii_strdown(text, -1);
    if (!pif_sha256_is_valid(digits))
        return set_entry_error(entry, "has a checksum that is no SHA-256", error);
    *ret_sha256 = g_steal_pointer(&digits);
    return TRUE;
}

static guint64 read_size(const json_t *object, const char *key)
{
    json_int_t size = json_integer_value(json_object_get(object, key));
    return size > 0 ? (guint64)size : 0;
}

static char **read_tags(const json_t *tags)
{
    size_t i;
    json_t *tag;
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
    if (!json_is_array(tags))
        return NULL;
    json_array_foreach(tags, i, tag)
    {
        if (i < MAX_TAGS && json_is_string(tag))
            g_strv_builder_add(builder, json_string_value(tag));
    }
    return g_strv_builder_end(builder);
}

static gboolean fill_entry(const Place *place, const json_t *object, PifOsEntry *entry,
                           GError **error)
{
    const json_t *devices = json_object_get(object, "devices");
    entry->slug = pif_slug_make(entry->name);
    entry->stem = pif_fetch_name(entry->url);
    entry->group = g_strdup(place->group);
    entry->description = g_strdup(get_text(object, "description"));
    entry->release_date = g_strdup(get_text(object, "release_date"));
    entry->devices = read_tags(devices ? devices : place->devices);
    entry->download_size = read_size(object, "image_download_size");
    entry->disk_size = read_size(object, "extract_size");
    return read_hash(object, "image_download_sha256", entry, &entry->download_sha256, error) &&
           read_hash(object, "extract_sha256", entry, &entry->disk_sha256, error);
}

/* Imager's own actions have URLs like "internal://format". */
static gboolean read_entry(const Place *place, const json_t *object, const char *name,
                           const char *url, GError **error)
{
    g_autoptr(OsEntry) entry = g_new0(PifOsEntry, 1);
    entry->name = g_strdup(name);
    if (!pif_url_resolve(place->base, url, &entry->url, NULL))
        return TRUE;
    if (place->list->entries->len >= MAX_ENTRIES)
        return pif_error_set(error, PIF_ERROR_PROTOCOL, "it has more than %d entries", MAX_ENTRIES);
    if (!fill_entry(place, object, entry, error))
        return FALSE;
    g_ptr_array_add(place->list->entries, g_steal_pointer(&entry));
    return TRUE;
}

static gboolean read_link(const Place *place, const char *group, const char *url, GError **error)
{
    g_autofree char *absolute = NULL;
    if (!pif_url_resolve(place->base, url, &absolute, error))
        return FALSE;
    if (place->list->links->len >= MAX_LINKS)
        return pif_error_set(error, PIF_ERROR_PROTOCOL, "it refers to more than %d other lists",
                             MAX_LINKS);
    PifOsLink *link = g_new0(PifOsLink, 1);
    link->group = g_strdup(group);
    link->url = g_steal_pointer(&absolute);
    g_ptr_array_add(place->list->links, link);
    return TRUE;
}

static gboolean read_items(const Place *place, const json_t *items, GError **error);

static gboolean read_group(const Place *place, const json_t *object, const char *name,
                           GError **error)
{
    g_autofree char *group =
        *place->group ? g_strjoin(" / ", place->group, name, NULL) : g_strdup(name);
    const json_t *subitems = json_object_get(object, "subitems");
    const json_t *devices = json_object_get(object, "devices");
    const char *link = get_text(object, "subitems_url");
    Place inner = *place;
    inner.group = group;
    inner.depth++;
    if (devices)
        inner.devices = devices;
    return (!link || read_link(place, group, link, error)) &&
           (!subitems || read_items(&inner, subitems, error));
}

static gboolean read_item(const Place *place, const json_t *item, GError **error)
{
    const char *name = get_text(item, "name");
    const char *url = get_text(item, "url");
    if (!name || !*name || strlen(name) > MAX_TEXT)
        return !json_is_object(item)
                   ? pif_error_set(error, PIF_ERROR_PROTOCOL, "an entry is no object")
                   : TRUE; /* nobody could pick it */
    return (!url || strlen(url) > MAX_TEXT || read_entry(place, item, name, url, error)) &&
           read_group(place, item, name, error);
}

static gboolean read_items(const Place *place, const json_t *items, GError **error)
{
    size_t i;
    json_t *item;
    if (!json_is_array(items))
        return pif_error_set(error, PIF_ERROR_PROTOCOL, "its 'os_list' or 'subitems' is no array");
    if (place->depth > MAX_DEPTH)
        return pif_error_set(error, PIF_ERROR_PROTOCOL, "it has groups more than %d deep",
                             MAX_DEPTH);
    json_array_foreach(items, i, item)
    {
        if (!read_item(place, item, error))
            return FALSE;
    }
    return TRUE;
}

/* "imager": {"devices": [{"name", "tags": []}]} */
static void read_known_tags(PifOsList *list, const json_t *root)
{
    size_t i;
    json_t *device;
    json_array_foreach(json_object_get(json_object_get(root, "imager"), "devices"), i, device)
    {
        g_auto(GStrv) tags = read_tags(json_object_get(device, "tags"));
        for (char **tag = tags; tag && *tag && list->tags->len < MAX_TAGS; tag++)
            if (!g_ptr_array_find_with_equal_func(list->tags, *tag, g_str_equal, NULL))
                g_ptr_array_add(list->tags, g_strdup(*tag));
    }
}

gboolean pif_os_list_parse(PifOsList *list, const char *text, gsize size, const char *base,
                           const char *group, GError **error)
{
    json_error_t where;
    const Place place = {.list = list, .base = base, .group = group};
    g_autoptr(json_t) root = json_loadb(text, size, 0, &where);
    if (!root)
        return pif_error_set(error, PIF_ERROR_PROTOCOL, "it is no JSON: line %d, column %d: %s",
                             where.line, where.column, where.text);
    const json_t *items = json_object_get(root, "os_list");
    if (!items)
        return pif_error_set(error, PIF_ERROR_PROTOCOL,
                             "it is no list of operating systems: it has no 'os_list'");
    read_known_tags(list, root);
    return read_items(&place, items, error);
}
