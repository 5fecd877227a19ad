// SPDX-License-Identifier: MIT
// Direct I/O, so that what is written is on the card and what is read comes from it.
#include "images/export/flash.h"

#include "images/disk/disk.h"
#include "images/disk/partition.h"
#include "images/export/used.h"
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
    const PifFlashPlan *plan;
    guint next;       /* of the plan's ranges, that is not all before the position */
    guint64 position; /* all before it is written */
    guint64 done;     /* bytes of the plan, for people */
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

/* What of the disk goes on a card of that size. */
static gboolean find_size(PifDiskMap *map, const PifDevice *device, guint64 *ret_size,
                          GError **error)
{
    guint64 size = pif_disk_map_size(map);
    guint64 end = 0;
    gboolean is_empty_behind = FALSE;
    *ret_size = MIN(size, device->size);
    if (size <= device->size)
        return TRUE;
    if (!find_partitions_end(map, &end, error) ||
        !is_zero_from(map, device->size, &is_empty_behind, error))
        return FALSE;
    if (end <= device->size && is_empty_behind)
        return TRUE;
    g_autofree char *needed = g_format_size_full(end, G_FORMAT_SIZE_IEC_UNITS);
    g_autofree char *given = g_format_size_full(device->size, G_FORMAT_SIZE_IEC_UNITS);
    return pif_error_set(error, PIF_ERROR_USAGE,
                         "%s is too small: it has %s, but the partitions need %s; take a larger "
                         "card, or a smaller image (pifarm image shrink)",
                         device->path, given, needed);
}

/* In whole grains, as direct I/O wants it. */
static void add_range(PifFlashPlan *plan, guint64 start, guint64 end)
{
    guint64 last = (end + PIF_DISK_GRAIN - 1) / PIF_DISK_GRAIN * PIF_DISK_GRAIN;
    PifRange range = {start / PIF_DISK_GRAIN * PIF_DISK_GRAIN, MIN(last, plan->size)};
    if (range.start < range.end)
        g_array_append_val(plan->ranges, range);
}

static gboolean find_ranges(PifDiskMap *map, guint64 whole, PifFlashPlan *plan, GError **error)
{
    plan->ranges = g_array_new(FALSE, FALSE, sizeof(PifRange));
    add_range(plan, 0, MIN(whole, plan->size));
    if (whole < plan->size) {
        g_autoptr(GArray) used = pif_used_find(map, error);
        for (guint i = 0; used && i < used->len; i++) {
            const PifRange *range = &g_array_index(used, PifRange, i);
            add_range(plan, MAX(range->start, whole), range->end);
        }
        if (!used)
            return FALSE;
    }
    pif_ranges_normalize(plan->ranges);
    for (guint i = 0; i < plan->ranges->len; i++) {
        const PifRange *range = &g_array_index(plan->ranges, PifRange, i);
        plan->bytes += range->end - range->start;
    }
    return TRUE;
}

void pif_flash_plan_clear(PifFlashPlan *plan)
{
    g_clear_pointer(&plan->ranges, g_array_unref);
}

gboolean pif_flash_plan(PifDiskMap *map, const PifDevice *device, guint64 whole,
                        PifFlashPlan *ret_plan, GError **error)
{
    g_auto(PifFlashPlan) plan = {0};
    if (!find_size(map, device, &plan.size, error) || !find_ranges(map, whole, &plan, error))
        return FALSE;
    *ret_plan = plan;
    plan.ranges = NULL;
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

static void show(Flash *flash, guint64 bytes)
{
    flash->done = MIN(flash->done + bytes, flash->plan->bytes);
    pif_progress_set_bytes(flash->progress, flash->done);
}

static gboolean zero_range(Flash *flash, guint64 start, guint64 end, GError **error)
{
    while (start < end) {
        guint64 size = MIN(end - start, (guint64)ZERO_AT_ONCE);
        if (!zero_at(flash, size, start, error))
            return FALSE;
        start += size;
        show(flash, size);
    }
    return TRUE;
}

/* Where the plan wants them. */
static gboolean zero_until(Flash *flash, guint64 end, GError **error)
{
    const GArray *ranges = flash->plan->ranges;
    for (; flash->next < ranges->len && flash->position < end; flash->next++) {
        const PifRange *range = &g_array_index(ranges, PifRange, flash->next);
        guint64 start = MAX(range->start, flash->position);
        if (!zero_range(flash, start, MIN(range->end, end), error))
            return FALSE;
        if (range->end > end)
            break;
    }
    flash->position = end;
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
    show(flash, size);
    return TRUE;
}

static gboolean sync_device(const PifDevice *device, guint64 position, GError **error)
{
    return fsync(device->fd) == 0 || set_write_error(device, errno, position, error);
}

/* The old table goes first. What the card is told to forget it writes faster; not all can be. */
static gboolean erase(Flash *flash, GError **error)
{
    guint64 end = flash->device->size;
    guint64 whole[] = {0, end};
    guint64 written = g_array_index(flash->plan->ranges, PifRange, 0).end;
    guint64 tail = MIN(end - written, (guint64)TAIL);
    ioctl(flash->device->fd, BLKDISCARD, whole);
    return write_at(flash, flash->zeros, HEAD, 0, error) &&
           (!tail || zero_at(flash, tail, end - tail, error));
}

static gboolean write_all(Flash *flash, PifDiskMap *map, GError **error)
{
    guint64 size = flash->plan->size;
    flash->position = HEAD;
    return erase(flash, error) && sync_device(flash->device, 0, error) &&
           pif_disk_map_visit(map, write_run, NULL, flash, error) &&
           zero_until(flash, size, error) && sync_device(flash->device, size, error) &&
           write_at(flash, flash->head, MIN((guint64)HEAD, size), 0, error) &&
           sync_device(flash->device, 0, error);
}

gboolean pif_flash_write(PifDiskMap *map, PifDevice *device, const PifFlashPlan *plan,
                         PifProgress *progress, GError **error)
{
    Flash flash = {
        .device = device,
        .plan = plan,
        .progress = progress,
        .head = g_aligned_alloc0(1, HEAD, PIF_DISK_GRAIN),
        .zeros = g_aligned_alloc0(1, PIF_DISK_BLOCK, PIF_DISK_GRAIN),
    };
    gboolean is_ok = write_all(&flash, map, error);
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

typedef struct {
    guint8 *wanted; /* PIF_DISK_BLOCK bytes each, aligned */
    guint8 *found;
    guint64 done;
    PifProgress *progress;
} Verification;

static gboolean verify_range(PifDiskMap *map, PifDevice *device, const PifRange *range,
                             Verification *verification, GError **error)
{
    for (guint64 position = range->start; position < range->end;) {
        gsize part = MIN(range->end - position, (guint64)PIF_DISK_BLOCK);
        if (!pif_disk_map_read(map, verification->wanted, part, position, error) ||
            !read_at(device, verification->found, part, position, error) ||
            !compare(device, verification->wanted, verification->found, part, position, error))
            return FALSE;
        position += part;
        verification->done += part;
        pif_progress_set_bytes(verification->progress, verification->done);
    }
    return TRUE;
}

gboolean pif_flash_verify(PifDiskMap *map, PifDevice *device, const PifFlashPlan *plan,
                          PifProgress *progress, GError **error)
{
    Verification verification = {
        .wanted = g_aligned_alloc(1, PIF_DISK_BLOCK, PIF_DISK_GRAIN),
        .found = g_aligned_alloc(1, PIF_DISK_BLOCK, PIF_DISK_GRAIN),
        .progress = progress,
    };
    gboolean is_ok = TRUE;
    ioctl(device->fd, BLKFLSBUF, 0);
    for (guint i = 0; is_ok && i < plan->ranges->len; i++)
        is_ok = verify_range(map, device, &g_array_index(plan->ranges, PifRange, i), &verification,
                             error);
    g_aligned_free(verification.wanted);
    g_aligned_free(verification.found);
    return is_ok;
}

void pif_flash_announce(const PifDevice *device)
{
    ioctl(device->fd, BLKRRPART, 0); /* refused by devices that have no partitions: no harm */
}
