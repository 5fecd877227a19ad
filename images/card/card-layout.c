// SPDX-License-Identifier: MIT
// The master boot record of a card.
#include "images/card/card-layout.h"

#include "pifarm/base/error.h"
#include "pifarm/base/fd.h"
#include "pifarm/base/wire.h"

#include <errno.h>
#include <fcntl.h>

enum {
    TABLE_OFFSET = 446,
    SIGNATURE_OFFSET = 510,
    SIGNATURE = 0xaa55,
    TYPE_LINUX = 0x83,
    TYPE_GPT = 0xee,
};

typedef struct {
    guint8 type;
    guint64 offset;
    guint64 size;
} Partition;

static Partition read_partition(PifReader *reader)
{
    Partition partition = {0};
    pif_reader_skip(reader, 4); /* status, first sector as cylinder, head, sector */
    partition.type = pif_reader_u8(reader);
    pif_reader_skip(reader, 3); /* last sector, likewise */
    partition.offset = (guint64)pif_reader_le32(reader) * PIF_SECTOR_SIZE;
    partition.size = (guint64)pif_reader_le32(reader) * PIF_SECTOR_SIZE;
    return partition;
}

/* FAT32, FAT32 with LBA, FAT16 with LBA. */
static gboolean is_fat(guint8 type)
{
    return type == 0x0b || type == 0x0c || type == 0x0e;
}

gboolean pif_card_layout_parse(const guint8 sector[PIF_SECTOR_SIZE], guint64 disk_size,
                               PifCardLayout *ret_layout, GError **error)
{
    PifCardLayout layout = {0};
    PifReader reader;
    pif_reader_init(&reader, sector, PIF_SECTOR_SIZE);
    pif_reader_seek(&reader, SIGNATURE_OFFSET);
    if (pif_reader_le16(&reader) != SIGNATURE)
        return pif_error_set(error, PIF_ERROR_CONFIG,
                             "no partition table (MBR) in the first sector");
    pif_reader_seek(&reader, TABLE_OFFSET);
    for (unsigned number = 1; number <= PIF_CARD_PARTITIONS; number++) {
        Partition partition = read_partition(&reader);
        if (partition.type == TYPE_GPT)
            return pif_error_set(error, PIF_ERROR_CONFIG,
                                 "a GPT partition table; the boot ROM of a Pi 3 reads only MBR");
        if (partition.offset + partition.size > disk_size)
            return pif_error_set(error, PIF_ERROR_CONFIG,
                                 "partition %u ends behind the end of the disk (truncated?)",
                                 number);
        layout.end = MAX(layout.end, partition.offset + partition.size);
        if (is_fat(partition.type))
            layout.fat_offsets[number - 1] = partition.offset;
        if (is_fat(partition.type) && !layout.boot_size) {
            layout.boot_offset = partition.offset;
            layout.boot_size = partition.size;
            layout.boot_number = number;
        } else if (partition.type == TYPE_LINUX && !layout.root_size) {
            layout.root_offset = partition.offset;
            layout.root_size = partition.size;
            layout.root_number = number;
        }
    }
    *ret_layout = layout;
    return TRUE;
}

gboolean pif_card_layout_read(const char *raw_path, PifCardLayout *ret_layout, GError **error)
{
    guint8 sector[PIF_SECTOR_SIZE] = {0};
    g_auto(PifFd) fd = open(raw_path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return pif_error_set_errno(error, errno, "cannot open the disk");
    off_t size = lseek(fd, 0, SEEK_END);
    if (size < 0 || pread(fd, sector, sizeof sector, 0) < 0)
        return pif_error_set_errno(error, errno, "cannot read the disk");
    return pif_card_layout_parse(sector, (guint64)size, ret_layout, error);
}
