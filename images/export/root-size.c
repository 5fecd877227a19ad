// SPDX-License-Identifier: MIT
// e2fsck, and resize2fs until it finds nothing more to gain.
#include "images/export/root-size.h"

#include "images/disk/disk.h"
#include "pifarm/base/command.h"
#include "pifarm/base/error.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    MAX_ROUNDS = 5, /* its estimate of the minimum gets better as blocks move together */
    GRAIN = 1024 * 1024,
    TIMEOUT_MS = 60 * 60 * 1000, /* a card's worth of moved blocks, on a slow disk */
};

/* Both tell on standard output what their error message only hints at. */
static PifCommand *new_command(const char *script, const char *path)
{
    PifCommand *command = pif_command_new("sh", "-c", script, "sh", path, NULL);
    pif_command_set_timeout_ms(command, TIMEOUT_MS);
    pif_command_set_environment(command, "LC_ALL", "C");
    return command;
}

/* e2fsck(8): 1 and 2 are that errors were mended. */
static gboolean check(const char *path, GError **error)
{
    static const char script[] = "e2fsck -fp -E discard \"$1\" >&2 || [ $? -lt 4 ]";
    g_autoptr(PifCommand) command = new_command(script, path);
    g_autoptr(GError) failure = NULL;
    if (pif_command_run(command, NULL, &failure))
        return TRUE;
    return pif_error_set(error, PIF_ERROR_CONFIG,
                         "its last partition has no ext4 root, or one with errors that e2fsck does "
                         "not mend by itself: %s",
                         failure->message);
}

/* size: of resize2fs(8), "-M" for as small as it goes; NULL: that of the file. Inode tables are
 * zeroed by the node, when it has time. */
static gboolean resize(const char *path, const char *size, GError **error)
{
    static const char script[] = "resize2fs \"$@\" >&2";
    g_autoptr(PifCommand) command = new_command(script, path);
    pif_command_set_environment(command, "RESIZE2FS_FORCE_LAZY_ITABLE_INIT", "1");
    if (size)
        pif_command_add(command, size);
    GError *failure = NULL;
    if (pif_command_run(command, NULL, &failure))
        return TRUE;
    if (strstr(failure->message, g_strerror(ENOSPC))) {
        g_error_free(failure);
        return pif_disk_set_write_error(error, ENOSPC);
    }
    return pif_error_take(error, failure, "resize2fs");
}

static gboolean get_size(const char *path, guint64 *ret_size, GError **error)
{
    struct stat status;
    if (stat(path, &status) < 0)
        return pif_error_set_errno(error, errno, "cannot find %s", path);
    *ret_size = (guint64)status.st_size;
    return TRUE;
}

/* resize2fs cuts the file to the file system. */
static gboolean minimize(const char *path, guint64 *ret_size, GError **error)
{
    guint64 before;
    if (!get_size(path, ret_size, error))
        return FALSE;
    for (int round = 0; round < MAX_ROUNDS; round++) {
        before = *ret_size;
        if (!resize(path, "-M", error) || !get_size(path, ret_size, error))
            return FALSE;
        if (*ret_size >= before)
            return TRUE;
    }
    return TRUE;
}

gboolean pif_root_shrink(const char *path, guint64 margin, guint64 *ret_size, GError **error)
{
    guint64 whole, minimum;
    if (!get_size(path, &whole, error) || !check(path, error) || !minimize(path, &minimum, error))
        return FALSE;
    guint64 wanted = MIN((minimum + margin + GRAIN - 1) / GRAIN * GRAIN, whole);
    g_autofree char *kilobytes = g_strdup_printf("%" G_GUINT64_FORMAT "K", wanted / 1024);
    if (truncate(path, (off_t)wanted) < 0)
        return pif_disk_set_write_error(error, errno);
    if (!resize(path, kilobytes, error) || !check(path, error) || truncate(path, (off_t)wanted) < 0)
        return FALSE;
    *ret_size = wanted;
    return TRUE;
}

gboolean pif_root_grow(const char *path, GError **error)
{
    return check(path, error) && resize(path, NULL, error);
}
