// SPDX-License-Identifier: MIT
// The table of clusters.
#include "pifarm/base/fat.h"

#include "pifarm/base/error.h"
#include "pifarm/base/wire.h"

#include <errno.h>
#include <unistd.h>

static gboolean set_damaged(GError **error)
{
    return pif_error_set(error, PIF_ERROR_PROTOCOL, "the FAT file system is damaged");
}

gboolean pif_fat_open(PifFat *fat, int fd, guint64 start, guint64 size, GError **error)
{
    guint8 sector[PIF_FAT_SECTOR];
    ssize_t count = pread(fd, sector, sizeof sector, (off_t)start);
    if (count < 0)
        return pif_error_set_errno(error, errno, "cannot read the FAT file system");
    *fat = (PifFat){.fd = fd, .start = start};
    if (count != sizeof sector || !pif_fat_layout_parse(sector, size, &fat->layout))
        return pif_error_set(error, PIF_ERROR_PROTOCOL, "there is no FAT file system");
    return TRUE;
}

gboolean pif_fat_is_cluster(const PifFat *fat, guint32 cluster)
{
    return cluster >= PIF_FAT_FIRST_CLUSTER &&
           cluster - PIF_FAT_FIRST_CLUSTER < fat->layout.clusters;
}

guint64 pif_fat_cluster_offset(const PifFat *fat, guint32 cluster)
{
    return fat->start + fat->layout.data +
           (guint64)(cluster - PIF_FAT_FIRST_CLUSTER) * fat->layout.cluster_size;
}

/* An entry of 12 bits may begin in one piece and end in the next: pieces overlap by a byte. */
static gboolean load_piece(PifFat *fat, guint64 offset, GError **error)
{
    enum { STEP = PIF_FAT_TABLE_PIECE - 4 };
    guint64 begin = offset / STEP * STEP;
    if (fat->piece_size > 0 && fat->piece_offset == begin)
        return TRUE;
    gsize wanted = (gsize)MIN((guint64)PIF_FAT_TABLE_PIECE, fat->layout.table_size - begin);
    ssize_t count =
        pread(fat->fd, fat->piece, wanted, (off_t)(fat->start + fat->layout.table + begin));
    if (count < 0)
        return pif_error_set_errno(error, errno, "cannot read the FAT file system");
    fat->piece_offset = begin;
    fat->piece_size = (gsize)count;
    return TRUE;
}

static guint32 entry_at(const PifFat *fat, guint32 cluster, PifReader *reader)
{
    if (fat->layout.bits == 32)
        return pif_reader_le32(reader) & 0x0fffffff;
    guint32 entry = pif_reader_le16(reader);
    if (fat->layout.bits == 12)
        entry = cluster % 2 ? entry >> 4 : entry & 0xfff;
    return entry;
}

gboolean pif_fat_next_cluster(PifFat *fat, guint32 cluster, guint32 *ret_next, GError **error)
{
    PifReader reader;
    guint64 offset = (guint64)cluster * fat->layout.bits / 8;
    guint32 last = fat->layout.bits == 32 ? 0x0ffffff8 : (1U << fat->layout.bits) - 8;
    if (!pif_fat_is_cluster(fat, cluster))
        return set_damaged(error);
    if (!load_piece(fat, offset, error))
        return FALSE;
    pif_reader_init(&reader, fat->piece, fat->piece_size);
    pif_reader_skip(&reader, offset - fat->piece_offset);
    guint32 next = entry_at(fat, cluster, &reader);
    if (reader.overflow)
        return set_damaged(error);
    *ret_next = next >= last ? 0 : next;
    return TRUE;
}

/* Of a real file there are a handful. */
enum { MAX_RUNS = 65536 };

static void add_run(GArray *runs, guint64 offset, guint64 size)
{
    PifFatRun *last = runs->len > 0 ? &g_array_index(runs, PifFatRun, runs->len - 1) : NULL;
    const PifFatRun run = {offset, size};
    if (last && last->offset + last->size == offset)
        last->size += size;
    else
        g_array_append_val(runs, run);
}

/* It ends with the size that the folder tells, so that a chain that goes round does no harm. */
gboolean pif_fat_locate(PifFat *fat, const PifFatEntry *file, GArray **ret_runs, GError **error)
{
    g_autoptr(GArray) runs = g_array_new(FALSE, FALSE, sizeof(PifFatRun));
    guint32 cluster = file->cluster;
    if (file->size > fat->layout.clusters * fat->layout.cluster_size)
        return set_damaged(error);
    for (guint64 left = file->size; left > 0;) {
        if (!pif_fat_is_cluster(fat, cluster) || runs->len > MAX_RUNS)
            return set_damaged(error);
        guint64 size = MIN(left, fat->layout.cluster_size);
        add_run(runs, pif_fat_cluster_offset(fat, cluster), size);
        left -= size;
        if (left > 0 && !pif_fat_next_cluster(fat, cluster, &cluster, error))
            return FALSE;
    }
    *ret_runs = g_steal_pointer(&runs);
    return TRUE;
}
