// SPDX-License-Identifier: MIT
// A folder as the firmware's source of files.
#include "hw/firmware/boot-source.h"
#include "pifarm/base/error.h"
#include "pifarm/base/fd.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

typedef struct {
    PifFd fd;
    char *path;
} Folder;

/* Symbolic links may lead about in the folder, never out of it. */
static int open_beneath(const Folder *folder, const char *path, int flags)
{
    struct open_how how = {.flags = (guint64)(flags | O_CLOEXEC),
                           .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS};
    return (int)syscall(SYS_openat2, folder->fd, path, &how, sizeof how);
}

static gboolean is_file(const Folder *folder, const char *path)
{
    struct stat status;
    g_auto(PifFd) fd = open_beneath(folder, path, O_PATH);
    return fd >= 0 && fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
}

/* The entry of the folder called name but for upper and lower case. */
static char *find_entry(const Folder *folder, const char *in, const char *name)
{
    int fd = open_beneath(folder, *in ? in : ".", O_RDONLY | O_DIRECTORY);
    DIR *entries = fd < 0 ? NULL : fdopendir(fd);
    char *found = NULL;
    if (!entries)
        return NULL;
    for (struct dirent *entry; !found && (entry = readdir(entries));)
        if (g_ascii_strcasecmp(entry->d_name, name) == 0)
            found = *in ? g_build_filename(in, entry->d_name, NULL) : g_strdup(entry->d_name);
    closedir(entries);
    return found;
}

static char *find(gpointer data, const char *path, GError **error)
{
    (void)error;
    const Folder *folder = data;
    if (is_file(folder, path))
        return g_strdup(path);
    g_auto(GStrv) names = g_strsplit(path, "/", -1);
    g_autofree char *found = g_strdup("");
    for (char **name = names; *name && found; name++) {
        if (!**name)
            continue;
        char *deeper = find_entry(folder, found, *name);
        g_free(found);
        found = deeper;
    }
    return found && is_file(folder, found) ? g_steal_pointer(&found) : NULL;
}

static GBytes *read_all(int fd, gsize size, GError **error)
{
    g_autofree guint8 *bytes = g_malloc(MAX(size, 1));
    for (gsize done = 0; done < size;) {
        ssize_t count = read(fd, bytes + done, size - done);
        if (count < 0) {
            pif_error_set_errno(error, errno, "cannot read it");
            return NULL;
        }
        if (count == 0)
            size = done; /* it has become shorter */
        done += (gsize)count;
    }
    return g_bytes_new_take(g_steal_pointer(&bytes), size);
}

static GBytes *read_file(gpointer data, const char *path, gsize max_size, GError **error)
{
    const Folder *folder = data;
    struct stat status;
    GError *failure = NULL;
    g_auto(PifFd) fd = open_beneath(folder, path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
    if (fd < 0 || fstat(fd, &status) < 0) {
        pif_error_set_errno(error, errno, "cannot read %s/%s", folder->path, path);
        return NULL;
    }
    if ((guint64)status.st_size > max_size) {
        pif_error_set(error, PIF_ERROR_CONFIG,
                      "%s/%s has %" G_GINT64_FORMAT " bytes; at most %" G_GSIZE_FORMAT
                      " are read of such a file",
                      folder->path, path, (gint64)status.st_size, max_size);
        return NULL;
    }
    GBytes *bytes = read_all(fd, (gsize)status.st_size, &failure);
    if (!bytes)
        pif_error_take(error, failure, "%s/%s", folder->path, path);
    return bytes;
}

static void free_folder(gpointer data)
{
    Folder *folder = data;
    pif_fd_clear(&folder->fd);
    g_free(folder->path);
    g_free(folder);
}

static const PifBootSourceKind folder_kind = {
    .find = find,
    .read = read_file,
    .free = free_folder,
};

PifBootSource *pif_boot_source_open_folder(const char *path, GError **error)
{
    int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        pif_error_set_errno(error, errno, "cannot read the folder %s", path);
        return NULL;
    }
    Folder *folder = g_new(Folder, 1);
    *folder = (Folder){fd, g_strdup(path)};
    g_autofree char *place = g_strdup_printf("in %s", path);
    return pif_boot_source_new(&folder_kind, folder, place);
}
