// SPDX-License-Identifier: MIT
// One finder for each kind of garbage.
#include "pifarm/cli/garbage.h"

#include "images/clone/unfinished.h"
#include "images/fetch/partial.h"
#include "images/store/clone-lock.h"
#include "images/store/clone.h"
#include "pifarm/base/error.h"
#include "pifarm/base/file.h"
#include "pifarm/base/paths.h"
#include "pifarm/model/farm-image.h"

#include <gio/gio.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum {
    DOWNLOAD_AGE_S = 7 * 24 * 60 * 60,
    RECIPE_DIGITS = 8, /* of an automatic name: prepare.c */
};
#define CARD_SUFFIX ".qcow2"

typedef gboolean (*Finder)(const PifGarbageSearch *search, GPtrArray *found, GError **error);

static void free_garbage(gpointer data)
{
    PifGarbage *garbage = data;
    g_free(garbage->name);
    g_free(garbage->path);
    g_free(garbage);
}

static guint64 measure(const char *path)
{
    guint64 bytes = 0;
    g_autoptr(GFile) file = g_file_new_for_path(path);
    g_file_measure_disk_usage(file, G_FILE_MEASURE_NONE, NULL, NULL, NULL, &bytes, NULL, NULL,
                              NULL);
    return bytes;
}

/* Takes name. */
static void add(GPtrArray *found, const char *what, char *name, const char *path,
                PifGarbageRemove remove_it)
{
    PifGarbage *garbage = g_new(PifGarbage, 1);
    *garbage = (PifGarbage){what, name, g_strdup(path), measure(path), remove_it};
    g_ptr_array_add(found, garbage);
}

/* Also what else dead processes have left. */
static gboolean remove_leftover(PifStore *store, const PifGarbage *garbage, GError **error)
{
    (void)garbage;
    return pif_store_remove_leftovers(store, error);
}

static gboolean find_leftovers(const PifGarbageSearch *search, GPtrArray *found, GError **error)
{
    g_autoptr(GPtrArray) paths = pif_store_list_leftovers(search->store, error);
    for (guint i = 0; paths && i < paths->len; i++)
        add(found, "leftover of a killed command", g_path_get_basename(paths->pdata[i]),
            paths->pdata[i], remove_leftover);
    return paths != NULL;
}

static gboolean remove_downloads(PifStore *store, const PifGarbage *garbage, GError **error)
{
    (void)store, (void)error;
    g_autofree char *folder = g_path_get_dirname(garbage->path);
    pif_partial_sweep(folder, DOWNLOAD_AGE_S, G_MAXUINT64);
    return TRUE;
}

static gboolean is_old(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 &&
           status.st_mtime < g_get_real_time() / G_USEC_PER_SEC - DOWNLOAD_AGE_S;
}

static gboolean find_downloads(const PifGarbageSearch *search, GPtrArray *found, GError **error)
{
    (void)error;
    const char *name;
    g_autofree char *folder =
        g_build_filename(pif_store_directory(search->store), "downloads", NULL);
    g_autoptr(GDir) directory = g_dir_open(folder, 0, NULL);
    while (directory && (name = g_dir_read_name(directory))) {
        g_autofree char *path = g_build_filename(folder, name, NULL);
        if (g_str_has_suffix(name, ".part") && is_old(path))
            add(found, "unfinished download", g_strdup_printf("%.12s", name), path,
                remove_downloads);
    }
    return TRUE;
}

static gboolean remove_image(PifStore *store, const PifGarbage *garbage, GError **error)
{
    g_autofree char *sha256 = g_path_get_basename(garbage->path);
    GError *failure = NULL;
    sha256[strlen(sha256) - strlen(".img")] = '\0';
    if (pif_store_remove(store, sha256, &failure))
        return TRUE;
    if (g_error_matches(failure, PIF_ERROR, PIF_ERROR_BUSY) ||
        g_error_matches(failure, PIF_ERROR, PIF_ERROR_NOT_FOUND)) {
        g_error_free(failure); /* a card has been made of it, or somebody else was quicker */
        return TRUE;
    }
    g_propagate_error(error, failure);
    return FALSE;
}

/* "debian-1234abcd", as preparation names what nobody named; it can be made again. */
static gboolean is_automatic(const PifImage *image)
{
    if (!image->recipe)
        return FALSE;
    g_autofree char *suffix = g_strdup_printf("-%.*s", RECIPE_DIGITS, image->recipe);
    for (char **name = image->names; *name; name++)
        if (!g_str_has_suffix(*name, suffix))
            return FALSE;
    return TRUE;
}

static gboolean is_wanted(const PifGarbageSearch *search, const PifImage *image)
{
    for (guint i = 0; search->farm && i < search->farm->images->len; i++) {
        const PifImageSpec *spec = g_ptr_array_index(search->farm->images, i);
        g_autoptr(PifImage) base = NULL;
        g_autoptr(PifImage) prepared = NULL;
        if ((pif_farm_image_find_base(search->store, spec, &base, NULL) &&
             g_str_equal(base->sha256, image->sha256)) ||
            (pif_farm_image_find(search->store, spec, &prepared, NULL) &&
             g_str_equal(prepared->sha256, image->sha256)))
            return TRUE;
    }
    return FALSE;
}

static gboolean find_images(const PifGarbageSearch *search, GPtrArray *found, GError **error)
{
    g_autoptr(GPtrArray) images = pif_store_list(search->store, error);
    for (guint i = 0; images && i < images->len; i++) {
        const PifImage *image = g_ptr_array_index(images, i);
        guint users = 0;
        if (!pif_store_count_users(search->store, image->sha256, &users, error))
            return FALSE;
        if (users == 0 && (search->all || is_automatic(image)) && !is_wanted(search, image))
            add(found, "image",
                image->names[0] ? g_strdup(image->names[0])
                                : g_strdup_printf("%.12s", image->sha256),
                image->path, remove_image);
    }
    return images != NULL;
}

static char *without(const char *path, const char *suffix)
{
    return g_strndup(path, strlen(path) - (suffix ? strlen(suffix) : 0));
}

static gboolean remove_unfinished(PifStore *store, const PifGarbage *garbage, GError **error)
{
    g_autofree char *card = without(garbage->path, ".new");
    g_auto(PifCloneLock) lock = {0};
    return !pif_clone_lock(card, "pifarm image gc", &lock, NULL) ||
           pif_clone_remove_unfinished(store, card, error);
}

static gboolean remove_card(PifStore *store, const PifGarbage *garbage, GError **error)
{
    g_auto(PifCloneLock) lock = {0};
    g_autofree char *key = g_strconcat(garbage->path, ".pub", NULL);
    if (!pif_clone_lock(garbage->path, "pifarm image gc", &lock, NULL))
        return TRUE;
    if (!pif_clone_remove(store, garbage->path, error))
        return FALSE;
    remove(key);
    return TRUE;
}

/* Whoever has the lock still works on it. Asking removes a lock that nobody has. */
static gboolean is_locked(const char *card)
{
    g_auto(PifCloneLock) lock = {0};
    return !pif_clone_lock(card, "pifarm image gc", &lock, NULL);
}

static gboolean is_vanished_node(const PifGarbageSearch *search, const char *farm, const char *file)
{
    g_autofree char *node = without(file, CARD_SUFFIX);
    return search->all && search->farm && g_str_equal(search->farm->name, farm) &&
           !pif_farm_find_node(search->farm, node);
}

static void find_in_cards(const PifGarbageSearch *search, const char *farm, GPtrArray *found)
{
    const char *name;
    g_autofree char *directory = pif_paths_farm_dir(farm);
    g_autofree char *folder = g_build_filename(directory, "cards", NULL);
    g_autoptr(GDir) cards = g_dir_open(folder, 0, NULL);
    while (cards && (name = g_dir_read_name(cards))) {
        g_autofree char *path = g_build_filename(folder, name, NULL);
        g_autofree char *card = without(path, g_strrstr(name, "."));
        gboolean is_card = g_str_has_suffix(name, CARD_SUFFIX);
        if (g_str_has_suffix(name, CARD_SUFFIX ".lock"))
            is_locked(card);
        else if (g_str_has_suffix(name, CARD_SUFFIX ".new") && !is_locked(card))
            add(found, "unfinished card", g_strdup_printf("%s/%s", farm, name), path,
                remove_unfinished);
        else if (is_card && is_vanished_node(search, farm, name) && !is_locked(path))
            add(found, "card of a vanished node", g_strdup_printf("%s/%s", farm, name), path,
                remove_card);
    }
}

static gboolean find_cards(const PifGarbageSearch *search, GPtrArray *found, GError **error)
{
    (void)error;
    const char *farm;
    g_autofree char *state = pif_paths_state_dir();
    g_autofree char *folder = g_build_filename(state, "farms", NULL);
    g_autoptr(GDir) farms = g_dir_open(folder, 0, NULL);
    while (farms && (farm = g_dir_read_name(farms)))
        find_in_cards(search, farm, found);
    return TRUE;
}

GPtrArray *pif_garbage_find(const PifGarbageSearch *search, GError **error)
{
    static const Finder finders[] = {find_cards, find_leftovers, find_downloads, find_images};
    g_autoptr(GPtrArray) found = g_ptr_array_new_with_free_func(free_garbage);
    for (size_t i = 0; i < G_N_ELEMENTS(finders); i++)
        if (!finders[i](search, found, error))
            return NULL;
    return g_steal_pointer(&found);
}
