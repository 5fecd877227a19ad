// SPDX-License-Identifier: MIT
// Files of a FAT: mapped where they lie on the disk, or copied when they lie there in pieces.
#include "hw/netboot/files/boot-disk.h"

#include "pifarm/base/error.h"
#include "pifarm/base/fat.h"
#include "pifarm/base/wire.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

typedef struct {
    PifServedSource source;
    PifFd fd;
    guint64 start;
    guint64 size;
    GHashTable *open_files;
} BootDisk;

enum {
    SECTOR = 512,
    MBR_ENTRIES = 446,
    N_ENTRIES = 4,
    MAX_COPY = 512 * 1024 * 1024,
    COPY_PIECE = 64 * 1024,
    NS_PER_S = 1000000000,
};

/* FAT12, FAT16 and FAT32 with and without LBA, as the boot ROM knows them. */
static gboolean is_fat_type(guint8 type)
{
    static const guint8 types[] = {0x01, 0x04, 0x06, 0x0b, 0x0c, 0x0e};
    return memchr(types, type, sizeof types) != NULL;
}

static gboolean find_partition(const guint8 *sector, BootDisk *disk)
{
    PifReader reader;
    pif_reader_init(&reader, sector, SECTOR);
    for (unsigned i = 0; i < N_ENTRIES; i++) {
        pif_reader_seek(&reader, MBR_ENTRIES + i * 16 + 4);
        guint8 type = pif_reader_u8(&reader);
        pif_reader_skip(&reader, 3);
        guint64 start = (guint64)pif_reader_le32(&reader) * SECTOR;
        guint64 size = (guint64)pif_reader_le32(&reader) * SECTOR;
        if (!is_fat_type(type) || start == 0 || start >= disk->size)
            continue;
        disk->start = start;
        disk->size = MIN(size, disk->size - start);
        return TRUE;
    }
    return FALSE;
}

static gboolean find_fat(BootDisk *disk, const char *name, GError **error)
{
    guint8 sector[SECTOR];
    PifFat fat;
    PifFatLayout layout;
    off_t size = lseek(disk->fd, 0, SEEK_END);
    if (size < 0 || pread(disk->fd, sector, sizeof sector, 0) < 0)
        return pif_error_set_errno(error, errno, "cannot read %s", name);
    disk->size = (guint64)size;
    if (size >= SECTOR && !pif_fat_layout_parse(sector, disk->size, &layout))
        find_partition(sector, disk);
    if (size >= SECTOR && pif_fat_open(&fat, disk->fd, disk->start, disk->size, NULL))
        return TRUE;
    return pif_error_set(error, PIF_ERROR_PROTOCOL,
                         "%s has no FAT partition to boot from; look: fdisk -l %s", name, name);
}

static gint64 changed_ns(const BootDisk *disk)
{
    struct stat status = {0};
    fstat(disk->fd, &status);
    return status.st_mtim.tv_sec * G_GINT64_CONSTANT(1000000000) + status.st_mtim.tv_nsec;
}

static gboolean copy_run(int from, const PifFatRun *run, int to, GError **error)
{
    guint8 piece[COPY_PIECE];
    for (guint64 done = 0; done < run->size;) {
        gsize wanted = (gsize)MIN(sizeof piece, run->size - done);
        ssize_t count = pread(from, piece, wanted, (off_t)(run->offset + done));
        if (count <= 0 || write(to, piece, (gsize)count) != count)
            return pif_error_set_errno(error, count == 0 ? EIO : errno,
                                       "cannot copy a file of the boot partition");
        done += (guint64)count;
    }
    return TRUE;
}

static gboolean copy_runs(const BootDisk *disk, const GArray *runs, guint64 size, PifFd *ret_fd,
                          GError **error)
{
    if (size > MAX_COPY)
        return pif_error_set(error, PIF_ERROR_DENIED, "a file of the boot partition is too large");
    g_auto(PifFd) fd = memfd_create("boot", MFD_CLOEXEC);
    if (fd < 0)
        return pif_error_set_errno(error, errno, "cannot copy a file of the boot partition");
    for (guint i = 0; i < runs->len; i++)
        if (!copy_run(disk->fd, &g_array_index(runs, PifFatRun, i), fd, error))
            return FALSE;
    *ret_fd = pif_fd_steal(&fd);
    return TRUE;
}

/* Those who read a file at the same time share it, so that one in pieces is copied once. */
static PifServedFile *open_file(const BootDisk *disk, PifFat *fat, const PifFatEntry *entry,
                                const char *name, GError **error)
{
    g_autoptr(GArray) runs = NULL;
    g_auto(PifFd) fd = -1;
    PifServedFile described = {
        .size = entry->size, .inode = entry->cluster, .modified_ns = changed_ns(disk)};
    described.device = (guint64)entry->modified_s;
    if (!pif_fat_locate(fat, entry, &runs, error))
        return NULL;
    if (runs->len == 1)
        described.offset = g_array_index(runs, PifFatRun, 0).offset;
    if (runs->len <= 1) {
        fd = fcntl(disk->fd, F_DUPFD_CLOEXEC, 0);
    } else if (!g_hash_table_contains(disk->open_files, &described) &&
               !copy_runs(disk, runs, entry->size, &fd, error)) {
        return NULL;
    }
    return pif_served_file_share(disk->open_files, &described, &fd, name, error);
}

static PifServedFile *boot_disk_get(PifServedSource *source, const char *name, GError **error)
{
    const BootDisk *disk = (BootDisk *)source;
    PifFat fat;
    PifFatEntry entry;
    if (!pif_fat_open(&fat, disk->fd, disk->start, disk->size, error) ||
        !pif_fat_find(&fat, name, &entry, error))
        return NULL;
    if (entry.is_folder) {
        pif_error_set(error, PIF_ERROR_NOT_FOUND, "%s is not a file", name);
        return NULL;
    }
    return open_file(disk, &fat, &entry, name, error);
}

static void boot_disk_free(PifServedSource *source)
{
    BootDisk *disk = (BootDisk *)source;
    pif_served_files_free(disk->open_files);
    pif_fd_clear(&disk->fd);
    g_free(disk);
}

PifServedSource *pif_boot_disk_new(PifFd *fd, const char *name, GError **error)
{
    BootDisk disk = {.source = {boot_disk_get, boot_disk_free}, .fd = *fd};
    if (!find_fat(&disk, name, error))
        return NULL;
    pif_fd_steal(fd);
    disk.open_files = pif_served_files_new();
    BootDisk *copy = g_memdup2(&disk, sizeof disk);
    return &copy->source;
}
