// SPDX-License-Identifier: MIT
// A new clone is made beside the old one and filled with what the image has not. (qemu-img rebase
// keeps what it has once copied, even where the new image has the same: after a commit, all of it.)
#include "images/clone/rebase.h"

#include "images/clone/differences.h"
#include "images/clone/qemu-img.h"
#include "images/clone/unfinished.h"
#include "images/store/clone.h"
#include "pifarm/base/error.h"
#include "pifarm/base/fd.h"
#include "pifarm/base/size.h"

#include <errno.h>
#include <fcntl.h>

static gboolean check_size(const char *clone, const PifCloneInfo *info, const PifImage *image,
                           GError **error)
{
    if (image->size <= info->size)
        return TRUE;
    g_autofree char *has = pif_size_format(info->size);
    g_autofree char *needs = pif_size_format(image->size);
    return pif_error_set(error, PIF_ERROR_CONFIG,
                         "the card %s has %s, the image %s; a card on that image has to be made "
                         "anew: pifarm clone reset",
                         clone, has, needs);
}

static gboolean fill(const char *clone, const PifImage *image, const char *unfinished,
                     GError **error)
{
    g_autoptr(PifCard) from = NULL;
    g_autoptr(PifCard) to = NULL;
    g_auto(PifFd) base = open(image->path, O_RDONLY | O_CLOEXEC);
    if (base < 0)
        return pif_error_set_errno(error, errno, "cannot open the image %s", image->path);
    return pif_card_open(clone, FALSE, &from, error) &&
           pif_card_open(unfinished, TRUE, &to, error) &&
           pif_differences_copy(from, base, to, error) && pif_card_close(to, error);
}

gboolean pif_clone_rebase(PifStore *store, const char *clone, const PifImage *image, GError **error)
{
    g_autofree char *unfinished = pif_unfinished_path(clone);
    g_auto(PifCloneInfo) info = {0};
    if (!pif_clone_read_info(clone, &info, error) || !pif_clone_check_unused(clone, error) ||
        !check_size(clone, &info, image, error) || !pif_clone_check_base(store, clone, error) ||
        !pif_store_check(store, image->sha256, error) ||
        !pif_clone_remove_unfinished(store, clone, error) ||
        !pif_clone_create(store, image, unfinished, info.size, error))
        return FALSE;
    return pif_unfinished_finish(store, clone, fill(clone, image, unfinished, error), error);
}

static gboolean sync_file(const char *path, GError **error)
{
    g_auto(PifFd) fd = open(path, O_RDONLY | O_CLOEXEC);
    return (fd >= 0 && fsync(fd) == 0) ||
           pif_error_set_errno(error, errno, "cannot sync the clone %s", path);
}

gboolean pif_clone_flatten(PifStore *store, const char *clone, GError **error)
{
    g_autofree char *unfinished = pif_unfinished_path(clone);
    if (!pif_clone_check_base(store, clone, error) || !pif_unfinished_make(store, clone, error))
        return FALSE;
    gboolean is_made =
        pif_qemu_img_convert(clone, "qcow2", unfinished, error) && sync_file(unfinished, error);
    return pif_unfinished_finish(store, clone, is_made, error);
}
