// SPDX-License-Identifier: MIT
// O_TMPFILE and linkat, with a locked .NAME.partial where there is no such thing.
#include "images/export/output.h"

#include "pifarm/base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

gboolean pif_output_set_error(const char *path, int err, GError **error)
{
    if (err == EFBIG)
        return pif_error_set_errno(error, err,
                                   "%s is too large for that file system (FAT ends at 4 GiB); "
                                   "choose another, or compress it (%s.xz)",
                                   path, path);
    if (err == ENOSPC || err == EDQUOT)
        return pif_error_set_errno(
            error, err, "no room for %s there; make room, or choose another folder", path);
    return pif_error_set_errno(error, err, "cannot write %s", path);
}

static gboolean check_target(const char *path, gboolean may_replace, GError **error)
{
    struct stat status;
    if (stat(path, &status) < 0)
        return TRUE; /* not there, or the open will tell */
    if (S_ISBLK(status.st_mode))
        return pif_error_set(error, PIF_ERROR_USAGE,
                             "%s is a device; to write a card: pifarm image flash", path);
    if (!S_ISREG(status.st_mode))
        return pif_error_set(error, PIF_ERROR_USAGE, "%s is no file; name one", path);
    if (!may_replace)
        return pif_error_set(error, PIF_ERROR_EXISTS, "%s is there already; --force replaces it",
                             path);
    return TRUE;
}

/* Another process that writes the same file holds the lock on it. */
static gboolean open_partial(PifOutput *output, mode_t mode, GError **error)
{
    struct stat ours, named;
    output->fd = open(output->partial, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, mode);
    if (output->fd < 0)
        return pif_error_set_errno(error, errno, "cannot make a file in %s", output->folder);
    if (flock(output->fd, LOCK_EX | LOCK_NB) < 0 || fstat(output->fd, &ours) < 0 ||
        stat(output->partial, &named) < 0 || ours.st_ino != named.st_ino)
        return pif_error_set(error, PIF_ERROR_BUSY, "%s is being written by another process",
                             output->path);
    output->is_named = TRUE;
    return ftruncate(output->fd, 0) == 0 || pif_output_set_error(output->path, errno, error);
}

static gboolean open_unnamed(PifOutput *output, mode_t mode, GError **error)
{
    output->fd = open(output->folder, O_TMPFILE | O_RDWR | O_CLOEXEC, mode);
    if (output->fd >= 0) {
        unlink(output->partial); /* of a process killed while it replaced the file */
        return TRUE;
    }
    if (errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL)
        return open_partial(output, mode, error);
    return pif_error_set_errno(error, errno, "cannot make a file in %s", output->folder);
}

gboolean pif_output_open(const char *path, mode_t mode, gboolean may_replace, PifOutput *ret_output,
                         GError **error)
{
    if (!*path || g_str_has_suffix(path, "/"))
        return pif_error_set(error, PIF_ERROR_USAGE, "'%s' is no name for a file", path);
    g_autofree char *name = g_path_get_basename(path);
    g_autofree char *hidden = g_strdup_printf(".%s.partial", name);
    g_auto(PifOutput) output = {
        .path = g_strdup(path),
        .folder = g_path_get_dirname(path),
        .fd = -1,
        .may_replace = may_replace,
    };
    output.partial = g_build_filename(output.folder, hidden, NULL);
    if (!check_target(path, may_replace, error) || !open_unnamed(&output, mode, error))
        return FALSE;
    *ret_output = output;
    output = (PifOutput){.fd = -1};
    return TRUE;
}

static gboolean give_name(PifOutput *output, const char *name)
{
    g_autofree char *unnamed = g_strdup_printf("/proc/self/fd/%d", output->fd);
    return linkat(AT_FDCWD, unnamed, AT_FDCWD, name, AT_SYMLINK_FOLLOW) == 0;
}

static gboolean rename_partial(PifOutput *output)
{
    unsigned flags = output->may_replace ? 0 : RENAME_NOREPLACE;
    int result = renameat2(AT_FDCWD, output->partial, AT_FDCWD, output->path, flags);
    if (result < 0 && flags && (errno == EINVAL || errno == ENOSYS)) /* not on this file system */
        result = access(output->path, F_OK) == 0 ? (errno = EEXIST, -1)
                                                 : rename(output->partial, output->path);
    if (result == 0)
        output->is_named = FALSE;
    return result == 0;
}

/* There is no call that puts a file without name in the place of another. */
static gboolean place(PifOutput *output)
{
    if (output->is_named)
        return rename_partial(output);
    if (!output->may_replace)
        return give_name(output, output->path);
    if (!give_name(output, output->partial))
        return FALSE;
    output->is_named = TRUE;
    return rename_partial(output);
}

static void sync_folder(const char *path)
{
    g_auto(PifFd) fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0)
        fsync(fd);
}

gboolean pif_output_commit(PifOutput *output, GError **error)
{
    if (fsync(output->fd) < 0)
        return pif_output_set_error(output->path, errno, error);
    if (!place(output))
        return errno == EEXIST ? check_target(output->path, FALSE, error)
                               : pif_output_set_error(output->path, errno, error);
    sync_folder(output->folder);
    return TRUE;
}

void pif_output_clear(PifOutput *output)
{
    if (output->is_named)
        unlink(output->partial);
    pif_fd_clear(&output->fd);
    g_clear_pointer(&output->path, g_free);
    g_clear_pointer(&output->folder, g_free);
    g_clear_pointer(&output->partial, g_free);
}
