// SPDX-License-Identifier: MIT
// Files opened by openat2() beneath the root, and shared while somebody reads them.
#include "hw/netboot/tftp/tftp-root.h"

#include "pifarm/base/error.h"
#include "pifarm/base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>

enum { READ_AHEAD = 4 << 20 };

struct PifTftpRoot {
    PifFd fd;
    GHashTable *files; /* of those in use: PifTftpFile by device and inode */
};

static guint file_hash(gconstpointer key)
{
    const PifTftpFile *file = key;
    return (guint)(file->inode * 2654435761U ^ file->device);
}

static gboolean file_equal(gconstpointer a, gconstpointer b)
{
    const PifTftpFile *left = a;
    const PifTftpFile *right = b;
    return left->inode == right->inode && left->device == right->device &&
           left->size == right->size && left->modified_ns == right->modified_ns;
}

PifTftpRoot *pif_tftp_root_open(const char *path, GError **error)
{
    int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        pif_error_set_errno(error, errno, "cannot serve files from %s", path);
        return NULL;
    }
    PifTftpRoot *root = g_new(PifTftpRoot, 1);
    *root = (PifTftpRoot){fd, g_hash_table_new(file_hash, file_equal)};
    return root;
}

void pif_tftp_root_free(PifTftpRoot *root)
{
    if (!root)
        return;
    g_assert(g_hash_table_size(root->files) == 0);
    g_hash_table_unref(root->files);
    pif_fd_clear(&root->fd);
    g_free(root);
}

static gboolean set_open_error(GError **error, const char *name, int err)
{
    if (err == EXDEV || err == ELOOP)
        return pif_error_set(error, PIF_ERROR_DENIED, "%s leads out of the served folder", name);
    if (err == ENOTDIR || err == ENAMETOOLONG)
        err = ENOENT;
    return pif_error_set_errno(error, err, "%s", name);
}

/* O_NONBLOCK: a FIFO must not hold us up. */
static gboolean open_beneath(const PifTftpRoot *root, const char *name, PifFd *ret_fd,
                             GError **error)
{
    struct open_how how = {.flags = O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC,
                           .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS};
    long fd = syscall(SYS_openat2, root->fd, name, &how, sizeof how);
    if (fd < 0)
        return set_open_error(error, name, errno);
    *ret_fd = (int)fd;
    return TRUE;
}

static gboolean map(PifTftpFile *file, int fd, const char *name, GError **error)
{
    if (file->size == 0)
        return TRUE;
    void *bytes = mmap(NULL, file->size, PROT_READ, MAP_SHARED, fd, 0);
    if (bytes == MAP_FAILED)
        return pif_error_set_errno(error, errno, "cannot map %s", name);
    file->bytes = bytes;
    /* the first bytes are wanted at once; the kernel reads ahead by itself after that */
    posix_fadvise(fd, 0, MIN((off_t)file->size, READ_AHEAD), POSIX_FADV_WILLNEED);
    return TRUE;
}

static gboolean describe(int fd, const char *name, PifTftpFile *ret_file, GError **error)
{
    struct stat status;
    if (fstat(fd, &status) < 0)
        return pif_error_set_errno(error, errno, "%s", name);
    if (!S_ISREG(status.st_mode))
        return pif_error_set(error,
                             S_ISDIR(status.st_mode) ? PIF_ERROR_NOT_FOUND : PIF_ERROR_DENIED,
                             "%s is not a file", name);
    *ret_file = (PifTftpFile){.size = (uint64_t)status.st_size,
                              .device = status.st_dev,
                              .inode = status.st_ino,
                              .modified_ns = status.st_mtim.tv_sec * G_GINT64_CONSTANT(1000000000) +
                                             status.st_mtim.tv_nsec};
    return TRUE;
}

PifTftpFile *pif_tftp_root_get(PifTftpRoot *root, const char *name, GError **error)
{
    g_auto(PifFd) fd = -1;
    PifTftpFile key;
    if (!open_beneath(root, name, &fd, error) || !describe(fd, name, &key, error))
        return NULL;
    PifTftpFile *file = g_hash_table_lookup(root->files, &key);
    if (!file) {
        if (!map(&key, fd, name, error))
            return NULL;
        file = g_memdup2(&key, sizeof key);
        file->root = root;
        g_hash_table_add(root->files, file);
    }
    file->n_users++;
    return file;
}

void pif_tftp_file_release(PifTftpFile *file)
{
    if (!file || --file->n_users > 0)
        return;
    g_hash_table_remove(file->root->files, file);
    if (file->bytes)
        munmap((void *)file->bytes, file->size);
    g_free(file);
}
