// SPDX-License-Identifier: MIT
// qcow2 on qcow2, in the store's workplace.
#include "images/clone/overlay.h"

#include "images/card/mend.h"
#include "images/clone/qemu-img.h"
#include "images/store/clone.h"

#include <unistd.h>

gboolean pif_overlay_open(PifStore *store, const char *clone, PifOverlay *ret_overlay,
                          GError **error)
{
    g_auto(PifOverlay) overlay = {0};
    g_autofree char *absolute = g_canonicalize_filename(clone, NULL);
    if (!pif_clone_check_base(store, absolute, error))
        return FALSE;
    overlay.path = pif_store_new_temporary(store, error);
    if (!overlay.path || !pif_qemu_img_create(absolute, "qcow2", overlay.path, error) ||
        !pif_card_open(overlay.path, TRUE, &overlay.card, error) ||
        !pif_card_mend(overlay.card, error))
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
