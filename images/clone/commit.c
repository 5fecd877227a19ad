// SPDX-License-Identifier: MIT
// A commit changes an overlay on the clone, and copies what is then seen through it: hashed while
// it is written, in one reading.
#include "images/clone/commit.h"

#include "images/card/anonymous.h"
#include "images/card/deleted.h"
#include "images/card/disk-map.h"
#include "images/clone/overlay.h"
#include "pifarm/base/error.h"
#include "pifarm/base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

typedef struct {
    PifDiskWriter *writer;
    guint64 position; /* all before it is written */
    PifProgress *progress;
} Copy;

static gboolean add_run(gpointer data, const guint8 *bytes, gsize size, guint64 position,
                        GError **error)
{
    Copy *copy = data;
    guint64 zeros = position - copy->position;
    copy->position = position + size;
    return pif_disk_writer_add_zeros(copy->writer, zeros, error) &&
           pif_disk_writer_add(copy->writer, bytes, size, error);
}

static void show(gpointer data, guint64 bytes)
{
    Copy *copy = data;
    pif_progress_set_bytes(copy->progress, bytes);
}

static gboolean copy_disk(PifDiskMap *map, int fd, PifProgress *progress, PifDisk *ret_disk,
                          GError **error)
{
    g_autoptr(PifDiskWriter) writer = pif_disk_writer_new(fd, G_MAXUINT64);
    Copy copy = {.writer = writer, .progress = progress};
    return pif_disk_map_visit(map, add_run, show, &copy, error) &&
           pif_disk_writer_add_zeros(writer, pif_disk_map_size(map) - copy.position, error) &&
           pif_disk_writer_finish(writer, ret_disk, error);
}

static gboolean write_image(const char *overlay, const char *temporary, PifProgress *progress,
                            PifDisk *ret_disk, GError **error)
{
    g_autoptr(PifDiskMap) map = NULL;
    g_auto(PifFd) fd = open(temporary, O_RDWR | O_CLOEXEC);
    if (fd < 0)
        return pif_error_set_errno(error, errno, "cannot open %s", temporary);
    if (!pif_disk_map_open(overlay, &map, error))
        return FALSE;
    pif_progress_restart(progress, "copying", 0, pif_disk_map_data_size(map));
    return copy_disk(map, fd, progress, ret_disk, error);
}

static gboolean copy(PifStore *store, const char *clone, const PifCommitOptions *options,
                     const char *temporary, PifDisk *ret_disk, GError **error)
{
    g_auto(PifOverlay) overlay = {0};
    pif_progress_set_text(options->progress, "making its file systems ready");
    return pif_overlay_open(store, clone, &(PifOverlayOptions){0}, &overlay, error) &&
           (options->keep_identity || pif_card_remove_identity(overlay.card, error)) &&
           pif_card_clear_deleted(overlay.card, error) && pif_overlay_close(&overlay, error) &&
           write_image(overlay.path, temporary, options->progress, ret_disk, error);
}

gboolean pif_clone_commit(PifStore *store, const char *clone, const PifCommitOptions *options,
                          PifImage **ret_image, GError **error)
{
    g_auto(PifDisk) disk = {0};
    if (!pif_store_check_name_is_free(store, options->name, error))
        return FALSE;
    g_autofree char *temporary = pif_store_new_temporary(store, error);
    if (!temporary)
        return FALSE;
    GError *failure = NULL;
    if (!copy(store, clone, options, temporary, &disk, &failure)) {
        unlink(temporary);
        return pif_error_take(error, failure, "cannot commit %s", clone);
    }
    return pif_store_adopt_hashed(store, temporary, &disk, options->name, options->origin,
                                  ret_image, error);
}
