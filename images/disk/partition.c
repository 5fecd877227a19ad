// SPDX-License-Identifier: MIT
// Partitions and file systems as libblkid sees them.
#include "images/disk/partition.h"

#include "pifarm/base/command.h"
#include "pifarm/base/error.h"

#include <blkid.h>
#include <string.h>

enum { SECTOR = 512 }; /* libblkid counts in these whatever the disk's own sector size */

typedef struct blkid_struct_probe BlkidProbe;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(BlkidProbe, blkid_free_probe)

void pif_partition_free(PifPartition *partition)
{
    if (!partition)
        return;
    g_free(partition->filesystem);
    g_free(partition->label);
    g_free(partition);
}

static char *lookup(BlkidProbe *probe, const char *name)
{
    const char *value = NULL;
    return blkid_probe_lookup_value(probe, name, &value, NULL) == 0 ? g_strdup(value) : NULL;
}

static void probe_filesystem(int fd, PifPartition *partition)
{
    g_autoptr(BlkidProbe) probe = blkid_new_probe();
    if (!probe || blkid_probe_set_device(probe, fd, (blkid_loff_t)partition->start,
                                         (blkid_loff_t)partition->size) < 0)
        return;
    blkid_probe_enable_superblocks(probe, TRUE);
    blkid_probe_set_superblocks_flags(probe, BLKID_SUBLKS_TYPE | BLKID_SUBLKS_LABEL);
    if (blkid_do_safeprobe(probe) != 0)
        return;
    partition->filesystem = lookup(probe, "TYPE");
    partition->label = lookup(probe, "LABEL");
}

static PifPartition *partition_new(blkid_partition from)
{
    PifPartition *partition = g_new0(PifPartition, 1);
    partition->number = (unsigned)blkid_partition_get_partno(from);
    partition->start = (guint64)blkid_partition_get_start(from) * SECTOR;
    partition->size = (guint64)blkid_partition_get_size(from) * SECTOR;
    partition->type = (guint8)blkid_partition_get_type(from); /* 0 in a GPT */
    return partition;
}

/* The table of the disk, owned by probe; NULL when it has none of a kind that we know. */
static blkid_partlist read_table(BlkidProbe *probe, int fd, const char **ret_type)
{
    if (blkid_probe_set_device(probe, fd, 0, 0) < 0)
        return NULL;
    blkid_probe_enable_partitions(probe, TRUE);
    blkid_partlist list = blkid_probe_get_partitions(probe);
    blkid_parttable table = list ? blkid_partlist_get_table(list) : NULL;
    *ret_type = table ? blkid_parttable_get_type(table) : NULL;
    gboolean is_known = g_strcmp0(*ret_type, "dos") == 0 || g_strcmp0(*ret_type, "gpt") == 0;
    return is_known ? list : NULL;
}

GPtrArray *pif_partitions_read(int fd, char **ret_table, GError **error)
{
    g_autoptr(BlkidProbe) probe = blkid_new_probe();
    if (!probe) {
        pif_error_set(error, PIF_ERROR_EXTERNAL, "libblkid cannot begin to probe");
        return NULL;
    }
    const char *type = NULL;
    blkid_partlist list = read_table(probe, fd, &type);
    GPtrArray *partitions = g_ptr_array_new_with_free_func((GDestroyNotify)pif_partition_free);
    int count = list ? blkid_partlist_numof_partitions(list) : 0;
    for (int i = 0; i < count; i++) {
        blkid_partition from = blkid_partlist_get_partition(list, i);
        if (blkid_partition_is_extended(from))
            continue;
        PifPartition *partition = partition_new(from);
        probe_filesystem(fd, partition);
        g_ptr_array_add(partitions, partition);
    }
    *ret_table = list ? g_strdup(type) : NULL;
    return partitions;
}

gboolean pif_partitions_check(int fd, guint64 disk_size, GError **error)
{
    g_autofree char *table = NULL;
    g_autoptr(GPtrArray) partitions = pif_partitions_read(fd, &table, error);
    if (!partitions)
        return FALSE;
    if (partitions->len == 0)
        return pif_error_set(error, PIF_ERROR_PROTOCOL,
                             "it is no whole disk image: it has no partitions (or a GPT whose end "
                             "is cut off)");
    for (guint i = 0; i < partitions->len; i++) {
        const PifPartition *partition = g_ptr_array_index(partitions, i);
        if (partition->start + partition->size <= disk_size)
            continue;
        return pif_error_set(error, PIF_ERROR_PROTOCOL,
                             "the disk is cut off: its partition %u ends at byte %" G_GUINT64_FORMAT
                             ", the disk at %" G_GUINT64_FORMAT "; fetch it again",
                             partition->number, partition->start + partition->size, disk_size);
    }
    return TRUE;
}

gboolean pif_partition_resize(const char *path, unsigned number, guint64 size, GError **error)
{
    g_autofree char *script = g_strdup_printf("size=%" G_GUINT64_FORMAT "\n", size / SECTOR);
    g_autoptr(GBytes) input = g_bytes_new(script, strlen(script));
    g_autoptr(PifCommand) command =
        pif_command_new("sfdisk", "-q", "--no-reread", "--no-tell-kernel", "-N", NULL);
    pif_command_add_format(command, "%u", number);
    pif_command_add(command, path);
    pif_command_set_input(command, input);
    return pif_command_run(command, NULL, error);
}
