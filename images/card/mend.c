// SPDX-License-Identifier: MIT
// fsck of the two file systems, in place and without a loop device.
#include "images/card/mend.h"

#include "images/card/card-layout.h"
#include "images/card/superblock.h"
#include "pifarm/base/command.h"
#include "pifarm/base/error.h"
#include "pifarm/base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

enum {
    TIMEOUT_MS = 10 * 60 * 1000,
    /* Microsoft's FAT specification, 1.03: BPB_FATSz16 is 0 on FAT32, where BS_Reserved1 is behind
     * it; Linux and fsck.vfat keep "dirty" in its lowest bit */
    FAT_SECTORS_16_OFFSET = 22,
    STATE_OFFSET_16 = 37,
    STATE_OFFSET_32 = 65,
};

static gboolean read_at(const PifCard *card, guint64 offset, void *data, gsize size, GError **error)
{
    g_auto(PifFd) fd = open(pif_card_raw_path(card), O_RDONLY | O_CLOEXEC);
    if (fd < 0 || pread(fd, data, size, (off_t)offset) != (ssize_t)size)
        return pif_error_set_errno(error, errno, "cannot read the card %s", pif_card_path(card));
    return TRUE;
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

/* fsck.vfat knows no offset, and e2fsck forgets it when it has replayed a journal. */
static gboolean mend_part(PifCard *card, guint64 offset, guint64 size, PifCommand *command,
                          const char *what, GError **error)
{
    g_autoptr(PifCard) part = NULL;
    if (!pif_card_open_part(card, offset, size, &part, error))
        return FALSE;
    pif_command_add(command, pif_card_raw_path(part));
    return run_fsck(command, what, error) && pif_card_close(part, error);
}

static gboolean mend_root(PifCard *card, const PifCardLayout *layout, GError **error)
{
    guint8 superblock[PIF_EXT4_SUPERBLOCK_SIZE];
    if (!read_at(card, layout->root_offset + PIF_EXT4_SUPERBLOCK_OFFSET, superblock,
                 sizeof superblock, error))
        return FALSE;
    if (pif_ext4_state(superblock) != PIF_EXT4_UNCLEAN)
        return TRUE;
    g_autoptr(PifCommand) command = pif_command_new("e2fsck", "-fp", NULL);
    return mend_part(card, layout->root_offset, layout->root_size, command, "the root file system",
                     error);
}

static gboolean mend_boot(PifCard *card, const PifCardLayout *layout, GError **error)
{
    guint8 sector[PIF_SECTOR_SIZE];
    if (!read_at(card, layout->boot_offset, sector, sizeof sector, error))
        return FALSE;
    if (!is_fat_unclean(sector))
        return TRUE;
    g_autoptr(PifCommand) command = pif_command_new("fsck.vfat", "-a", NULL);
    return mend_part(card, layout->boot_offset, layout->boot_size, command, "the boot partition",
                     error);
}

gboolean pif_card_mend(PifCard *card, GError **error)
{
    PifCardLayout layout;
    return pif_card_layout_read(pif_card_raw_path(card), &layout, error) &&
           (!layout.root_size || mend_root(card, &layout, error)) &&
           (!layout.boot_size || mend_boot(card, &layout, error));
}
