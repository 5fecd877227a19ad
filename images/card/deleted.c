// SPDX-License-Identifier: MIT
// Zeros into the free blocks of an ext4.
#include "images/card/deleted.h"

#include "images/card/ext4.h"
#include "pifarm/base/error.h"
#include "pifarm/base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

enum { CHUNK = 1024 * 1024 };

static gboolean is_zero(const guint8 *data, gsize size)
{
    return data[0] == 0 && memcmp(data, data + 1, size - 1) == 0;
}

/* Holes are not read. */
static gboolean clear_range(int fd, off_t position, off_t end)
{
    g_autofree guint8 *chunk = g_malloc(CHUNK);
    while (position < end) {
        off_t data = lseek(fd, position, SEEK_DATA);
        if ((data < 0 && errno == ENXIO) || data >= end)
            return TRUE;
        position = MAX(data, position);
        gsize size = (gsize)MIN(end - position, (off_t)CHUNK);
        if (pread(fd, chunk, size, position) != (ssize_t)size)
            return FALSE;
        if (!is_zero(chunk, size)) {
            memset(chunk, 0, size);
            if (pwrite(fd, chunk, size, position) != (ssize_t)size)
                return FALSE;
        }
        position += (off_t)size;
    }
    return TRUE;
}

/* The next run of free blocks from *start on; FALSE when there is none. */
static gboolean find_free(ext2_filsys fs, blk64_t *start, blk64_t *ret_end)
{
    blk64_t last = ext2fs_blocks_count(fs->super) - 1;
    if (*start > last ||
        ext2fs_find_first_zero_block_bitmap2(fs->block_map, *start, last, start) != 0)
        return FALSE;
    if (ext2fs_find_first_set_block_bitmap2(fs->block_map, *start, last, ret_end) != 0)
        *ret_end = last + 1;
    return TRUE;
}

gboolean pif_card_clear_deleted(PifCard *card, GError **error)
{
    g_auto(PifExt4) fs = NULL;
    guint64 offset = 0;
    if (!pif_ext4_open(card, &fs, &offset, error))
        return FALSE;
    if (!fs)
        return TRUE;
    errcode_t code = ext2fs_read_block_bitmap(fs);
    if (code != 0)
        return pif_ext4_set_error(error, code, "cannot read the block bitmap");
    g_auto(PifFd) fd = open(pif_card_raw_path(card), O_RDWR | O_CLOEXEC);
    blk64_t end = 0;
    for (blk64_t start = fs->super->s_first_data_block; fd >= 0 && find_free(fs, &start, &end);
         start = end)
        if (!clear_range(fd, (off_t)(offset + start * fs->blocksize),
                         (off_t)(offset + end * fs->blocksize)))
            return pif_error_set_errno(error, errno, "cannot write to the card %s",
                                       pif_card_path(card));
    return fd >= 0 || pif_error_set_errno(error, errno, "cannot open %s", pif_card_path(card));
}
