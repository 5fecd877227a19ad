// SPDX-License-Identifier: MIT
// Free clusters of a FAT16 or FAT32: Microsoft, FAT32 File System Specification, 1.03.
#include "images/export/used.h"

#include "pifarm/base/wire.h"

enum {
    BOOT_SECTOR = 512,
    BYTES_PER_SECTOR = 11, /* where in the boot sector */
    TOTAL_SECTORS_32 = 32,
    MIN_FAT16_CLUSTERS = 4085,
    MIN_FAT32_CLUSTERS = 65525,
    FIRST_CLUSTER = 2,
    MAX_TABLE = 64 * 1024 * 1024,
};

/* In bytes, from the beginning of the file system. */
typedef struct {
    guint64 table;
    guint64 data;
    guint64 cluster_size;
    guint64 clusters;
    unsigned entry_size;
} Fat;

static gboolean parse(const guint8 *sector, guint64 size, Fat *ret_fat)
{
    PifReader reader;
    pif_reader_init(&reader, sector, BOOT_SECTOR);
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
    guint64 total = total_16 ? total_16 : total_32;
    guint64 table = table_16 ? table_16 : table_32;
    if (sector_size < 512 || sector_size > 4096 || !cluster_sectors || !table ||
        total * sector_size > size)
        return FALSE;
    guint64 data = reserved + tables * table + (root_entries * 32 + sector_size - 1) / sector_size;
    if (data >= total)
        return FALSE;
    Fat fat = {
        .table = reserved * sector_size,
        .data = data * sector_size,
        .cluster_size = cluster_sectors * sector_size,
        .clusters = (total - data) / cluster_sectors,
    };
    fat.entry_size = fat.clusters >= MIN_FAT32_CLUSTERS ? 4 : 2;
    *ret_fat = fat;
    return fat.clusters >= MIN_FAT16_CLUSTERS &&
           (fat.clusters + FIRST_CLUSTER) * fat.entry_size <= MIN(table * sector_size, MAX_TABLE);
}

static void add_clusters(GArray *free, const Fat *fat, const guint8 *table, guint64 start)
{
    PifReader reader;
    pif_reader_init(&reader, table, (fat->clusters + FIRST_CLUSTER) * fat->entry_size);
    pif_reader_skip(&reader, FIRST_CLUSTER * fat->entry_size);
    PifRange range = {0};
    for (guint64 i = 0; i < fat->clusters; i++) {
        guint32 entry =
            fat->entry_size == 4 ? pif_reader_le32(&reader) & 0x0fffffff : pif_reader_le16(&reader);
        guint64 begin = start + fat->data + i * fat->cluster_size;
        if (entry)
            continue;
        if (range.end != begin) {
            if (range.end)
                g_array_append_val(free, range);
            range.start = begin;
        }
        range.end = begin + fat->cluster_size;
    }
    if (range.end)
        g_array_append_val(free, range);
}

GArray *pif_fat_find_free(PifDiskMap *map, guint64 start, guint64 size, GError **error)
{
    Fat fat;
    guint8 sector[BOOT_SECTOR];
    g_autoptr(GArray) free = g_array_new(FALSE, FALSE, sizeof(PifRange));
    if (size < BOOT_SECTOR || start + size > pif_disk_map_size(map))
        return g_steal_pointer(&free);
    if (!pif_disk_map_read(map, sector, sizeof sector, start, error))
        return NULL;
    if (!parse(sector, size, &fat))
        return g_steal_pointer(&free);
    gsize table_size = (fat.clusters + FIRST_CLUSTER) * fat.entry_size;
    g_autofree guint8 *table = g_malloc(table_size);
    if (!pif_disk_map_read(map, table, table_size, start + fat.table, error))
        return NULL;
    add_clusters(free, &fat, table, start);
    return g_steal_pointer(&free);
}
