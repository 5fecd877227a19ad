// SPDX-License-Identifier: MIT
// The boot sector, read.
#include "pifarm/base/fat-layout.h"

#include "pifarm/base/wire.h"

enum {
    BYTES_PER_SECTOR = 11, /* where in the boot sector */
    TOTAL_SECTORS_32 = 32,
    ROOT_CLUSTER = 44,
    ENTRY_SIZE = 32, /* of a folder */
    MIN_FAT16_CLUSTERS = 4085,
    MIN_FAT32_CLUSTERS = 65525,
    MAX_CLUSTERS = 0x0ffffff5,
};

static unsigned bits_of(guint64 clusters)
{
    if (clusters < MIN_FAT16_CLUSTERS)
        return 12;
    return clusters < MIN_FAT32_CLUSTERS ? 16 : 32;
}

static gboolean is_power_of_two(guint64 number)
{
    return number && (number & (number - 1)) == 0;
}

gboolean pif_fat_layout_parse(const guint8 sector[PIF_FAT_SECTOR], guint64 size,
                              PifFatLayout *ret_layout)
{
    PifReader reader;
    pif_reader_init(&reader, sector, PIF_FAT_SECTOR);
    pif_reader_seek(&reader, BYTES_PER_SECTOR);
    guint64 sector_size = pif_reader_le16(&reader);
    guint64 cluster_sectors = pif_reader_u8(&reader);
    guint64 reserved = pif_reader_le16(&reader);
    guint64 tables = pif_reader_u8(&reader);
    guint64 root_entries = pif_reader_le16(&reader);
    guint64 total_16 = pif_reader_le16(&reader);
    pif_reader_skip(&reader, 1); /* media */
    guint64 table_16 = pif_reader_le16(&reader);
    pif_reader_seek(&reader, TOTAL_SECTORS_32);
    guint64 total_32 = pif_reader_le32(&reader);
    guint64 table_32 = pif_reader_le32(&reader);
    pif_reader_seek(&reader, ROOT_CLUSTER);
    guint32 root_cluster = pif_reader_le32(&reader);
    guint64 total = total_16 ? total_16 : total_32;
    guint64 table = table_16 ? table_16 : table_32;
    if (sector_size < 512 || sector_size > 4096 || !is_power_of_two(sector_size) ||
        !is_power_of_two(cluster_sectors) || !reserved || !table || total * sector_size > size)
        return FALSE;
    guint64 root = reserved + tables * table;
    guint64 data = root + (root_entries * ENTRY_SIZE + sector_size - 1) / sector_size;
    if (data >= total)
        return FALSE;
    PifFatLayout layout = {
        .table = reserved * sector_size,
        .data = data * sector_size,
        .cluster_size = cluster_sectors * sector_size,
        .clusters = (total - data) / cluster_sectors,
    };
    layout.bits = bits_of(layout.clusters);
    layout.table_size = ((layout.clusters + PIF_FAT_FIRST_CLUSTER) * layout.bits + 7) / 8;
    if (layout.bits == 32) {
        layout.root_cluster = root_cluster;
    } else {
        layout.root = root * sector_size;
        layout.root_size = root_entries * ENTRY_SIZE;
    }
    *ret_layout = layout;
    return layout.clusters > 0 && layout.clusters < MAX_CLUSTERS &&
           layout.table_size <= table * sector_size;
}
