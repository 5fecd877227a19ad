// SPDX-License-Identifier: MIT
// Linux, fs/ext4/ext4.h: struct ext4_super_block.
#include "images/card/superblock.h"

#include "pifarm/base/wire.h"

enum {
    MAGIC_OFFSET = 0x38,
    MAGIC = 0xef53,
    STATE_CLEAN = 1,
    STATE_ERRORS = 2,
    INCOMPATIBLE_OFFSET = 0x60,
    INCOMPATIBLE_RECOVER = 4,
};

PifExt4State pif_ext4_state(const guint8 superblock[PIF_EXT4_SUPERBLOCK_SIZE])
{
    PifReader reader;
    pif_reader_init(&reader, superblock, PIF_EXT4_SUPERBLOCK_SIZE);
    pif_reader_seek(&reader, MAGIC_OFFSET);
    guint16 magic = pif_reader_le16(&reader);
    guint16 state = pif_reader_le16(&reader);
    pif_reader_seek(&reader, INCOMPATIBLE_OFFSET);
    guint32 incompatible = pif_reader_le32(&reader);
    if (magic != MAGIC)
        return PIF_EXT4_NONE;
    gboolean is_clean =
        (state & STATE_CLEAN) && !(state & STATE_ERRORS) && !(incompatible & INCOMPATIBLE_RECOVER);
    return is_clean ? PIF_EXT4_CLEAN : PIF_EXT4_UNCLEAN;
}
