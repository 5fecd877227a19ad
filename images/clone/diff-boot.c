// SPDX-License-Identifier: MIT
// FAT has neither owners nor links: what counts is which files there are, and what is in them.
#include "images/clone/diff-boot.h"

#include "images/card/boot-partition.h"
#include "images/card/card-layout.h"
#include "images/clone/diff.h"
#include "images/disk/scratch.h"
#include "pifarm/base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

enum { BLOCK = 1024 * 1024 };

typedef struct {
    PifScratch scratch;
    PifBootPartition before;
    PifBootPartition after;
    GPtrArray *changes;
} Comparison;

static void comparison_clear(Comparison *comparison)
{
    pif_boot_partition_clear(&comparison->before);
    pif_boot_partition_clear(&comparison->after);
    pif_scratch_clear(&comparison->scratch);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Comparison, comparison_clear)

static gboolean are_same_bytes(int one, off_t one_offset, int two, off_t two_offset, guint64 size)
{
    g_autofree char *data = g_malloc(BLOCK);
    g_autofree char *other = g_malloc(BLOCK);
    for (guint64 done = 0; done < size; done += BLOCK) {
        gsize count = MIN((guint64)BLOCK, size - done);
        if (pread(one, data, count, one_offset + (off_t)done) != (ssize_t)count ||
            pread(two, other, count, two_offset + (off_t)done) != (ssize_t)count ||
            memcmp(data, other, count) != 0)
            return FALSE;
    }
    return TRUE;
}

/* *ret_is_same also when neither has such a partition. */
static gboolean compare_partitions(const PifCard *before, const PifCard *after,
                                   const GArray *written, gboolean *ret_is_same, GError **error)
{
    PifCardLayout old;
    PifCardLayout new;
    if (!pif_card_layout_read(pif_card_raw_path(before), &old, error) ||
        !pif_card_layout_read(pif_card_raw_path(after), &new, error))
        return FALSE;
    gboolean is_same_place = old.boot_offset == new.boot_offset &&old.boot_size == new.boot_size;
    *ret_is_same = is_same_place && written &&
                   !pif_ranges_touch(written, new.boot_offset, new.boot_offset + new.boot_size);
    if (*ret_is_same)
        return TRUE;
    g_auto(PifFd) one = open(pif_card_raw_path(before), O_RDONLY | O_CLOEXEC);
    g_auto(PifFd) two = open(pif_card_raw_path(after), O_RDONLY | O_CLOEXEC);
    if (one < 0 || two < 0)
        return pif_error_set_errno(error, errno, "cannot open the card %s", pif_card_path(before));
    *ret_is_same =
        old.boot_size == new.boot_size &&are_same_bytes(one, (off_t)old.boot_offset, two,
                                                        (off_t) new.boot_offset, old.boot_size);
    return TRUE;
}

static guint64 size_of(int fd)
{
    struct stat status;
    return fd >= 0 && fstat(fd, &status) == 0 ? (guint64)status.st_size : 0;
}

/* A copy of the file; *ret_fd -1 when path is NULL. */
static gboolean open_copy(const PifBootPartition *boot, const char *path, const char *copy_name,
                          PifFd *ret_fd, GError **error)
{
    g_autofree char *copy = NULL;
    if (!path)
        return TRUE;
    if (!pif_boot_partition_copy(boot, path, copy_name, &copy, error))
        return FALSE;
    *ret_fd = open(copy, O_RDONLY | O_CLOEXEC);
    return *ret_fd >= 0 || pif_error_set_errno(error, errno, "cannot open %s", copy);
}

/* before, after: the file's path on either, NULL where it is not. */
static gboolean compare_file(const Comparison *comparison, const char *before, const char *after,
                             GError **error)
{
    g_auto(PifFd) old = -1;
    g_auto(PifFd) new = -1;
    if (!open_copy(&comparison->before, before, "before", &old, error) ||
        !open_copy(&comparison->after, after, "after", &new, error))
        return FALSE;
    guint64 old_size = size_of(old);
    guint64 new_size = size_of(new);
    if (before && after && old_size == new_size && are_same_bytes(old, 0, new, 0, old_size))
        return TRUE;
    PifFileChange *change = g_new0(PifFileChange, 1);
    change->is_boot = TRUE;
    change->path = g_strconcat("/", after ? after : before, NULL);
    change->kinds = !before ? PIF_CHANGE_ADDED : !after ? PIF_CHANGE_REMOVED : PIF_CHANGE_CONTENT;
    change->old_size = old_size;
    change->new_size = new_size;
    g_ptr_array_add(comparison->changes, change);
    return TRUE;
}

static gboolean compare_files(const Comparison *comparison, GError **error)
{
    const char *const *old = (const char *const *)comparison->before.paths;
    const char *const *new = (const char *const *)comparison->after.paths;
    for (const char *const *path = old; *path; path++)
        if (!compare_file(comparison, *path, g_strv_contains(new, *path) ? *path : NULL, error))
            return FALSE;
    for (const char *const *path = new; *path; path++)
        if (!g_strv_contains(old, *path) && !compare_file(comparison, NULL, *path, error))
            return FALSE;
    return TRUE;
}

gboolean pif_boot_diff(const PifCard *before, const PifCard *after, const GArray *written,
                       GPtrArray *changes, GError **error)
{
    gboolean is_same = FALSE;
    g_auto(Comparison) comparison = {.changes = changes};
    if (!compare_partitions(before, after, written, &is_same, error))
        return FALSE;
    if (is_same)
        return TRUE;
    return pif_scratch_make(&comparison.scratch, error) &&
           pif_boot_partition_open(before, comparison.scratch.folder, &comparison.before, error) &&
           pif_boot_partition_open(after, comparison.scratch.folder, &comparison.after, error) &&
           compare_files(&comparison, error);
}
