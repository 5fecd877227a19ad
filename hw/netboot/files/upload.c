// SPDX-License-Identifier: MIT
// Written under another name, then renamed: the folder never shows half a file.
#include "hw/netboot/files/upload.h"

#include "hw/netboot/files/names.h"
#include "pifarm/base/error.h"
#include "pifarm/base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>

struct PifUploads {
    PifFd fd;
    guint64 max_size;
    gboolean may_replace;
};

struct PifUpload {
    PifFd folder;
    PifFd fd;
    char *name;
    char *part; /* its name until it is whole; NULL once it is */
    char *path;
    gboolean may_replace;
};

PifUploads *pif_uploads_open(const char *path, guint64 max_size, gboolean may_replace,
                             GError **error)
{
    int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        pif_error_set_errno(error, errno, "cannot take files into %s", path);
        return NULL;
    }
    PifUploads *uploads = g_new(PifUploads, 1);
    *uploads = (PifUploads){fd, max_size, may_replace};
    return uploads;
}

void pif_uploads_free(PifUploads *uploads)
{
    if (!uploads)
        return;
    pif_fd_clear(&uploads->fd);
    g_free(uploads);
}

guint64 pif_uploads_max_size(const PifUploads *uploads)
{
    return uploads->max_size;
}

static int open_beneath(int folder, const char *name, int flags, mode_t mode)
{
    struct open_how how = {.flags = (unsigned)flags | O_CLOEXEC,
                           .mode = mode,
                           .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS};
    return (int)syscall(SYS_openat2, folder, name, &how, sizeof how);
}

/* The folder of the node, and in that the one that the file goes into. */
static int open_folder(const PifUploads *uploads, const char *own, const char *shared)
{
    g_autofree char *folder = g_path_get_dirname(shared);
    g_auto(PifFd) fd = open_beneath(uploads->fd, own, O_PATH | O_DIRECTORY, 0);
    return fd < 0 ? -1 : open_beneath(fd, folder, O_PATH | O_DIRECTORY, 0);
}

/* The first that there is. */
static int find_folder(const PifUploads *uploads, const PifNodeIdentity *identity,
                       const char *shared, char **ret_path)
{
    PifServedNames names;
    pif_served_names_make(shared, identity, &names);
    for (unsigned i = 0; i < names.count; i++) {
        const char *slash = strchr(names.names[i], '/');
        if (!slash || !g_str_equal(slash + 1, shared)) /* that of all */
            continue;
        g_autofree char *own = g_strndup(names.names[i], (gsize)(slash - names.names[i]));
        int fd = open_folder(uploads, own, shared);
        if (fd >= 0) {
            *ret_path = g_strdup(names.names[i]);
            return fd;
        }
    }
    return -1;
}

static gboolean is_there(const PifUpload *upload)
{
    g_auto(PifFd) fd = open_beneath(upload->folder, upload->name, O_PATH | O_NOFOLLOW, 0);
    return fd >= 0 || errno != ENOENT;
}

static gboolean set_exists(const PifUpload *upload, GError **error)
{
    return pif_error_set(error, PIF_ERROR_EXISTS, "%s is there already", upload->path);
}

static gboolean make_part(PifUpload *upload, GError **error)
{
    upload->part = g_strdup_printf(".%.200s.%08x.part", upload->name, g_random_int());
    upload->fd = open_beneath(upload->folder, upload->part, O_WRONLY | O_CREAT | O_EXCL, 0644);
    if (upload->fd >= 0)
        return TRUE;
    g_clear_pointer(&upload->part, g_free);
    return pif_error_set_errno(error, errno, "cannot write %s", upload->path);
}

PifUpload *pif_upload_start(const PifUploads *uploads, const PifNodeIdentity *identity,
                            const char *name, GError **error)
{
    const char *shared = pif_served_names_shared(name);
    g_autoptr(PifUpload) upload = g_new0(PifUpload, 1);
    upload->fd = -1;
    upload->may_replace = uploads->may_replace;
    upload->name = g_path_get_basename(shared);
    upload->folder = find_folder(uploads, identity, shared, &upload->path);
    if (upload->folder < 0 || *upload->name == '.' || *upload->name == '/') {
        pif_error_set(error, PIF_ERROR_DENIED, "there is no folder for files of this node");
        return NULL;
    }
    if (!upload->may_replace && is_there(upload)) {
        set_exists(upload, error);
        return NULL;
    }
    return make_part(upload, error) ? g_steal_pointer(&upload) : NULL;
}

gboolean pif_upload_write(PifUpload *upload, const void *bytes, gsize size, GError **error)
{
    ssize_t count = write(upload->fd, bytes, size);
    if (count == (ssize_t)size)
        return TRUE;
    return pif_error_set_errno(error, count < 0 ? errno : ENOSPC, "cannot write %s", upload->path);
}

/* Not synced: that would hold up all others. */
gboolean pif_upload_finish(PifUpload *upload, GError **error)
{
    unsigned flags = upload->may_replace ? 0 : RENAME_NOREPLACE;
    if (renameat2(upload->folder, upload->part, upload->folder, upload->name, flags) == 0) {
        g_clear_pointer(&upload->part, g_free);
        return TRUE;
    }
    if (errno == EEXIST)
        return set_exists(upload, error);
    return pif_error_set_errno(error, errno, "cannot write %s", upload->path);
}

void pif_upload_free(PifUpload *upload)
{
    if (!upload)
        return;
    if (upload->part)
        unlinkat(upload->folder, upload->part, 0);
    pif_fd_clear(&upload->folder);
    pif_fd_clear(&upload->fd);
    g_free(upload->name);
    g_free(upload->part);
    g_free(upload->path);
    g_free(upload);
}

const char *pif_upload_path(const PifUpload *upload)
{
    return upload->path;
}
