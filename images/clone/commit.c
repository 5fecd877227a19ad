// SPDX-License-Identifier: MIT
// A commit changes an overlay on the clone, and copies what is then seen through it.
#include "images/clone/commit.h"

#include "images/card/anonymous.h"
#include "images/card/deleted.h"
#include "images/clone/overlay.h"
#include "images/clone/qemu-img.h"
#include "pifarm/base/error.h"

#include <unistd.h>

static gboolean copy(PifStore *store, const char *clone, const PifCommitOptions *options,
                     const char *temporary, GError **error)
{
    g_auto(PifOverlay) overlay = {0};
    pif_progress_set_text(options->progress, "making its file systems ready");
    if (!pif_overlay_open(store, clone, &(PifOverlayOptions){0}, &overlay, error) ||
        (!options->keep_identity && !pif_card_remove_identity(overlay.card, error)) ||
        !pif_card_clear_deleted(overlay.card, error) || !pif_overlay_close(&overlay, error))
        return FALSE;
    pif_progress_set_text(options->progress, "copying");
    return pif_qemu_img_convert(overlay.path, "raw", temporary, error);
}

gboolean pif_clone_commit(PifStore *store, const char *clone, const PifCommitOptions *options,
                          PifImage **ret_image, GError **error)
{
    if (!pif_store_check_name_is_free(store, options->name, error))
        return FALSE;
    g_autofree char *temporary = pif_store_new_temporary(store, error);
    if (!temporary)
        return FALSE;
    GError *failure = NULL;
    if (!copy(store, clone, options, temporary, &failure)) {
        unlink(temporary);
        return pif_error_take(error, failure, "cannot commit %s", clone);
    }
    pif_progress_set_text(options->progress, "taking the image into the store");
    return pif_store_adopt(store, temporary, options->name, options->origin, NULL, ret_image,
                           error);
}
