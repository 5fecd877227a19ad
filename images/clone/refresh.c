// SPDX-License-Identifier: MIT
// Copy, mend, write, replace.
#include "images/clone/refresh.h"

#include "images/card/mend.h"
#include "images/clone/unfinished.h"
#include "images/disk/copy.h"
#include "pifarm/base/error.h"

#include <errno.h>
#include <sys/stat.h>

static gboolean write_identity(const char *path, const PifIdentity *identity, GError **error)
{
    g_autoptr(PifCard) card = NULL;
    return pif_card_open_new(path, &card, error) && pif_card_mend(card, error) &&
           pif_card_write_identity(card, identity, error) && pif_card_close(card, error);
}

gboolean pif_clone_refresh(PifStore *store, const char *clone, const PifIdentity *identity,
                           GError **error)
{
    struct stat status;
    g_autofree char *unfinished = pif_unfinished_path(clone);
    if (stat(clone, &status) < 0)
        return pif_error_set_errno(error, errno, "cannot find the clone %s", clone);
    if (!pif_unfinished_make(store, clone, error))
        return FALSE;
    gboolean is_made = pif_disk_copy(clone, unfinished, (guint64)status.st_size, error) &&
                       write_identity(unfinished, identity, error);
    return pif_unfinished_finish(store, clone, is_made, error);
}
