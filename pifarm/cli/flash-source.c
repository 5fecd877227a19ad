// SPDX-License-Identifier: MIT
// Changes are made on a throw-away overlay, before the card is touched.
#include "pifarm/cli/flash-source.h"

#include "images/card/identity.h"
#include "images/export/grow.h"
#include "pifarm/base/error.h"
#include "pifarm/base/file.h"
#include "pifarm/base/paths.h"
#include "pifarm/model/node-identity.h"

enum { FOLDER_MODE = 0755, KEY_MODE = 0644 };

void pif_flash_source_clear(PifFlashSource *source)
{
    pif_overlay_clear(&source->overlay);
    pif_clone_unlock(&source->lock);
    g_clear_pointer(&source->path, g_free);
    g_clear_pointer(&source->key_path, g_free);
    g_clear_pointer(&source->key, g_free);
}

/* An identity is on one card only. */
static gboolean claim_node(const PifFlashChanges *changes, PifFlashSource *source, GError **error)
{
    const char *node = changes->node->name;
    g_autofree char *card = pif_paths_card(changes->farm->name, node);
    g_autofree char *folder = g_path_get_dirname(card);
    g_autofree char *who = g_strdup_printf("pifarm image flash --as %s", node);
    if (!pif_dir_make(folder, FOLDER_MODE, error) ||
        !pif_clone_lock(card, who, &source->lock, error))
        return FALSE;
    if (g_file_test(card, G_FILE_TEST_EXISTS))
        return pif_error_set(error, PIF_ERROR_EXISTS,
                             "node '%s' has a card, and there must not be two of them: flash that "
                             "(pifarm image flash %s), or throw it away first (pifarm clone reset "
                             "%s)",
                             node, node, node);
    source->key_path = g_strconcat(card, ".pub", NULL);
    return TRUE;
}

static gboolean give_identity(const PifFlashChanges *changes, PifFlashSource *source,
                              GError **error)
{
    g_auto(PifNodeIdentity) identity = {0};
    pif_node_identity_init(changes->farm, changes->node, &identity);
    const PifIdentity given = pif_node_identity_get(&identity);
    return claim_node(changes, source, error) &&
           pif_card_give_identity(source->overlay.card, &given, &source->key, error);
}

static gboolean change(PifStore *store, const char *disk, const PifFlashChanges *changes,
                       PifFlashSource *source, GError **error)
{
    const PifOverlayOptions options = {.size = changes->grown_size};
    return pif_overlay_open(store, disk, &options, &source->overlay, error) &&
           (!changes->node || give_identity(changes, source, error)) &&
           (!changes->grown_size ||
            pif_card_grow(source->overlay.card, changes->grown_size, &source->whole, error)) &&
           pif_overlay_close(&source->overlay, error);
}

gboolean pif_flash_source_open(PifStore *store, const char *disk, const PifFlashChanges *changes,
                               PifFlashSource *ret_source, GError **error)
{
    g_auto(PifFlashSource) source = {.whole = G_MAXUINT64};
    gboolean is_changed = changes->node || changes->grown_size;
    if (is_changed && !change(store, disk, changes, &source, error))
        return FALSE;
    source.path = g_strdup(is_changed ? source.overlay.path : disk);
    *ret_source = source;
    source = (PifFlashSource){0};
    return TRUE;
}

gboolean pif_flash_source_record(const PifFlashSource *source, GError **error)
{
    return !source->key || pif_file_write(source->key_path, source->key, -1, KEY_MODE, error);
}
