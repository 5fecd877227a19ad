// SPDX-License-Identifier: MIT
// Atomic writes, bounded reads, folder trees and file locks.
#include "pifarm/base/file.h"

#include "pifarm/base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

gboolean pif_dir_make(const char *path, mode_t mode, GError **error)
{
    if (g_mkdir_with_parents(path, (int)mode) < 0)
        return pif_error_set_errno(error, errno, "cannot make the folder %s", path);
    return TRUE;
}

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *walk)
{
    (void)status, (void)type, (void)walk;
    return remove(path);
}

gboolean pif_dir_remove(const char *path, GError **error)
{
    enum { OPEN_FOLDERS = 16 };
    if (nftw(path, remove_entry, OPEN_FOLDERS, FTW_DEPTH | FTW_PHYS) < 0 && errno != ENOENT)
        return pif_error_set_errno(error, errno, "cannot remove %s", path);
    return TRUE;
}

static gboolean write_all(int fd, const char *data, size_t size)
{
    while (size > 0) {
        ssize_t written = write(fd, data, size);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return FALSE;
        data += written;
        size -= (size_t)written;
    }
    return TRUE;
}

gboolean pif_file_write(const char *path, const void *data, gssize size, mode_t mode,
                        GError **error)
{
    g_autofree char *temporary = g_strdup_printf("%s.XXXXXX", path);
    g_auto(PifFd) fd = g_mkstemp_full(temporary, O_WRONLY | O_CLOEXEC, (int)mode);
    if (fd < 0)
        return pif_error_set_errno(error, errno, "cannot write %s", path);
    size_t length = size < 0 ? strlen(data) : (size_t)size;
    if (!write_all(fd, data, length) || fchmod(fd, mode) < 0 || fsync(fd) < 0 ||
        rename(temporary, path) < 0) {
        int err = errno;
        unlink(temporary);
        return pif_error_set_errno(error, err, "cannot write %s", path);
    }
    return TRUE;
}

gboolean pif_file_read(const char *path, gsize max_size, char **ret_data, gsize *ret_size,
                       GError **error)
{
    struct stat status;
    g_auto(PifFd) fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &status) < 0)
        return pif_error_set_errno(error, errno, "cannot read %s", path);
    if (S_ISDIR(status.st_mode))
        return pif_error_set_errno(error, EISDIR, "cannot read %s", path);
    g_autofree char *data = g_malloc(max_size + 2);
    size_t used = 0;
    for (ssize_t got; used <= max_size; used += (size_t)got) {
        got = read(fd, data + used, max_size + 1 - used);
        if (got < 0)
            return pif_error_set_errno(error, errno, "cannot read %s", path);
        if (got == 0)
            break;
    }
    if (used > max_size)
        return pif_error_set(error, PIF_ERROR_CONFIG, "%s is larger than %zu bytes", path,
                             (size_t)max_size);
    data[used] = '\0';
    if (ret_size)
        *ret_size = used;
    *ret_data = g_realloc(g_steal_pointer(&data), used + 1);
    return TRUE;
}

gboolean pif_file_lock(const char *path, gboolean is_exclusive, gboolean wait, const char *what,
                       PifFd *ret_fd, GError **error)
{
    g_auto(PifFd) fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (fd < 0)
        return pif_error_set_errno(error, errno, "cannot open the lock file %s", path);
    int operation = (is_exclusive ? LOCK_EX : LOCK_SH) | (wait ? 0 : LOCK_NB);
    while (flock(fd, operation) < 0) {
        if (errno == EWOULDBLOCK)
            return pif_error_set(error, PIF_ERROR_BUSY, "%s is in use by another process", what);
        if (errno != EINTR)
            return pif_error_set_errno(error, errno, "cannot lock %s", path);
    }
    *ret_fd = pif_fd_steal(&fd);
    return TRUE;
}
