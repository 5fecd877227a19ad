// SPDX-License-Identifier: MIT
// Opening the root by libext2fs, and its errors made ours.
#include "images/card/ext4.h"

#include "images/card/card-layout.h"
#include "pifarm/base/error.h"

gboolean pif_ext4_set_error(GError **error, errcode_t code, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    initialize_ext2_error_table(); /* once, however often it is called */
    return pif_error_set(error, PIF_ERROR_CONFIG, "%s: %s", text, error_message(code));
}

gboolean pif_ext4_open(const PifCard *card, PifExt4 *ret_fs, guint64 *ret_offset, GError **error)
{
    PifCardLayout layout;
    *ret_fs = NULL;
    if (!pif_card_layout_read(pif_card_raw_path(card), &layout, error))
        return FALSE;
    if (!layout.root_size)
        return TRUE;
    g_autofree char *options = g_strdup_printf("offset=%" G_GUINT64_FORMAT, layout.root_offset);
    *ret_offset = layout.root_offset;
    errcode_t code = ext2fs_open2(pif_card_raw_path(card), options, EXT2_FLAG_64BITS, 0, 0,
                                  unix_io_manager, ret_fs);
    if (code == 0 || code == EXT2_ET_BAD_MAGIC)
        return TRUE;
    return pif_ext4_set_error(error, code, "cannot read the root file system");
}
