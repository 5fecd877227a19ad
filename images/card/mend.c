// SPDX-License-Identifier: MIT
// fsck of the two file systems, in place and without a loop device.
#include "images/card/mend.h"

#include "images/card/card-layout.h"
#include "images/disk/scratch.h"
#include "pifarm/base/command.h"
#include "pifarm/base/error.h"
#include "pifarm/base/fd.h"
#include "pifarm/base/wire.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

enum {
    TIMEOUT_MS = 10 * 60 * 1000,
    SUPERBLOCK_OFFSET = 1024, /* Linux, fs/ext4/ext4.h: struct ext4_super_block */
    SUPERBLOCK_SIZE = 1024,
    MAGIC_OFFSET = 0x38,
    MAGIC = 0xef53,
    STATE_CLEAN = 1,
    STATE_ERRORS = 2,
    INCOMPATIBLE_OFFSET = 0x60,
    INCOMPATIBLE_RECOVER = 4,
    /* Microsoft's FAT specification, 1.03: BPB_FATSz16 is 0 on FAT32, where BS_Reserved1 is behind
     * it; Linux and fsck.vfat keep "dirty" in its lowest bit */
    FAT_SECTORS_16_OFFSET = 22,
    STATE_OFFSET_16 = 37,
    STATE_OFFSET_32 = 65,
    COPY_BLOCK = 64 * 1024,
};

static gboolean read_at(const PifCard *card, guint64 offset, void *data, gsize size, GError **error)
{
    g_auto(PifFd) fd = open(pif_card_raw_path(card), O_RDONLY | O_CLOEXEC);
    if (fd < 0 || pread(fd, data, size, (off_t)offset) != (ssize_t)size)
        return pif_error_set_errno(error, errno, "cannot read the card %s", pif_card_path(card));
    return TRUE;
}

static gboolean is_ext4_unclean(const guint8 *block)
{
    PifReader reader;
    pif_reader_init(&reader, block, SUPERBLOCK_SIZE);
    pif_reader_seek(&reader, MAGIC_OFFSET);
    guint16 magic = pif_reader_le16(&reader);
    guint16 state = pif_reader_le16(&reader);
    pif_reader_seek(&reader, INCOMPATIBLE_OFFSET);
    guint32 incompatible = pif_reader_le32(&reader);
    return magic == MAGIC && (!(state & STATE_CLEAN) || (state & STATE_ERRORS) ||
                              (incompatible & INCOMPATIBLE_RECOVER));
}

static gboolean is_fat_unclean(const guint8 sector[PIF_SECTOR_SIZE])
{
    gboolean is_fat32 = !sector[FAT_SECTORS_16_OFFSET] && !sector[FAT_SECTORS_16_OFFSET + 1];
    return sector[is_fat32 ? STATE_OFFSET_32 : STATE_OFFSET_16] & 1;
}

/* e2fsck(8), fsck.vfat(8): 1 is that errors were found and mended. */
static gboolean run_fsck(PifCommand *command, const char *what, GError **error)
{
    GError *failure = NULL;
    pif_command_set_timeout_ms(command, TIMEOUT_MS);
    pif_command_set_environment(command, "LC_ALL", "C");
    if (pif_command_run(command, NULL, &failure))
        return TRUE;
    const char *status = strstr(failure->message, "failed with exit status 1");
    gboolean is_mended = status && !g_ascii_isdigit(status[strlen("failed with exit status 1")]);
    if (!is_mended)
        pif_error_set(error, PIF_ERROR_CONFIG,
                      "%s was not shut down cleanly and cannot be mended here (%s); boot the node, "
                      "check it there and shut it down",
                      what, failure->message);
    g_error_free(failure);
    return is_mended;
}

static gboolean mend_root(const PifCard *card, guint64 offset, GError **error)
{
    guint8 superblock[SUPERBLOCK_SIZE];
    if (!read_at(card, offset + SUPERBLOCK_OFFSET, superblock, sizeof superblock, error))
        return FALSE;
    if (!is_ext4_unclean(superblock))
        return TRUE;
    g_autoptr(PifCommand) command = pif_command_new("e2fsck", "-fp", NULL);
    pif_command_add_format(command, "%s?offset=%" G_GUINT64_FORMAT, pif_card_raw_path(card),
                           offset);
    return run_fsck(command, "the root file system", error);
}

/* Blocks that are the same already are not written: they would fill an overlay. */
static gboolean copy_changes(int from, off_t from_offset, int to, off_t to_offset, guint64 size)
{
    g_autofree guint8 *block = g_malloc(COPY_BLOCK);
    g_autofree guint8 *old = g_malloc(COPY_BLOCK);
    for (guint64 done = 0; done < size; done += COPY_BLOCK) {
        gsize count = MIN((guint64)COPY_BLOCK, size - done);
        if (pread(from, block, count, from_offset + (off_t)done) != (ssize_t)count)
            return FALSE;
        ssize_t there = pread(to, old, count, to_offset + (off_t)done);
        if (there == (ssize_t)count && memcmp(block, old, count) == 0)
            continue;
        if (pwrite(to, block, count, to_offset + (off_t)done) != (ssize_t)count)
            return FALSE;
    }
    return TRUE;
}

/* fsck.vfat knows no offset: it gets a copy of the partition. */
static gboolean mend_copy(const PifCard *card, guint64 offset, guint64 size, const char *copy,
                          GError **error)
{
    g_auto(PifFd) raw = open(pif_card_raw_path(card), O_RDWR | O_CLOEXEC);
    g_auto(PifFd) fd = open(copy, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (raw < 0 || fd < 0 || ftruncate(fd, (off_t)size) < 0 ||
        !copy_changes(raw, (off_t)offset, fd, 0, size))
        return pif_error_set_errno(error, errno, "cannot copy the boot partition of %s",
                                   pif_card_path(card));
    g_autoptr(PifCommand) command = pif_command_new("fsck.vfat", "-a", copy, NULL);
    if (!run_fsck(command, "the boot partition", error))
        return FALSE;
    return copy_changes(fd, 0, raw, (off_t)offset, size) ||
           pif_error_set_errno(error, errno, "cannot write to the card %s", pif_card_path(card));
}

static gboolean mend_boot(const PifCard *card, const PifCardLayout *layout, GError **error)
{
    guint8 sector[PIF_SECTOR_SIZE];
    g_auto(PifScratch) scratch = {0};
    if (!read_at(card, layout->boot_offset, sector, sizeof sector, error))
        return FALSE;
    if (!is_fat_unclean(sector))
        return TRUE;
    if (!pif_scratch_make(&scratch, error))
        return FALSE;
    g_autofree char *copy = pif_scratch_path(&scratch, "boot");
    return mend_copy(card, layout->boot_offset, layout->boot_size, copy, error);
}

gboolean pif_card_mend(PifCard *card, GError **error)
{
    PifCardLayout layout;
    return pif_card_layout_read(pif_card_raw_path(card), &layout, error) &&
           (!layout.root_size || mend_root(card, layout.root_offset, error)) &&
           (!layout.boot_size || mend_boot(card, &layout, error));
}
