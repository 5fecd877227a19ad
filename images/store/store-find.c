// SPDX-License-Identifier: MIT
// Which image is meant: by name, hash, recipe or source.
#include "images/disk/sha256.h"
#include "images/store/store-private.h"
#include "pifarm/base/error.h"
#include "pifarm/base/suggest.h"

#include <errno.h>
#include <string.h>

enum {
    MIN_PREFIX_DIGITS = 6,
    MAX_LISTED = 12, /* in messages */
    SHOWN_DIGITS = 12,
};

/* Hashes of all images, NULL-terminated; NULL on failure. */
static char **list_hashes(PifStore *store, GError **error)
{
    GError *failure = NULL;
    g_autoptr(GDir) folder = g_dir_open(store->directory, 0, &failure);
    if (!folder) {
        pif_error_take(error, failure, "cannot list the image store");
        return NULL;
    }
    g_autoptr(GStrvBuilder) hashes = g_strv_builder_new();
    for (const char *name; (name = g_dir_read_name(folder));) {
        g_autofree char *sha256 = g_strdup(name);
        if (!g_str_has_suffix(name, ".img"))
            continue;
        sha256[strlen(sha256) - strlen(".img")] = '\0';
        if (pif_sha256_is_valid(sha256))
            g_strv_builder_add(hashes, sha256);
    }
    return g_strv_builder_end(hashes);
}

static gint compare_images(gconstpointer a, gconstpointer b)
{
    const PifImage *first = *(PifImage *const *)a;
    const PifImage *second = *(PifImage *const *)b;
    int by_name = g_strcmp0(first->names[0], second->names[0]);
    return by_name ? by_name : strcmp(first->sha256, second->sha256);
}

static gboolean load_image(PifStore *store, const char *sha256, PifImage **ret_image,
                           GError **error)
{
    g_autoptr(json_t) record = NULL;
    return pif_record_load(store, sha256, &record, error) &&
           pif_record_to_image(store, sha256, record, ret_image, error);
}

GPtrArray *pif_store_list(PifStore *store, GError **error)
{
    g_autoptr(GPtrArray) images = g_ptr_array_new_with_free_func((GDestroyNotify)pif_image_free);
    g_auto(PifFd) lock = -1;
    if (!pif_store_lock(store, FALSE, &lock, error))
        return NULL;
    g_auto(GStrv) hashes = list_hashes(store, error);
    if (!hashes)
        return NULL;
    for (char **sha256 = hashes; *sha256; sha256++) {
        PifImage *image = NULL;
        if (!load_image(store, *sha256, &image, error))
            return NULL;
        g_ptr_array_add(images, image);
    }
    g_ptr_array_sort(images, compare_images);
    return g_steal_pointer(&images);
}

gboolean pif_store_search(PifStore *store, PifRecordVisit visit, gconstpointer wanted,
                          char **ret_sha256, GError **error)
{
    g_auto(GStrv) hashes = list_hashes(store, error);
    if (!hashes)
        return FALSE;
    *ret_sha256 = NULL;
    for (char **sha256 = hashes; *sha256 && !*ret_sha256; sha256++) {
        g_autoptr(json_t) record = NULL;
        if (!pif_record_load(store, *sha256, &record, error))
            return FALSE;
        if (visit(record, wanted))
            *ret_sha256 = g_strdup(*sha256);
    }
    return TRUE;
}

static gboolean has_name(json_t *record, gconstpointer name)
{
    return pif_record_has(record, "names", name);
}

gboolean pif_store_find_name(PifStore *store, const char *name, char **ret_sha256, GError **error)
{
    return pif_store_search(store, has_name, name, ret_sha256, error);
}

/* A recipe that was made again has several images: the newest counts. */
typedef struct {
    const char *recipe;
    json_int_t newer_than;
} RecipeSearch;

static gboolean is_newer_of_recipe(json_t *record, gconstpointer wanted)
{
    const RecipeSearch *search = wanted;
    return pif_record_has(record, "recipes", search->recipe) &&
           json_integer_value(json_object_get(record, "created")) > search->newer_than;
}

static gboolean find_newest_of_recipe(PifStore *store, const char *recipe, char **ret_sha256,
                                      GError **error)
{
    RecipeSearch search = {recipe, -1};
    for (;;) {
        g_autofree char *sha256 = NULL;
        g_autoptr(json_t) record = NULL;
        if (!pif_store_search(store, is_newer_of_recipe, &search, &sha256, error))
            return FALSE;
        if (!sha256)
            return TRUE;
        if (!pif_record_load(store, sha256, &record, error))
            return FALSE;
        search.newer_than = json_integer_value(json_object_get(record, "created"));
        g_free(*ret_sha256);
        *ret_sha256 = g_steal_pointer(&sha256);
    }
}

static gboolean has_source(json_t *record, gconstpointer sha256)
{
    return pif_record_has_source(record, sha256);
}

/* The one image whose hash begins so; *ret_sha256 NULL when none does. */
static gboolean find_prefix(PifStore *store, const char *prefix, char **ret_sha256, GError **error)
{
    const char *found = NULL;
    *ret_sha256 = NULL;
    if (strlen(prefix) < MIN_PREFIX_DIGITS)
        return TRUE;
    g_auto(GStrv) hashes = list_hashes(store, error);
    if (!hashes)
        return FALSE;
    for (char **sha256 = hashes; *sha256; sha256++) {
        if (!g_str_has_prefix(*sha256, prefix))
            continue;
        if (found)
            return pif_error_set(error, PIF_ERROR_USAGE,
                                 "'%s' may be image %.16s or %.16s; give more digits", prefix,
                                 found, *sha256);
        found = *sha256;
    }
    *ret_sha256 = g_strdup(found);
    return TRUE;
}

static int compare_names(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The names of all images, and of those without one the first digits; NULL-terminated. */
static GPtrArray *list_names(PifStore *store)
{
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
    g_auto(GStrv) hashes = list_hashes(store, NULL);
    for (char **sha256 = hashes; sha256 && *sha256; sha256++) {
        g_autoptr(PifImage) image = NULL;
        gboolean is_named = load_image(store, *sha256, &image, NULL) && image->names[0];
        for (char **name = is_named ? image->names : NULL; name && *name; name++)
            g_ptr_array_add(names, g_strdup(*name));
        if (!is_named)
            g_ptr_array_add(names, g_strndup(*sha256, SHOWN_DIGITS));
    }
    g_ptr_array_sort(names, compare_names);
    g_ptr_array_add(names, NULL);
    return names;
}

/* "; there are: debian, tiny; did you mean 'tiny'?" */
static char *describe_images(PifStore *store, const char *wanted)
{
    g_autoptr(GPtrArray) names = list_names(store);
    guint count = names->len - 1;
    if (count == 0)
        return g_strdup("; it is empty");
    GString *text = g_string_new("; there are: ");
    for (guint i = 0; i < MIN(count, MAX_LISTED); i++)
        g_string_append_printf(text, "%s%s", i ? ", " : "", (char *)names->pdata[i]);
    if (count > MAX_LISTED)
        g_string_append_printf(text, " and %u more", count - MAX_LISTED);
    const char *near = pif_suggest(wanted, (const char *const *)names->pdata);
    if (near)
        g_string_append_printf(text, "; did you mean '%s'?", near);
    return g_string_free(text, FALSE);
}

gboolean pif_store_resolve(PifStore *store, const char *name, char **ret_sha256, GError **error)
{
    if (!pif_store_find_name(store, name, ret_sha256, error))
        return FALSE;
    if (!*ret_sha256 && !find_prefix(store, name, ret_sha256, error))
        return FALSE;
    if (*ret_sha256)
        return TRUE;
    g_autofree char *shown = g_strescape(name, NULL);
    g_autofree char *others = describe_images(store, name);
    return pif_error_set(error, PIF_ERROR_NOT_FOUND, "no image '%s' in the store %s%s", shown,
                         store->directory, others);
}

gboolean pif_store_find(PifStore *store, const char *name, PifImage **ret_image, GError **error)
{
    g_auto(PifFd) lock = -1;
    g_autofree char *sha256 = NULL;
    return pif_store_lock(store, FALSE, &lock, error) &&
           pif_store_resolve(store, name, &sha256, error) &&
           load_image(store, sha256, ret_image, error);
}

/* what: of which there is no image, for the message. */
static gboolean find_by_record(PifStore *store, PifRecordVisit visit, gconstpointer wanted,
                               const char *what, PifImage **ret_image, GError **error)
{
    g_auto(PifFd) lock = -1;
    g_autofree char *sha256 = NULL;
    if (!pif_store_lock(store, FALSE, &lock, error) ||
        !pif_store_search(store, visit, wanted, &sha256, error))
        return FALSE;
    if (!sha256)
        return pif_error_set(error, PIF_ERROR_NOT_FOUND, "no image of %s in the store %s", what,
                             store->directory);
    return load_image(store, sha256, ret_image, error);
}

gboolean pif_store_find_recipe(PifStore *store, const char *recipe, PifImage **ret_image,
                               GError **error)
{
    g_auto(PifFd) lock = -1;
    g_autofree char *sha256 = NULL;
    if (!pif_store_lock(store, FALSE, &lock, error) ||
        !find_newest_of_recipe(store, recipe, &sha256, error))
        return FALSE;
    if (!sha256)
        return pif_error_set(error, PIF_ERROR_NOT_FOUND, "no image of this recipe in the store %s",
                             store->directory);
    return load_image(store, sha256, ret_image, error);
}

gboolean pif_store_find_source(PifStore *store, const char *source_sha256, PifImage **ret_image,
                               GError **error)
{
    return find_by_record(store, has_source, source_sha256, "this source", ret_image, error);
}

static gboolean has_url(json_t *record, gconstpointer url)
{
    return pif_record_find_url(record, url) != NULL;
}

gboolean pif_store_find_url(PifStore *store, const char *url, char **ret_validator,
                            PifImage **ret_image, GError **error)
{
    g_autoptr(PifImage) image = NULL;
    g_autoptr(json_t) record = NULL;
    if (!find_by_record(store, has_url, url, url, &image, error) ||
        !pif_record_load(store, image->sha256, &record, error))
        return FALSE;
    const json_t *source = pif_record_find_url(record, url);
    if (ret_validator)
        *ret_validator = g_strdup(json_string_value(json_object_get(source, "validator")));
    *ret_image = g_steal_pointer(&image);
    return TRUE;
}

typedef struct {
    const char *path;
    struct stat status;
} WantedFile;

static gboolean has_file(json_t *record, gconstpointer wanted)
{
    const WantedFile *file = wanted;
    return pif_record_find_file(record, file->path, &file->status) != NULL;
}

gboolean pif_store_find_unchanged_file(PifStore *store, const char *file, PifImage **ret_image,
                                       GError **error)
{
    WantedFile wanted = {.path = file};
    if (stat(file, &wanted.status) < 0)
        return pif_error_set_errno(error, errno, "cannot open %s", file);
    return find_by_record(store, has_file, &wanted, file, ret_image, error);
}

gboolean pif_store_check_name_is_free(PifStore *store, const char *name, GError **error)
{
    g_autoptr(GError) failure = NULL;
    g_autoptr(PifImage) holder = NULL;
    if (!pif_image_check_name(name, error))
        return FALSE;
    if (pif_store_find(store, name, &holder, &failure))
        return pif_error_set(error, PIF_ERROR_EXISTS,
                             "there is an image '%s' already; choose another name, or: pifarm "
                             "image rm %s",
                             name, name);
    if (g_error_matches(failure, PIF_ERROR, PIF_ERROR_NOT_FOUND))
        return TRUE;
    g_propagate_error(error, g_steal_pointer(&failure));
    return FALSE;
}
