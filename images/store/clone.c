// SPDX-License-Identifier: MIT
// Overlays by copying: qemu-img takes a dozen milliseconds to write what is always the same.
#include "images/store/clone.h"

#include "images/disk/qcow2.h"
#include "images/store/backing.h"
#include "images/store/clone-note.h"
#include "images/store/store-private.h"
#include "pifarm/base/command.h"
#include "pifarm/base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
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

void pif_clone_info_clear(PifCloneInfo *info)
{
    g_clear_pointer(&info->base, g_free);
}

/* QEMU locks single bytes of what it has open (docs/system/qemu-block-drivers.rst.inc, "Disk image
 * file locking"). */
static gboolean is_locked(int fd, gboolean *ret_is_locked)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    if (fcntl(fd, F_OFD_GETLK, &lock) < 0)
        return FALSE;
    *ret_is_locked = lock.l_type != F_UNLCK;
    return TRUE;
}

gboolean pif_clone_read_info(const char *path, PifCloneInfo *ret_info, GError **error)
{
    struct stat status;
    PifQcow2Header header;
    g_auto(PifCloneInfo) info = {0};
    if (!pif_clone_base(path, &info.base, error))
        return FALSE;
    g_auto(PifFd) fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &status) < 0 || !is_locked(fd, &info.is_in_use) ||
        !pif_qcow2_read_header(fd, &header))
        return pif_error_set_errno(error, errno, "cannot read the clone %s", path);
    info.size = header.virtual_size;
    info.allocated = (guint64)status.st_blocks * 512; /* stat(2): units of 512 bytes */
    *ret_info = info;
    info.base = NULL;
    return TRUE;
}

gboolean pif_clone_check_base(PifStore *store, const char *path, GError **error)
{
    g_autofree char *base = NULL;
    GError *failure = NULL;
    if (!pif_clone_base(path, &base, NULL) || !base || pif_store_check(store, base, &failure))
        return TRUE;
    if (!g_error_matches(failure, PIF_ERROR, PIF_ERROR_NOT_FOUND)) {
        g_propagate_error(error, failure);
        return FALSE;
    }
    g_error_free(failure);
    return TRUE;
}

gboolean pif_clone_check_unused(const char *path, GError **error)
{
    gboolean is_in_use = FALSE;
    g_auto(PifFd) fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || !is_locked(fd, &is_in_use))
        return pif_error_set_errno(error, errno, "cannot open the clone %s", path);
    return !is_in_use ||
           pif_error_set(error, PIF_ERROR_BUSY,
                         "the clone %s is in use by another program (QEMU?): stop its node first",
                         path);
}

static gboolean sync_parent(const char *path, GError **error)
{
    g_autofree char *folder = g_path_get_dirname(path);
    g_auto(PifFd) fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || fsync(fd) < 0)
        return pif_error_set_errno(error, errno, "cannot sync the folder %s", folder);
    return TRUE;
}

/* Under the lock, so that nobody takes the user whose file is not there yet off the register. */
gboolean pif_clone_replace(PifStore *store, const char *from, const char *path, GError **error)
{
    g_auto(PifFd) lock = -1;
    g_autofree char *base = NULL;
    g_autofree char *old_base = NULL;
    if (!pif_clone_base(from, &base, error) || !pif_store_lock(store, TRUE, &lock, error))
        return FALSE;
    gboolean had_base = pif_clone_base(path, &old_base, NULL) && old_base;
    if (base && !pif_store_register(store, base, path, error))
        return FALSE;
    if (rename(from, path) < 0)
        return pif_error_set_errno(error, errno, "cannot rename %s", from);
    if (!sync_parent(path, error) || (base && !pif_store_remove_user(store, base, from, error)))
        return FALSE;
    return !had_base || g_strcmp0(base, old_base) == 0 ||
           pif_store_remove_user(store, old_base, path, error);
}

gboolean pif_clone_remove(PifStore *store, const char *path, GError **error)
{
    g_autofree char *base = NULL;
    if (access(path, F_OK) < 0)
        return errno == ENOENT || pif_error_set_errno(error, errno, "cannot find %s", path);
    if (!pif_clone_check_unused(path, error))
        return FALSE;
    gboolean has_base = pif_clone_base(path, &base, NULL) && base;
    if (unlink(path) < 0)
        return pif_error_set_errno(error, errno, "cannot remove the clone %s", path);
    pif_clone_remove_note(path);
    return !has_base || pif_store_remove_user(store, base, path, error);
}
