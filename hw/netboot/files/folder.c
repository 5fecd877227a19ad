// SPDX-License-Identifier: MIT
// A folder whose files are served: names are looked up beneath it by openat2().
#include "hw/netboot/files/source.h"

#include "pifarm/base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>

typedef struct {
    PifServedSource source;
    PifFd fd;
    GHashTable *open_files;
} Folder;

static gboolean set_open_error(GError **error, const char *name, int err)
{
    if (err == EXDEV || err == ELOOP)
        return pif_error_set(error, PIF_ERROR_DENIED, "%s leads out of the served folder", name);
    if (err == ENOTDIR || err == ENAMETOOLONG)
        err = ENOENT;
    return pif_error_set_errno(error, err, "%s", name);
}

/* O_NONBLOCK: a FIFO must not hold us up. */
static gboolean open_beneath(const Folder *folder, const char *name, PifFd *ret_fd, GError **error)
{
    struct open_how how = {.flags = O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC,
                           .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS};
    long fd = syscall(SYS_openat2, folder->fd, name, &how, sizeof how);
    if (fd < 0)
        return set_open_error(error, name, errno);
    *ret_fd = (int)fd;
    return TRUE;
}

static gboolean describe(int fd, const char *name, PifServedFile *ret_file, GError **error)
{
    struct stat status;
    if (fstat(fd, &status) < 0)
        return pif_error_set_errno(error, errno, "%s", name);
    if (!S_ISREG(status.st_mode))
        return pif_error_set(error,
                             S_ISDIR(status.st_mode) ? PIF_ERROR_NOT_FOUND : PIF_ERROR_DENIED,
                             "%s is not a file", name);
    *ret_file =
        (PifServedFile){.size = (uint64_t)status.st_size,
                        .device = status.st_dev,
                        .inode = status.st_ino,
                        .modified_ns = status.st_mtim.tv_sec * G_GINT64_CONSTANT(1000000000) +
                                       status.st_mtim.tv_nsec};
    return TRUE;
}

static PifServedFile *folder_get(PifServedSource *source, const char *name, GError **error)
{
    const Folder *folder = (Folder *)source;
    g_auto(PifFd) fd = -1;
    PifServedFile described;
    if (!open_beneath(folder, name, &fd, error) || !describe(fd, name, &described, error))
        return NULL;
    return pif_served_file_share(folder->open_files, &described, &fd, name, error);
}

static void folder_free(PifServedSource *source)
{
    Folder *folder = (Folder *)source;
    pif_served_files_free(folder->open_files);
    pif_fd_clear(&folder->fd);
    g_free(folder);
}

PifServedSource *pif_served_folder_open(const char *path, GError **error)
{
    int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        pif_error_set_errno(error, errno, "cannot serve files from %s", path);
        return NULL;
    }
    Folder *folder = g_new(Folder, 1);
    *folder = (Folder){{folder_get, folder_free}, fd, pif_served_files_new()};
    return &folder->source;
}
