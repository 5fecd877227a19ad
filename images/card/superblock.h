// SPDX-License-Identifier: MIT
// What an ext4 superblock says of its file system.
#pragma once

#include <glib.h>

enum {
    PIF_EXT4_SUPERBLOCK_OFFSET = 1024, /* of the partition, bytes */
    PIF_EXT4_SUPERBLOCK_SIZE = 1024,
};

typedef enum {
    PIF_EXT4_NONE, /* no ext4 */
    PIF_EXT4_CLEAN,
    PIF_EXT4_UNCLEAN, /* not shut down, with errors, or with a journal to be played back */
} PifExt4State;

/* Pure. */
PifExt4State pif_ext4_state(const guint8 superblock[PIF_EXT4_SUPERBLOCK_SIZE]);
