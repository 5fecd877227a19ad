// SPDX-License-Identifier: MIT
// Direct I/O, so that what is written is on the card and what is read comes from it.
#include "images/export/flash.h"

#include "images/disk/disk.h"
#include "images/disk/partition.h"
#include "pifarm/base/error.h"
#include "pifarm/base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <string.h>
#include <sys/ioctl.h>

enum {
    HEAD = PIF_DISK_GRAIN,           /* with the partition table */
    ZERO_AT_ONCE = 16 * 1024 * 1024, /* between two looks at the clock */
    TAIL = 1024 * 1024,              /* where a GPT has its copy, and a RAID its mark */
};

typedef struct {
    PifDevice *device;
    guint64 position; /* all before it is written */
    guint8 *head;     /* HEAD bytes, aligned */
    guint8 *zeros;    /* PIF_DISK_BLOCK bytes, aligned */
    gboolean has_no_zeroout;
    PifProgress *progress;
} Flash;

static gboolean is_zero(const guint8 *bytes, gsize size)
{
    return bytes[0] == 0 && memcmp(bytes, bytes + 1, size - 1) == 0;
}

static gboolean is_zero_from(PifDiskMap *map, guint64 position, gboolean *ret_is_zero,
                             GError **error)
{
    g_autofree guint8 *block = g_malloc(PIF_DISK_BLOCK);
    guint64 end = pif_disk_map_data_end(map);
    *ret_is_zero = TRUE;
    while (*ret_is_zero && position < end) {
        gsize size = MIN(end - position, (guint64)PIF_DISK_BLOCK);
        if (!pif_disk_map_read(map, block, size, position, error))
            return FALSE;
        *ret_is_zero = is_zero(block, size);
        position += size;
    }
    return TRUE;
}

static gboolean find_partitions_end(PifDiskMap *map, guint64 *ret_end, GError **error)
{
    g_autofree char *table = NULL;
    g_auto(PifFd) fd = open(pif_disk_map_raw_path(map), O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return pif_error_set_errno(error, errno, "cannot read the disk");
    g_autoptr(GPtrArray) partitions = pif_partitions_read(fd, &table, error);
    if (!partitions)
        return FALSE;
    /* a disk without partitions counts as a whole */
    *ret_end = partitions->len ? 0 : pif_disk_map_size(map);
    for (guint i = 0; i < partitions->len; i++) {
        const PifPartition *partition = g_ptr_array_index(partitions, i);
        *ret_end = MAX(*ret_end, partition->start + partition->size);
    }
    return TRUE;
}

gboolean pif_flash_plan(PifDiskMap *map, const PifDevice *device, guint64 *ret_size, GError **error)
{
    guint64 size = pif_disk_map_size(map);
    guint64 end = 0;
    gboolean is_empty_behind = FALSE;
    if (size > device->size) {
        if (!find_partitions_end(map, &end, error) ||
            !is_zero_from(map, device->size, &is_empty_behind, error))
            return FALSE;
        g_autofree char *needed = g_format_size_full(end, G_FORMAT_SIZE_IEC_UNITS);
        g_autofree char *given = g_format_size_full(device->size, G_FORMAT_SIZE_IEC_UNITS);
        if (end > device->size || !is_empty_behind)
            return pif_error_set(error, PIF_ERROR_USAGE,
                                 "%s is too small: it has %s, but the partitions need %s; take a "
                                 "larger card, or a smaller image (pifarm image shrink)",
                                 device->path, given, needed);
    }
    *ret_size = MIN(size, device->size);
    return TRUE;
}

static gboolean set_write_error(const PifDevice *device, int err, guint64 position, GError **error)
{
    return pif_error_set_errno(error, err,
                               "cannot write %s at byte %" G_GUINT64_FORMAT
                               "; the card is broken, or was taken out, and has no system now",
                               device->path, position);
}

static gboolean write_at(Flash *flash, const guint8 *bytes, gsize size, guint64 position,
                         GError **error)
{
    while (size > 0) {
        ssize_t written = pwrite(flash->device->fd, bytes, size, (off_t)position);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return set_write_error(flash->device, written < 0 ? errno : EIO, position, error);
        bytes += written;
        size -= (gsize)written;
        position += (guint64)written;
    }
    return TRUE;
}

/* The kernel has devices write zeros by themselves where they can; where it cannot do even by hand,
 * we do. */
static gboolean zero_at(Flash *flash, guint64 size, guint64 position, GError **error)
{
    guint64 range[] = {position, size};
    if (!flash->has_no_zeroout && ioctl(flash->device->fd, BLKZEROOUT, range) == 0)
        return TRUE;
    flash->has_no_zeroout = TRUE;
    for (guint64 end = position + size; position < end;) {
        gsize part = MIN(end - position, (guint64)PIF_DISK_BLOCK);
        if (!write_at(flash, flash->zeros, part, position, error))
            return FALSE;
        position += part;
    }
    return TRUE;
}

static gboolean zero_until(Flash *flash, guint64 end, GError **error)
{
    while (flash->position < end) {
        guint64 size = MIN(end - flash->position, (guint64)ZERO_AT_ONCE);
        if (!zero_at(flash, size, flash->position, error))
            return FALSE;
        flash->position += size;
        pif_progress_set_bytes(flash->progress, flash->position);
    }
    return TRUE;
}

/* Behind the head, which is kept for later. */
static gboolean write_run(gpointer data, const guint8 *bytes, gsize size, guint64 position,
                          GError **error)
{
    Flash *flash = data;
    if (position < HEAD) {
        gsize in_head = MIN(size, (gsize)(HEAD - position));
        memcpy(flash->head + position, bytes, in_head);
        bytes += in_head;
        size -= in_head;
        position += in_head;
    }
    if (!size)
        return TRUE;
    if (!zero_until(flash, position, error) || !write_at(flash, bytes, size, position, error))
        return FALSE;
    flash->position = position + size;
    pif_progress_set_bytes(flash->progress, flash->position);
    return TRUE;
}

static gboolean sync_device(const PifDevice *device, guint64 position, GError **error)
{
    return fsync(device->fd) == 0 || set_write_error(device, errno, position, error);
}

/* The old table goes first. What the card is told to forget it writes faster; not all can be. */
static gboolean erase(Flash *flash, guint64 size, GError **error)
{
    guint64 whole[] = {0, flash->device->size};
    ioctl(flash->device->fd, BLKDISCARD, whole);
    if (!write_at(flash, flash->zeros, HEAD, 0, error))
        return FALSE;
    guint64 tail = MIN(flash->device->size - size, (guint64)TAIL);
    return !tail || zero_at(flash, tail, flash->device->size - tail, error);
}

static gboolean write_all(Flash *flash, PifDiskMap *map, guint64 size, GError **error)
{
    flash->position = HEAD;
    return erase(flash, size, error) && sync_device(flash->device, 0, error) &&
           pif_disk_map_visit(map, write_run, NULL, flash, error) &&
           zero_until(flash, size, error) && sync_device(flash->device, size, error) &&
           write_at(flash, flash->head, MIN((guint64)HEAD, size), 0, error) &&
           sync_device(flash->device, 0, error);
}

gboolean pif_flash_write(PifDiskMap *map, PifDevice *device, guint64 size, PifProgress *progress,
                         GError **error)
{
    Flash flash = {
        .device = device,
        .progress = progress,
        .head = g_aligned_alloc0(1, HEAD, PIF_DISK_GRAIN),
        .zeros = g_aligned_alloc0(1, PIF_DISK_BLOCK, PIF_DISK_GRAIN),
    };
    gboolean is_ok = write_all(&flash, map, size, error);
    g_aligned_free(flash.head);
    g_aligned_free(flash.zeros);
    return is_ok;
}

static gboolean read_at(const PifDevice *device, guint8 *bytes, gsize size, guint64 position,
                        GError **error)
{
    while (size > 0) {
        ssize_t got = pread(device->fd, bytes, size, (off_t)position);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return pif_error_set_errno(error, got < 0 ? errno : EIO,
                                       "cannot read %s back at byte %" G_GUINT64_FORMAT
                                       "; the card is broken, or was taken out",
                                       device->path, position);
        bytes += got;
        size -= (gsize)got;
        position += (guint64)got;
    }
    return TRUE;
}

static gboolean compare(const PifDevice *device, const guint8 *wanted, const guint8 *found,
                        gsize size, guint64 position, GError **error)
{
    gsize at = 0;
    if (memcmp(wanted, found, size) == 0)
        return TRUE;
    while (wanted[at] == found[at])
        at++;
    return pif_error_set(error, PIF_ERROR_PROTOCOL,
                         "%s gives back something else than was written, at byte %" G_GUINT64_FORMAT
                         "; the card is broken, or smaller than it says: take another",
                         device->path, position + at);
}

gboolean pif_flash_verify(PifDiskMap *map, PifDevice *device, guint64 size, PifProgress *progress,
                          GError **error)
{
    guint8 *wanted = g_aligned_alloc(1, PIF_DISK_BLOCK, PIF_DISK_GRAIN);
    guint8 *found = g_aligned_alloc(1, PIF_DISK_BLOCK, PIF_DISK_GRAIN);
    gboolean is_ok = TRUE;
    ioctl(device->fd, BLKFLSBUF, 0);
    for (guint64 position = 0; is_ok && position < size;) {
        gsize part = MIN(size - position, (guint64)PIF_DISK_BLOCK);
        is_ok = pif_disk_map_read(map, wanted, part, position, error) &&
                read_at(device, found, part, position, error) &&
                compare(device, wanted, found, part, position, error);
        position += part;
        pif_progress_set_bytes(progress, position);
    }
    g_aligned_free(wanted);
    g_aligned_free(found);
    return is_ok;
}

void pif_flash_announce(const PifDevice *device)
{
    ioctl(device->fd, BLKRRPART, 0); /* refused by devices that have no partitions: no harm */
}
