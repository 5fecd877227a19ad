// SPDX-License-Identifier: MIT
// The partition first, then its file system as a file of its own: resize2fs and e2fsck forget an
// offset that they were given.
#include "images/export/grow.h"

#include "images/card/card-layout.h"
#include "images/disk/partition.h"
#include "images/export/root-size.h"
#include "pifarm/base/error.h"

enum { GRAIN = 1024 * 1024 };

static gboolean grow_root(const PifCard *card, const PifCardLayout *layout, guint64 size,
                          GError **error)
{
    g_autoptr(PifCard) root = NULL;
    return pif_card_open_part(card, layout->root_offset, size, &root, error) &&
           pif_root_grow(pif_card_raw_path(root), error) && pif_card_close(root, error);
}

gboolean pif_card_grow(const PifCard *card, guint64 size, guint64 *ret_old_end, GError **error)
{
    PifCardLayout layout;
    if (!pif_card_layout_read(pif_card_raw_path(card), &layout, error))
        return FALSE;
    if (!layout.root_size || layout.root_offset + layout.root_size != layout.end)
        return pif_error_set(error, PIF_ERROR_CONFIG,
                             "only a Linux root (type 83) in the last partition can grow, and this "
                             "disk has none there; flash it without --grow");
    *ret_old_end = layout.end;
    guint64 end = size / GRAIN * GRAIN;
    if (end <= layout.end)
        return TRUE;
    guint64 root_size = end - layout.root_offset;
    return pif_partition_resize(pif_card_raw_path(card), layout.root_number, root_size, error) &&
           grow_root(card, &layout, root_size, error);
}
