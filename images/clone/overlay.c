// SPDX-License-Identifier: MIT
// qcow2 on qcow2, or on a raw image, in the store's workplace.
#include "images/clone/overlay.h"

#include "images/card/mend.h"
#include "images/clone/qemu-img.h"
#include "images/disk/qcow2.h"
#include "images/store/clone.h"
#include "pifarm/base/error.h"
#include "pifarm/base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static gboolean create(const char *disk, guint64 size, const char *path, GError **error)
{
    struct stat status;
    PifQcow2Header header;
    g_auto(PifFd) fd = open(disk, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &status) < 0)
        return pif_error_set_errno(error, errno, "cannot open %s", disk);
    if (pif_qcow2_read_header(fd, &header))
        return pif_qemu_img_create(disk, "qcow2", MAX(size, header.virtual_size), path, error);
    return pif_qemu_img_create(disk, "raw", MAX(size, (guint64)status.st_size), path, error);
}

gboolean pif_overlay_open(PifStore *store, const char *disk, const PifOverlayOptions *options,
                          PifOverlay *ret_overlay, GError **error)
{
    g_auto(PifOverlay) overlay = {0};
    g_autofree char *absolute = g_canonicalize_filename(disk, NULL);
    if (!pif_clone_check_base(store, absolute, error))
        return FALSE;
    overlay.path = pif_store_new_temporary(store, error);
    if (!overlay.path || !create(absolute, options->size, overlay.path, error))
        return FALSE;
    gboolean is_open = options->is_in_use
                           ? pif_card_open_over_in_use(overlay.path, absolute, &overlay.card, error)
                           : pif_card_open(overlay.path, TRUE, &overlay.card, error);
    if (!is_open || !pif_card_mend(overlay.card, error))
        return FALSE;
    ret_overlay->path = g_steal_pointer(&overlay.path);
    ret_overlay->card = g_steal_pointer(&overlay.card);
    return TRUE;
}

gboolean pif_overlay_close(PifOverlay *overlay, GError **error)
{
    gboolean is_ok = pif_card_close(overlay->card, error);
    g_clear_pointer(&overlay->card, pif_card_free);
    return is_ok;
}

void pif_overlay_clear(PifOverlay *overlay)
{
    g_clear_pointer(&overlay->card, pif_card_free);
    if (overlay->path)
        unlink(overlay->path);
    g_clear_pointer(&overlay->path, g_free);
}
