// SPDX-License-Identifier: MIT
// qemu-img, its errors made ours.
#include "images/clone/qemu-img.h"

#include "images/disk/disk.h"
#include "pifarm/base/command.h"
#include "pifarm/base/error.h"

#include <errno.h>
#include <string.h>

static gboolean run(const char *const *arguments, const char *path, GError **error)
{
    GError *failure = NULL;
    g_autoptr(PifCommand) command = pif_command_new("qemu-img", NULL);
    pif_command_add_vector(command, arguments);
    pif_command_set_environment(command, "LC_ALL", "C");
    if (pif_command_run(command, NULL, &failure))
        return TRUE;
    if (strstr(failure->message, "No space left on device"))
        pif_disk_set_write_error(error, ENOSPC);
    else if (strstr(failure->message, "\" lock"))
        pif_error_set(error, PIF_ERROR_BUSY, "%s is in use: power its node off first", path);
    else
        return pif_error_take(error, failure, "%s", path);
    g_error_free(failure);
    return FALSE;
}

gboolean pif_qemu_img_create(const char *backing, const char *format, const char *path,
                             GError **error)
{
    return run((const char *const[]){"create", "-q", "-f", "qcow2", "-F", format, "-b", backing,
                                     path, NULL},
               backing, error);
}

gboolean pif_qemu_img_convert(const char *from, const char *format, const char *to, GError **error)
{
    return run((const char *const[]){"convert", "-f", "qcow2", "-O", format, from, to, NULL}, from,
               error);
}

gboolean pif_qemu_img_check(const char *path, GError **error)
{
    return run((const char *const[]){"check", "-q", "-f", "qcow2", path, NULL}, path, error);
}
