// SPDX-License-Identifier: MIT
// Partitions less free space.
#include "images/export/used.h"

#include "images/disk/partition.h"
#include "pifarm/base/error.h"
#include "pifarm/base/fd.h"

#include <errno.h>
#include <fcntl.h>

typedef GArray *(*FindFree)(PifDiskMap *map, guint64 start, guint64 size, GError **error);

static const struct {
    const char *filesystem;
    FindFree find_free;
} kinds[] = {
    {"ext2", pif_ext_find_free},
    {"ext3", pif_ext_find_free},
    {"ext4", pif_ext_find_free},
    {"vfat", pif_fat_find_free},
};

static GArray *find_free(PifDiskMap *map, const PifPartition *partition, GError **error)
{
    for (guint i = 0; i < G_N_ELEMENTS(kinds); i++)
        if (g_strcmp0(partition->filesystem, kinds[i].filesystem) == 0)
            return kinds[i].find_free(map, partition->start, partition->size, error);
    return g_array_new(FALSE, FALSE, sizeof(PifRange));
}

static void add_range(GArray *used, guint64 begin, guint64 end)
{
    PifRange range = {begin, end};
    if (begin < end)
        g_array_append_val(used, range);
}

static gboolean add_partition(PifDiskMap *map, const PifPartition *partition, GArray *used,
                              GError **error)
{
    g_autoptr(GArray) free = find_free(map, partition, error);
    if (!free)
        return FALSE;
    guint64 position = partition->start;
    for (guint i = 0; i < free->len; i++) {
        const PifRange *range = &g_array_index(free, PifRange, i);
        add_range(used, position, range->start);
        position = MAX(position, range->end);
    }
    add_range(used, position, MIN(partition->start + partition->size, pif_disk_map_size(map)));
    return TRUE;
}

static gint compare_starts(gconstpointer a, gconstpointer b)
{
    const PifPartition *first = *(PifPartition *const *)a;
    const PifPartition *second = *(PifPartition *const *)b;
    return first->start < second->start ? -1 : first->start > second->start;
}

GArray *pif_used_find(PifDiskMap *map, GError **error)
{
    g_autofree char *table = NULL;
    g_auto(PifFd) fd = open(pif_disk_map_raw_path(map), O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        pif_error_set_errno(error, errno, "cannot read the disk");
        return NULL;
    }
    g_autoptr(GPtrArray) partitions = pif_partitions_read(fd, &table, error);
    if (!partitions)
        return NULL;
    g_ptr_array_sort(partitions, compare_starts);
    g_autoptr(GArray) used = g_array_new(FALSE, FALSE, sizeof(PifRange));
    for (guint i = 0; i < partitions->len; i++)
        if (!add_partition(map, g_ptr_array_index(partitions, i), used, error))
            return NULL;
    return g_steal_pointer(&used);
}
