// SPDX-License-Identifier: MIT
// Sparse writing: whole file system blocks of zeros are hashed but never written.
#include "images/disk/disk.h"

#include "images/disk/hasher.h"
#include "pifarm/base/error.h"
#include "pifarm/base/size.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    SECTOR = 512,
    HOLE_GRAIN = 4096, /* what most file systems allocate at least */
    WRITEBACK_BYTES = 32 * 1024 * 1024,
};

struct PifDiskWriter {
    int fd;
    guint64 max_size;
    guint64 position;
    guint64 writeback_position;
    PifHasher *hasher;
};

void pif_disk_clear(PifDisk *disk)
{
    g_clear_pointer(&disk->sha256, g_free);
    disk->size = 0;
}

gboolean pif_disk_has_boot_signature(const void *head, gsize size)
{
    const guint8 *bytes = head;
    return size >= SECTOR && bytes[510] == 0x55 && bytes[511] == 0xaa; /* UEFI 2.10, table 5.1 */
}

PifDiskWriter *pif_disk_writer_new(int fd, guint64 max_size)
{
    PifDiskWriter *writer = g_new0(PifDiskWriter, 1);
    writer->fd = fd;
    writer->max_size = max_size;
    writer->hasher = pif_hasher_new();
    return writer;
}

void pif_disk_writer_free(PifDiskWriter *writer)
{
    if (!writer)
        return;
    pif_hasher_free(writer->hasher);
    g_free(writer);
}

gboolean pif_disk_check_size(guint64 size, guint64 max_size, GError **error)
{
    if (size <= max_size)
        return TRUE;
    g_autofree char *limit = pif_size_format(max_size);
    return pif_error_set(error, PIF_ERROR_USAGE,
                         "the disk in it is larger than the limit of %s; is it what it should be?",
                         limit);
}

gboolean pif_disk_set_write_error(GError **error, int err)
{
    if (err != ENOSPC && err != EDQUOT && err != EFBIG)
        return pif_error_set_errno(error, err, "cannot write the disk");
    return pif_error_set(error, PIF_ERROR_EXTERNAL,
                         "no room for the disk on the image store's file system (%s); make room "
                         "there, or move the store (PIFARM_STATE_DIR)",
                         g_strerror(err));
}

static gboolean check_room(const PifDiskWriter *writer, guint64 count, GError **error)
{
    guint64 size = writer->position + count;
    return pif_disk_check_size(size < count ? G_MAXUINT64 : size, writer->max_size, error);
}

static gboolean is_zero(const guint8 *data, gsize size)
{
    return data[0] == 0 && memcmp(data, data + 1, size - 1) == 0;
}

static gsize grain_at(gsize position, gsize size)
{
    return MIN((gsize)HOLE_GRAIN, size - position);
}

static gboolean write_at(PifDiskWriter *writer, const guint8 *data, gsize size, guint64 position,
                         GError **error)
{
    while (size > 0) {
        ssize_t written = pwrite(writer->fd, data, size, (off_t)position);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return pif_disk_set_write_error(error, errno);
        data += written;
        size -= (gsize)written;
        position += (guint64)written;
    }
    return TRUE;
}

/* Writes the runs of grains that are not all zeros. */
static gboolean write_sparse(PifDiskWriter *writer, const guint8 *data, gsize size, GError **error)
{
    for (gsize begin = 0, end = 0; begin < size; begin = end) {
        gboolean is_hole = is_zero(data + begin, grain_at(begin, size));
        end = begin;
        do
            end += grain_at(end, size);
        while (end < size && is_zero(data + end, grain_at(end, size)) == is_hole);
        if (!is_hole &&
            !write_at(writer, data + begin, end - begin, writer->position + begin, error))
            return FALSE;
    }
    return TRUE;
}

/* Lets the kernel write while we decode, so that the sync at the end has little left to do. */
static void start_writeback(PifDiskWriter *writer)
{
    guint64 pending = writer->position - writer->writeback_position;
    if (pending < WRITEBACK_BYTES)
        return;
    sync_file_range(writer->fd, (off_t)writer->writeback_position, (off_t)pending,
                    SYNC_FILE_RANGE_WRITE);
    writer->writeback_position = writer->position;
}

gboolean pif_disk_writer_add(PifDiskWriter *writer, const void *data, gsize size, GError **error)
{
    if (!check_room(writer, size, error))
        return FALSE;
    pif_hasher_add(writer->hasher, data, size);
    if (writer->fd >= 0 && !write_sparse(writer, data, size, error))
        return FALSE;
    writer->position += size;
    if (writer->fd >= 0)
        start_writeback(writer);
    return TRUE;
}

gboolean pif_disk_writer_add_zeros(PifDiskWriter *writer, guint64 count, GError **error)
{
    if (!check_room(writer, count, error))
        return FALSE;
    pif_hasher_add_zeros(writer->hasher, count);
    writer->position += count;
    return TRUE;
}

gboolean pif_disk_writer_finish(PifDiskWriter *writer, PifDisk *ret_disk, GError **error)
{
    if (writer->position % SECTOR)
        return pif_error_set(error, PIF_ERROR_PROTOCOL,
                             "the disk in it ends within a sector (%" G_GUINT64_FORMAT
                             " bytes, no multiple of %d); was it cut off?",
                             writer->position, SECTOR);
    if (writer->fd >= 0 &&
        (ftruncate(writer->fd, (off_t)writer->position) < 0 || fsync(writer->fd) < 0))
        return pif_disk_set_write_error(error, errno);
    ret_disk->sha256 = pif_hasher_finish(writer->hasher);
    ret_disk->size = writer->position;
    return TRUE;
}

/* Where the hole at position ends; position itself within data. */
static off_t end_of_hole(int fd, off_t position, off_t size)
{
    off_t data = lseek(fd, position, SEEK_DATA);
    if (data < 0)
        return errno == ENXIO ? size : position; /* holes to the end; or no such call here */
    return MIN(data, size);
}

static gboolean add_data(PifDiskWriter *writer, int fd, guint8 *block, off_t *position,
                         GError **error)
{
    ssize_t got = pread(fd, block, PIF_DISK_BLOCK, *position);
    if (got < 0)
        return errno == EINTR || pif_error_set_errno(error, errno, "cannot read it");
    if (got == 0)
        return pif_error_set(error, PIF_ERROR_BUSY, "it became shorter while it was read");
    if (!pif_disk_writer_add(writer, block, (gsize)got, error))
        return FALSE;
    *position += got;
    return TRUE;
}

gboolean pif_disk_writer_add_file(PifDiskWriter *writer, int fd, PifDiskProgress done,
                                  gpointer data, GError **error)
{
    struct stat status;
    if (fstat(fd, &status) < 0)
        return pif_error_set_errno(error, errno, "cannot read it");
    if (!check_room(writer, (guint64)status.st_size, error))
        return FALSE;
    g_autofree guint8 *block = g_malloc(PIF_DISK_BLOCK);
    for (off_t position = 0; position < status.st_size;) {
        off_t hole_end = end_of_hole(fd, position, status.st_size);
        if (!pif_disk_writer_add_zeros(writer, (guint64)(hole_end - position), error))
            return FALSE;
        position = hole_end;
        if (position < status.st_size && !add_data(writer, fd, block, &position, error))
            return FALSE;
        if (done)
            done(data, (guint64)position);
    }
    return TRUE;
}

gboolean pif_disk_hash(int fd, PifDisk *ret_disk, GError **error)
{
    g_autoptr(PifDiskWriter) hasher = pif_disk_writer_new(-1, G_MAXUINT64);
    return pif_disk_writer_add_file(hasher, fd, NULL, NULL, error) &&
           pif_disk_writer_finish(hasher, ret_disk, error);
}
