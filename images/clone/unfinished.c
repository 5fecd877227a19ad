// SPDX-License-Identifier: MIT
// Nothing half-done has the clone's name, whenever we are killed.
#include "images/clone/unfinished.h"

#include "images/clone/qemu-img.h"
#include "images/store/clone.h"
#include "pifarm/base/error.h"
#include "pifarm/base/fd.h"

#include <errno.h>
#include <fcntl.h>

char *pif_unfinished_path(const char *clone)
{
    return g_strconcat(clone, ".new", NULL);
}

gboolean pif_clone_remove_unfinished(PifStore *store, const char *clone, GError **error)
{
    g_autofree char *unfinished = pif_unfinished_path(clone);
    return pif_clone_remove(store, unfinished, error);
}

gboolean pif_unfinished_make(PifStore *store, const char *clone, GError **error)
{
    g_autofree char *unfinished = pif_unfinished_path(clone);
    if (!pif_clone_check_unused(clone, error) || !pif_clone_remove_unfinished(store, clone, error))
        return FALSE;
    g_auto(PifFd) fd = open(unfinished, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    return fd >= 0 || pif_error_set_errno(error, errno, "cannot make %s", unfinished);
}

gboolean pif_unfinished_finish(PifStore *store, const char *clone, gboolean is_made, GError **error)
{
    g_autofree char *unfinished = pif_unfinished_path(clone);
    if (is_made && pif_qemu_img_check(unfinished, error) &&
        pif_clone_replace(store, unfinished, clone, error))
        return TRUE;
    pif_clone_remove(store, unfinished, NULL);
    return FALSE;
}
