// SPDX-License-Identifier: MIT
// FICLONE, else copy_file_range of what is no hole.
#include "images/disk/copy.h"

#include "images/disk/disk.h"
#include "pifarm/base/error.h"
#include "pifarm/base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>

/* The part of from that begins at *position or behind it and is no hole; FALSE: there is none. */
static gboolean find_data(int from, off_t *position, off_t *ret_end)
{
    *position = lseek(from, *position, SEEK_DATA);
    if (*position < 0)
        return FALSE;
    *ret_end = lseek(from, *position, SEEK_HOLE);
    return *ret_end >= 0;
}

static gboolean copy_sparse(int from, int to)
{
    off_t end;
    for (off_t position = 0; find_data(from, &position, &end);) {
        off_t target = position;
        while (position < end) {
            ssize_t copied =
                copy_file_range(from, &position, to, &target, (size_t)(end - position), 0);
            if (copied <= 0)
                return FALSE;
        }
    }
    return errno == ENXIO; /* lseek(2): no data behind the position */
}

gboolean pif_disk_copy(const char *from_path, const char *to_path, guint64 size, GError **error)
{
    g_auto(PifFd) from = open(from_path, O_RDONLY | O_CLOEXEC);
    g_auto(PifFd) to = open(to_path, O_WRONLY | O_CLOEXEC);
    if (from < 0 || to < 0)
        return pif_error_set_errno(error, errno, "cannot copy %s", from_path);
    if ((ioctl(to, FICLONE, from) < 0 && !copy_sparse(from, to)) || ftruncate(to, (off_t)size) < 0)
        return pif_disk_set_write_error(error, errno);
    return TRUE;
}
