// SPDX-License-Identifier: MIT
// The moment in which an image enters the store, under its lock: all of it, or nothing.
#include "images/store/store-private.h"
#include "pifarm/base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

static gboolean sync_folder(const char *path, GError **error)
{
    g_auto(PifFd) fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || fsync(fd) < 0)
        return pif_error_set_errno(error, errno, "cannot sync the folder %s", path);
    return TRUE;
}

/* Makes sure that no other image has the name. */
static gboolean free_name(PifStore *store, const PifArrival *arrival, GError **error)
{
    g_autofree char *owner = NULL;
    g_autoptr(json_t) record = NULL;
    if (!pif_store_find_name(store, arrival->name, &owner, error))
        return FALSE;
    if (!owner || g_str_equal(owner, arrival->disk->sha256))
        return TRUE;
    if (!arrival->replace_name)
        return pif_error_set(error, PIF_ERROR_EXISTS,
                             "another image (%.12s) has the name '%s'; remove it or choose another",
                             owner, arrival->name);
    if (!pif_record_load(store, owner, &record, error))
        return FALSE;
    pif_record_remove(record, "names", arrival->name);
    return pif_record_save(store, owner, record, error);
}

static void update_record(json_t *record, const PifArrival *arrival)
{
    if (arrival->name)
        pif_record_add(record, "names", arrival->name);
    if (arrival->recipe)
        pif_record_add(record, "recipes", arrival->recipe);
    if (arrival->source_sha256 && arrival->source_url)
        pif_record_add_url(record, arrival->source_sha256, arrival->source_url,
                           arrival->source_validator);
    else if (arrival->source_sha256)
        pif_record_add_source(record, arrival->source_sha256, arrival->source_file,
                              arrival->source_status);
}

/* Renaming changes a file's ctime, so the stamp comes after it; without one, because we died here,
 * the file is hashed again before its first use. */
static gboolean place_file(PifStore *store, const PifArrival *arrival, json_t *record,
                           GError **error)
{
    struct stat status;
    g_autofree char *path = pif_store_path(store, arrival->disk->sha256, ".img");
    if (chmod(arrival->temporary, 0444) < 0 || rename(arrival->temporary, path) < 0 ||
        stat(path, &status) < 0)
        return pif_error_set_errno(error, errno, "cannot place the image %s", path);
    pif_record_set_stamp(record, &status);
    return pif_record_save(store, arrival->disk->sha256, record, error);
}

/* The record comes first: what is seen of an image is whether its .img is there. A file that was
 * changed behind our back is replaced by the good one. */
static gboolean place(PifStore *store, const PifArrival *arrival, GError **error)
{
    const char *sha256 = arrival->disk->sha256;
    g_autoptr(json_t) record = NULL;
    gboolean is_new = !pif_store_has(store, sha256);
    if (is_new)
        record = pif_record_new(arrival->origin);
    else if (!pif_record_load(store, sha256, &record, error))
        return FALSE;
    gboolean is_wanted = arrival->temporary && !pif_store_is_untouched(store, sha256);
    update_record(record, arrival);
    if (!pif_record_save(store, sha256, record, error))
        return FALSE;
    if (is_wanted && !place_file(store, arrival, record, error)) {
        if (is_new)
            pif_store_remove_companions(store, sha256, NULL);
        return FALSE;
    }
    return sync_folder(store->directory, error);
}

gboolean pif_store_settle(PifStore *store, const PifArrival *arrival, PifImage **ret_image,
                          GError **error)
{
    g_autoptr(json_t) record = NULL;
    return (!arrival->name || free_name(store, arrival, error)) && place(store, arrival, error) &&
           pif_record_load(store, arrival->disk->sha256, &record, error) &&
           pif_record_to_image(store, arrival->disk->sha256, record, ret_image, error);
}
