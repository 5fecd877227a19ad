// SPDX-License-Identifier: MIT
// Comparing block by block; what is a hole in both is not looked at.
#include "images/clone/differences.h"

#include "images/disk/disk.h"
#include "pifarm/base/error.h"
#include "pifarm/base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

enum {
    GRAIN = 64 * 1024, /* QEMU docs/interop/qcow2.txt: the usual cluster */
    CHUNK = 16 * GRAIN,
};

typedef struct {
    PifFd from;
    int base;
    PifFd to;
    off_t size; /* of from */
    guint8 *ours;
    guint8 *theirs;
} Copy;

static void copy_clear(Copy *copy)
{
    pif_fd_clear(&copy->from);
    pif_fd_clear(&copy->to);
    g_free(copy->ours);
    g_free(copy->theirs);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Copy, copy_clear)

/* Where data begins at or behind position. */
static off_t find_data(int fd, off_t position, off_t size)
{
    off_t data = lseek(fd, position, SEEK_DATA);
    if (data < 0)
        return errno == ENXIO ? size : position; /* holes to the end; or no such call here */
    return MIN(data, size);
}

/* Behind the end of a disk it is zero, as an overlay on it reads. */
static gboolean read_padded(int fd, guint8 *data, gsize size, off_t position)
{
    while (size > 0) {
        ssize_t got = pread(fd, data, size, position);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return FALSE;
        if (got == 0) {
            memset(data, 0, size);
            return TRUE;
        }
        data += got;
        size -= (gsize)got;
        position += got;
    }
    return TRUE;
}

static gboolean write_all(int fd, const guint8 *data, gsize size, off_t position)
{
    while (size > 0) {
        ssize_t written = pwrite(fd, data, size, position);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return FALSE;
        data += written;
        size -= (gsize)written;
        position += written;
    }
    return TRUE;
}

static gboolean copy_chunk(Copy *copy, off_t position, gsize size, GError **error)
{
    if (!read_padded(copy->from, copy->ours, size, position) ||
        !read_padded(copy->base, copy->theirs, size, position))
        return pif_error_set_errno(error, errno, "cannot compare the card with the image");
    for (gsize at = 0; at < size; at += GRAIN) {
        gsize count = MIN((gsize)GRAIN, size - at);
        if (memcmp(copy->ours + at, copy->theirs + at, count) != 0 &&
            !write_all(copy->to, copy->ours + at, count, position + (off_t)at))
            return pif_disk_set_write_error(error, errno);
    }
    return TRUE;
}

gboolean pif_differences_copy(const PifCard *from, int base, const PifCard *to, GError **error)
{
    g_auto(Copy) copy = {
        .from = open(pif_card_raw_path(from), O_RDONLY | O_CLOEXEC),
        .base = base,
        .to = open(pif_card_raw_path(to), O_WRONLY | O_CLOEXEC),
        .ours = g_malloc(CHUNK),
        .theirs = g_malloc(CHUNK),
    };
    copy.size = copy.from < 0 ? -1 : lseek(copy.from, 0, SEEK_END);
    if (copy.size < 0 || copy.to < 0)
        return pif_error_set_errno(error, errno, "cannot open the card %s", pif_card_path(from));
    for (off_t position = 0; position < copy.size; position += CHUNK) {
        off_t data =
            MIN(find_data(copy.from, position, copy.size), find_data(base, position, copy.size));
        position = data / CHUNK * CHUNK; /* of which the loop has not been yet */
        gsize size = (gsize)MIN((off_t)CHUNK, copy.size - position);
        if (data < copy.size && !copy_chunk(&copy, position, size, error))
            return FALSE;
    }
    return TRUE;
}
