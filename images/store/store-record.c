// SPDX-License-Identifier: MIT
// The JSON file beside an image: what it is called and where it came from.
#include "images/disk/sha256.h"
#include "images/store/store-private.h"
#include "pifarm/base/error.h"
#include "pifarm/base/file.h"

#include <errno.h>
#include <unistd.h>

enum {
    MAX_RECORD_BYTES = 1024 * 1024,
    MAX_SOURCES = 16,
};

/* JSON is UTF-8; a path need not be. */
static json_t *json_text(const char *text)
{
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    return json_string(valid);
}

static gint64 to_ns(const struct timespec *time)
{
    return (gint64)time->tv_sec * 1000 * 1000 * 1000 + time->tv_nsec;
}

gboolean pif_record_load(const PifStore *store, const char *sha256, json_t **ret_record,
                         GError **error)
{
    g_autofree char *path = pif_store_path(store, sha256, ".json");
    g_autofree char *text = NULL;
    gsize size = 0;
    if (access(path, F_OK) < 0 && errno == ENOENT) {
        *ret_record = pif_record_new("unknown"); /* somebody removed it: the image is still good */
        return TRUE;
    }
    if (!pif_file_read(path, MAX_RECORD_BYTES, &text, &size, error))
        return FALSE;
    json_error_t where;
    g_autoptr(json_t) record = json_loadb(text, size, 0, &where);
    if (!record)
        return pif_error_set(error, PIF_ERROR_CONFIG,
                             "%s:%d:%d: %s; mend it, or remove it (the image loses its names)",
                             path, where.line, where.column, where.text);
    if (!json_is_object(record) || !json_is_array(json_object_get(record, "names")))
        return pif_error_set(
            error, PIF_ERROR_CONFIG,
            "%s is no record of an image; mend it, or remove it (the image loses its "
            "names)",
            path);
    *ret_record = g_steal_pointer(&record);
    return TRUE;
}

gboolean pif_record_save(const PifStore *store, const char *sha256, json_t *record, GError **error)
{
    g_autofree char *path = pif_store_path(store, sha256, ".json");
    char *text = json_dumps(record, JSON_INDENT(2));
    gboolean is_ok = pif_file_write(path, text, -1, 0644, error);
    free(text);
    return is_ok;
}

json_t *pif_record_new(const char *origin)
{
    return json_pack("{s[] so s[] sI s[]}", "names", "origin", json_text(origin), "recipes",
                     "created", (json_int_t)(g_get_real_time() / G_USEC_PER_SEC), "sources");
}

static gboolean find_in_list(const json_t *list, const char *text, size_t *ret_index)
{
    size_t index;
    json_t *value;
    json_array_foreach(list, index, value)
    {
        if (g_strcmp0(json_string_value(value), text) != 0)
            continue;
        *ret_index = index;
        return TRUE;
    }
    return FALSE;
}

gboolean pif_record_has(const json_t *record, const char *list, const char *text)
{
    size_t index;
    return find_in_list(json_object_get(record, list), text, &index);
}

void pif_record_add(json_t *record, const char *list, const char *text)
{
    if (!pif_record_has(record, list, text))
        json_array_append_new(json_object_get(record, list), json_text(text));
}

void pif_record_remove(json_t *record, const char *list, const char *text)
{
    size_t index;
    json_t *strings = json_object_get(record, list);
    if (find_in_list(strings, text, &index))
        json_array_remove(strings, index);
}

static const char *get_text(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

static gboolean has_number(const json_t *object, const char *key, gint64 number)
{
    const json_t *value = json_object_get(object, key);
    return json_is_integer(value) && json_integer_value(value) == number;
}

/* A file that is written to, replaced or restored differs in one of these from what it was. */
static json_t *make_stamp(const struct stat *status)
{
    return json_pack("{sI sI sI sI}", "size", (json_int_t)status->st_size, "inode",
                     (json_int_t)status->st_ino, "mtime_ns", (json_int_t)to_ns(&status->st_mtim),
                     "ctime_ns", (json_int_t)to_ns(&status->st_ctim));
}

static gboolean has_stamp(const json_t *object, const struct stat *status)
{
    return has_number(object, "size", status->st_size) &&
           has_number(object, "inode", (gint64)status->st_ino) &&
           has_number(object, "mtime_ns", to_ns(&status->st_mtim)) &&
           has_number(object, "ctime_ns", to_ns(&status->st_ctim));
}

static gboolean is_same_file(const json_t *source, const char *path, const struct stat *status)
{
    return g_strcmp0(get_text(source, "path"), path) == 0 && has_stamp(source, status);
}

/* Absolute, and as JSON holds it. */
static char *source_path(const char *file)
{
    g_autofree char *absolute = g_canonicalize_filename(file, NULL);
    return g_utf8_make_valid(absolute, -1);
}

gboolean pif_record_has_source(const json_t *record, const char *sha256)
{
    size_t index;
    json_t *source;
    json_array_foreach(json_object_get(record, "sources"), index,
                       source) if (g_strcmp0(get_text(source, "sha256"), sha256) == 0) return TRUE;
    return FALSE;
}

const char *pif_record_find_file(const json_t *record, const char *file, const struct stat *status)
{
    g_autofree char *path = source_path(file);
    size_t index;
    json_t *source;
    json_array_foreach(json_object_get(record, "sources"), index,
                       source) if (is_same_file(source, path, status)) return get_text(source,
                                                                                       "sha256");
    return NULL;
}

static void append_source(json_t *sources, json_t *source)
{
    json_array_append_new(sources, source);
    while (json_array_size(sources) > MAX_SOURCES)
        json_array_remove(sources, 0);
}

void pif_record_add_source(json_t *record, const char *sha256, const char *file,
                           const struct stat *status)
{
    g_autofree char *path = source_path(file);
    json_t *sources = json_object_get(record, "sources");
    if (pif_record_find_file(record, file, status))
        return;
    json_t *source = make_stamp(status);
    json_object_set_new(source, "sha256", json_string(sha256));
    json_object_set_new(source, "path", json_string(path));
    append_source(sources, source);
}

static gboolean find_url(const json_t *record, const char *url, size_t *ret_index)
{
    size_t index;
    json_t *source;
    json_array_foreach(json_object_get(record, "sources"), index, source)
    {
        if (g_strcmp0(get_text(source, "url"), url) != 0)
            continue;
        *ret_index = index;
        return TRUE;
    }
    return FALSE;
}

void pif_record_add_url(json_t *record, const char *sha256, const char *url, const char *validator)
{
    size_t index;
    json_t *sources = json_object_get(record, "sources");
    g_autofree char *valid_url = g_utf8_make_valid(url, -1);
    g_autofree char *valid = validator ? g_utf8_make_valid(validator, -1) : NULL;
    if (find_url(record, valid_url, &index))
        json_array_remove(sources, index);
    append_source(sources,
                  json_pack("{ss ss ss*}", "sha256", sha256, "url", valid_url, "validator", valid));
}

const json_t *pif_record_find_url(const json_t *record, const char *url)
{
    size_t index;
    g_autofree char *valid = g_utf8_make_valid(url, -1);
    return find_url(record, valid, &index)
               ? json_array_get(json_object_get(record, "sources"), index)
               : NULL;
}

void pif_record_set_stamp(json_t *record, const struct stat *status)
{
    json_object_set_new(record, "file", make_stamp(status));
}

gboolean pif_record_has_stamp(const json_t *record, const struct stat *status)
{
    return has_stamp(json_object_get(record, "file"), status);
}

static char **list_names(const json_t *record)
{
    g_autoptr(GStrvBuilder) names = g_strv_builder_new();
    size_t index;
    json_t *name;
    json_array_foreach(json_object_get(record, "names"), index, name) if (json_is_string(name))
        g_strv_builder_add(names, json_string_value(name));
    return g_strv_builder_end(names);
}

gboolean pif_record_to_image(const PifStore *store, const char *sha256, const json_t *record,
                             PifImage **ret_image, GError **error)
{
    struct stat status;
    g_autoptr(PifImage) image = g_new0(PifImage, 1);
    image->path = pif_store_path(store, sha256, ".img");
    if (stat(image->path, &status) < 0)
        return pif_error_set_errno(error, errno, "cannot find the image %s", image->path);
    image->sha256 = g_strdup(sha256);
    image->names = list_names(record);
    image->size = (guint64)status.st_size;
    image->allocated = (guint64)status.st_blocks * 512; /* stat(2): units of 512 bytes */
    image->origin = g_strdup(get_text(record, "origin"));
    image->recipe =
        g_strdup(json_string_value(json_array_get(json_object_get(record, "recipes"), 0)));
    image->created_s = json_integer_value(json_object_get(record, "created"));
    *ret_image = g_steal_pointer(&image);
    return TRUE;
}
