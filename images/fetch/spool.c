// SPDX-License-Identifier: MIT
// Copies until the end, within a limit.
#include "images/fetch/spool.h"

#include "images/disk/disk.h"
#include "pifarm/base/error.h"
#include "pifarm/base/fd.h"
#include "pifarm/base/size.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

static gboolean write_all(int fd, const char *data, gsize size, GError **error)
{
    while (size > 0) {
        ssize_t written = write(fd, data, size);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return pif_disk_set_write_error(error, errno);
        data += written;
        size -= (gsize)written;
    }
    return TRUE;
}

static gboolean check_limit(guint64 size, guint64 max_bytes, GError **error)
{
    if (size <= max_bytes)
        return TRUE;
    g_autofree char *limit = pif_size_format(max_bytes);
    return pif_error_set(error, PIF_ERROR_USAGE,
                         "standard input is larger than the limit of %s; is it what it should be?",
                         limit);
}

gboolean pif_spool(int fd, const char *file, guint64 max_bytes, PifProgress *progress,
                   GError **error)
{
    guint64 total = 0;
    g_autofree char *block = g_malloc(PIF_DISK_BLOCK);
    g_auto(PifFd) out = open(file, O_WRONLY | O_CLOEXEC);
    if (out < 0)
        return pif_error_set_errno(error, errno, "cannot open %s", file);
    pif_progress_restart(progress, "reading standard input", 0, 0);
    for (;;) {
        ssize_t got = read(fd, block, PIF_DISK_BLOCK);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return pif_error_set_errno(error, errno, "cannot read standard input");
        if (got == 0)
            return TRUE;
        total += (guint64)got;
        if (!check_limit(total, max_bytes, error) || !write_all(out, block, (gsize)got, error))
            return FALSE;
        pif_progress_set_bytes(progress, total);
    }
}
