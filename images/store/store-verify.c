// SPDX-License-Identifier: MIT
// Noticing that an image's file was changed behind our back.
#include "images/store/store-private.h"
#include "pifarm/base/error.h"

#include <errno.h>
#include <fcntl.h>

enum { SECTOR = 512 };

gboolean pif_store_is_untouched(PifStore *store, const char *sha256)
{
    struct stat status;
    g_autofree char *path = pif_store_path(store, sha256, ".img");
    g_autoptr(json_t) record = NULL;
    return stat(path, &status) == 0 && pif_record_load(store, sha256, &record, NULL) &&
           pif_record_has_stamp(record, &status);
}

/* What people call it. */
static char *describe(const PifStore *store, const char *sha256)
{
    g_autoptr(PifImage) image = NULL;
    g_autoptr(json_t) record = NULL;
    if (pif_record_load(store, sha256, &record, NULL) &&
        pif_record_to_image(store, sha256, record, &image, NULL) && image->names[0])
        return g_strdup(image->names[0]);
    return g_strndup(sha256, 12);
}

/* what: its content does now. */
static gboolean set_changed_error(const PifStore *store, const char *sha256, const char *what,
                                  GError **error)
{
    g_autofree char *name = describe(store, sha256);
    g_autofree char *path = pif_store_path(store, sha256, ".img");
    g_autoptr(json_t) record = NULL;
    const char *origin = NULL;
    gboolean is_prepared = FALSE;
    if (pif_record_load(store, sha256, &record, NULL)) {
        origin = json_string_value(json_object_get(record, "origin"));
        is_prepared = json_array_size(json_object_get(record, "recipes")) > 0;
    }
    if (is_prepared || !origin)
        return pif_error_set(
            error, PIF_ERROR_CONFIG,
            "image '%s' was changed behind our back: the content of %s %s; put the "
            "file back from a backup, or purge the cards of its nodes (pifarm down "
            "--purge) and make it anew (pifarm image rm %.12s)",
            name, path, what, sha256);
    return pif_error_set(error, PIF_ERROR_CONFIG,
                         "image '%s' was changed behind our back: the content of %s %s; importing "
                         "it again mends it: pifarm image import %s",
                         name, path, what, origin);
}

static gboolean open_image(PifStore *store, const char *sha256, PifFd *ret_fd,
                           struct stat *ret_status, GError **error)
{
    g_autofree char *path = pif_store_path(store, sha256, ".img");
    g_auto(PifFd) fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, ret_status) < 0)
        return pif_error_set_errno(error, errno, "cannot open the image %s", path);
    *ret_fd = pif_fd_steal(&fd);
    return TRUE;
}

/* Good, as it was when we began to read it; what was done to it since shows in its times. */
static gboolean note_good(PifStore *store, const char *sha256, const struct stat *status,
                          GError **error)
{
    g_auto(PifFd) lock = -1;
    g_autoptr(json_t) record = NULL;
    if (!pif_store_lock(store, TRUE, &lock, error) ||
        !pif_record_load(store, sha256, &record, error))
        return FALSE;
    if (pif_record_has_stamp(record, status) || !pif_store_has(store, sha256))
        return TRUE; /* nothing new, or removed meanwhile */
    pif_record_set_stamp(record, status);
    return pif_record_save(store, sha256, record, error);
}

static void show_progress(gpointer progress, guint64 position)
{
    pif_progress_set_bytes(progress, position);
}

static gboolean hash_image(int fd, PifProgress *progress, PifDisk *ret_disk, GError **error)
{
    g_autoptr(PifDiskWriter) hasher = pif_disk_writer_new(-1, G_MAXUINT64);
    return pif_disk_writer_add_file(hasher, fd, show_progress, progress, error) &&
           pif_disk_writer_finish(hasher, ret_disk, error);
}

gboolean pif_store_verify(PifStore *store, const char *sha256, PifProgress *progress,
                          GError **error)
{
    struct stat status;
    g_auto(PifFd) fd = -1;
    g_auto(PifDisk) disk = {0};
    if (!open_image(store, sha256, &fd, &status, error))
        return FALSE;
    if (status.st_size % SECTOR)
        return set_changed_error(store, sha256, "ends within a sector now", error);
    if (!hash_image(fd, progress, &disk, error))
        return FALSE;
    if (g_str_equal(disk.sha256, sha256))
        return note_good(store, sha256, &status, error);
    g_autofree char *what = g_strdup_printf("has the SHA-256 %.12s now", disk.sha256);
    return set_changed_error(store, sha256, what, error);
}

static gboolean look(PifStore *store, const char *sha256, gboolean *ret_is_untouched,
                     GError **error)
{
    g_auto(PifFd) lock = -1;
    if (!pif_store_lock(store, FALSE, &lock, error))
        return FALSE;
    if (!pif_store_has(store, sha256))
        return pif_error_set(error, PIF_ERROR_NOT_FOUND, "image %.12s is not in the store %s",
                             sha256, store->directory);
    *ret_is_untouched = pif_store_is_untouched(store, sha256);
    return TRUE;
}

gboolean pif_store_check(PifStore *store, const char *sha256, GError **error)
{
    gboolean is_untouched = FALSE;
    return look(store, sha256, &is_untouched, error) &&
           (is_untouched || pif_store_verify(store, sha256, NULL, error));
}
