// SPDX-License-Identifier: MIT
// Free clusters of a FAT16 or FAT32.
#include "images/export/used.h"

#include "pifarm/base/fat-layout.h"
#include "pifarm/base/wire.h"

enum { MAX_TABLE = 64 * 1024 * 1024 };

static unsigned entry_size(const PifFatLayout *fat)
{
    return fat->bits / 8;
}

static void add_clusters(GArray *free, const PifFatLayout *fat, const guint8 *table, guint64 start)
{
    PifReader reader;
    pif_reader_init(&reader, table, fat->table_size);
    pif_reader_skip(&reader, PIF_FAT_FIRST_CLUSTER * entry_size(fat));
    PifRange range = {0};
    for (guint64 i = 0; i < fat->clusters; i++) {
        guint32 entry =
            fat->bits == 32 ? pif_reader_le32(&reader) & 0x0fffffff : pif_reader_le16(&reader);
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
    PifFatLayout fat;
    guint8 sector[PIF_FAT_SECTOR];
    g_autoptr(GArray) free = g_array_new(FALSE, FALSE, sizeof(PifRange));
    if (size < PIF_FAT_SECTOR || start + size > pif_disk_map_size(map))
        return g_steal_pointer(&free);
    if (!pif_disk_map_read(map, sector, sizeof sector, start, error))
        return NULL;
    /* such small ones as have 12 bits are not worth it */
    if (!pif_fat_layout_parse(sector, size, &fat) || fat.bits == 12 || fat.table_size > MAX_TABLE)
        return g_steal_pointer(&free);
    g_autofree guint8 *table = g_malloc(fat.table_size);
    if (!pif_disk_map_read(map, table, fat.table_size, start + fat.table, error))
        return NULL;
    add_clusters(free, &fat, table, start);
    return g_steal_pointer(&free);
}
