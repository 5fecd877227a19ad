// SPDX-License-Identifier: MIT
// Overlays by copying: qemu-img takes a dozen milliseconds to write what is always the same.
#include "images/store/clone.h"

#include "images/disk/qcow2.h"
#include "images/disk/sha256.h"
#include "images/store/backing.h"
#include "images/store/store-private.h"
#include "pifarm/base/command.h"
#include "pifarm/base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/sendfile.h>
#include <unistd.h>

enum {
    CLONE_MODE = 0600, /* host keys and password hashes go into it */
    QEMU_IMG_TIMEOUT_MS = 60 * 1000,
};

guint64 pif_clone_round_size(guint64 size)
{
    guint64 rounded = 1;
    while (rounded < size && rounded << 1)
        rounded <<= 1;
    return rounded;
}

static gboolean run_qemu_img(const PifImage *image, const char *path, guint64 size, GError **error)
{
    g_autoptr(PifCommand) command = pif_command_new("qemu-img", "create", "-q", "-f", "qcow2", "-F",
                                                    "raw", "-b", image->path, path, NULL);
    pif_command_add_format(command, "%" G_GUINT64_FORMAT, size);
    pif_command_set_timeout_ms(command, QEMU_IMG_TIMEOUT_MS);
    return pif_command_run(command, NULL, error);
}

/* Synced: a clone that outlives a power cut must not have a copy of nothing in it. */
static gboolean make_pristine(const PifImage *image, const char *temporary, const char *path,
                              guint64 size, GError **error)
{
    if (!run_qemu_img(image, temporary, size, error))
        return FALSE;
    g_auto(PifFd) fd = open(temporary, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fsync(fd) < 0 || rename(temporary, path) < 0)
        return pif_error_set_errno(error, errno, "cannot keep the overlay %s", path);
    return TRUE;
}

/* The overlay to copy, made when it is the first of its image and size. */
static gboolean open_pristine(PifStore *store, const PifImage *image, guint64 size, PifFd *ret_fd,
                              GError **error)
{
    g_autofree char *suffix = g_strdup_printf(".%" G_GUINT64_FORMAT ".qcow2", size);
    g_autofree char *path = pif_store_path(store, image->sha256, suffix);
    *ret_fd = open(path, O_RDONLY | O_CLOEXEC);
    if (*ret_fd >= 0)
        return TRUE;
    g_autofree char *temporary = pif_store_new_temporary(store, error);
    if (!temporary)
        return FALSE;
    gboolean is_made = make_pristine(image, temporary, path, size, error);
    unlink(temporary);
    if (is_made)
        *ret_fd = open(path, O_RDONLY | O_CLOEXEC);
    return is_made &&
           (*ret_fd >= 0 || pif_error_set_errno(error, errno, "cannot open the overlay %s", path));
}

static gboolean copy_all(int from, int to)
{
    enum { AT_ONCE = 1024 * 1024 };
    ssize_t sent;
    while ((sent = sendfile(to, from, NULL, AT_ONCE)) > 0)
        ;
    return sent == 0;
}

/* Without a name until it is whole; the name is given only if it is free. */
static gboolean write_clone(int pristine, const char *path, GError **error)
{
    g_autofree char *folder = g_path_get_dirname(path);
    g_auto(PifFd) fd = open(folder, O_TMPFILE | O_WRONLY | O_CLOEXEC, CLONE_MODE);
    if (fd < 0)
        return pif_error_set_errno(error, errno, "cannot make a clone in %s", folder);
    if (!copy_all(pristine, fd) || fsync(fd) < 0)
        return pif_error_set_errno(error, errno, "cannot write the clone %s", path);
    g_autofree char *unnamed = g_strdup_printf("/proc/self/fd/%d", fd);
    if (linkat(AT_FDCWD, unnamed, AT_FDCWD, path, AT_SYMLINK_FOLLOW) < 0)
        return pif_error_set_errno(error, errno, "cannot make the clone %s", path);
    return TRUE;
}

static gboolean create(PifStore *store, const PifImage *image, const char *path, guint64 size,
                       GError **error)
{
    g_auto(PifFd) pristine = -1;
    if (access(path, F_OK) == 0)
        return pif_error_set_errno(error, EEXIST, "cannot make the clone %s", path);
    if (!pif_store_register(store, image->sha256, path, error))
        return FALSE;
    if (open_pristine(store, image, size, &pristine, error) && write_clone(pristine, path, error))
        return TRUE;
    pif_store_remove_user(store, image->sha256, path, NULL);
    return FALSE;
}

gboolean pif_clone_create(PifStore *store, const PifImage *image, const char *path, guint64 size,
                          GError **error)
{
    g_auto(PifFd) lock = -1;
    return pif_store_lock(store, TRUE, &lock, error) &&
           create(store, image, path, pif_clone_round_size(MAX(size, image->size)), error);
}

/* QEMU locks single bytes of what it has open (docs/system/qemu-block-drivers.rst.inc, "Disk image
 * file locking"). */
static gboolean check_unused(const char *path, GError **error)
{
    g_auto(PifFd) fd = open(path, O_RDWR | O_CLOEXEC);
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    if (fd < 0 || fcntl(fd, F_OFD_GETLK, &lock) < 0)
        return pif_error_set_errno(error, errno, "cannot open the clone %s", path);
    if (lock.l_type == F_UNLCK)
        return TRUE;
    return pif_error_set(error, PIF_ERROR_BUSY,
                         "the clone %s is in use by another program (QEMU?): stop its node first",
                         path);
}

gboolean pif_clone_remove(PifStore *store, const char *path, GError **error)
{
    g_autofree char *base = NULL;
    if (access(path, F_OK) < 0)
        return errno == ENOENT || pif_error_set_errno(error, errno, "cannot find %s", path);
    if (!check_unused(path, error))
        return FALSE;
    gboolean has_base = pif_clone_base(path, &base, NULL);
    if (unlink(path) < 0)
        return pif_error_set_errno(error, errno, "cannot remove the clone %s", path);
    return !has_base || pif_store_remove_user(store, base, path, error);
}
