// SPDX-License-Identifier: MIT
// libext2fs on the root partition of a card.
#pragma once

#include "images/card/card.h"

/* ext2fs.h warns of itself */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wsign-compare"
#include <ext2fs/ext2fs.h>
#pragma GCC diagnostic pop

/* NULL is none. Freed without a write. */
typedef ext2_filsys PifExt4;
G_DEFINE_AUTO_CLEANUP_FREE_FUNC(PifExt4, ext2fs_free, NULL)

/* Read-only. *ret_fs NULL: the card has no ext2, ext3 or ext4 root. *ret_offset: of its partition,
 * bytes. CONFIG when it is damaged. The card must live longer. */
gboolean pif_ext4_open(const PifCard *card, PifExt4 *ret_fs, guint64 *ret_offset, GError **error);

/* FALSE with an error of ours. */
gboolean pif_ext4_set_error(GError **error, errcode_t code, const char *format, ...)
    G_GNUC_PRINTF(3, 4);
