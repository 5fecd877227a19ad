// SPDX-License-Identifier: MIT
// qemu-img, given the open file rather than a name that could mean something else to it.
#include "images/disk/qcow2-convert.h"

#include "images/disk/disk.h"
#include "pifarm/base/command.h"
#include "pifarm/base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

enum { CHILD_FD = 3 };
#define CHILD_FILE "/dev/fd/3"

/* A stranger's qcow2 must not pull other files of this host into the image. */
static gboolean check_header(const PifQcow2Header *header, guint64 max_size, GError **error)
{
    if (header->backing_offset || header->has_data_file)
        return pif_error_set(error, PIF_ERROR_PROTOCOL,
                             "this qcow2 is only a part: the rest of its data is in another file; "
                             "make it whole with qemu-img convert");
    if (header->is_encrypted)
        return pif_error_set(error, PIF_ERROR_PROTOCOL,
                             "this qcow2 is encrypted; decrypt it with qemu-img convert");
    return pif_disk_check_size(header->virtual_size, max_size, error);
}

static gboolean run_qemu_img(int fd, const char *const *arguments, GError **error)
{
    int child_fd = fcntl(fd, F_DUPFD_CLOEXEC, CHILD_FD);
    if (child_fd < 0)
        return pif_error_set_errno(error, errno, "cannot pass it to qemu-img");
    g_autoptr(PifCommand) command = pif_command_new("qemu-img", NULL);
    pif_command_add_vector(command, arguments);
    pif_command_take_fd(command, child_fd, CHILD_FD);
    pif_command_set_environment(command, "LC_ALL", "C");
    return pif_command_run(command, NULL, error);
}

/* What is missing at the end of a cut off file would be read as zeros. */
static gboolean check_whole(int fd, GError **error)
{
    const char *const arguments[] = {"check", "-q", "-f", "qcow2", CHILD_FILE, NULL};
    g_autoptr(GError) failure = NULL;
    if (run_qemu_img(fd, arguments, &failure))
        return TRUE;
    if (strstr(failure->message, "exit status 3")) /* qemu-img(1): leaked clusters, no errors */
        return TRUE;
    if (strstr(failure->message, "exit status 2"))
        return pif_error_set(error, PIF_ERROR_PROTOCOL,
                             "the qcow2 file is damaged or cut off (qemu-img check finds errors); "
                             "fetch it again");
    g_propagate_error(error, g_steal_pointer(&failure));
    return FALSE;
}

gboolean pif_qcow2_convert(int fd, const PifQcow2Header *header, const char *path, guint64 max_size,
                           GError **error)
{
    const char *const arguments[] = {"convert", "-f", "qcow2", "-O", "raw", CHILD_FILE, path, NULL};
    if (!check_header(header, max_size, error) || !check_whole(fd, error))
        return FALSE;
    GError *failure = NULL;
    if (run_qemu_img(fd, arguments, &failure))
        return TRUE;
    if (!strstr(failure->message, "No space left on device")) {
        g_propagate_error(error, failure);
        return FALSE;
    }
    g_error_free(failure);
    return pif_disk_set_write_error(error, ENOSPC);
}
