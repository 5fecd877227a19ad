// SPDX-License-Identifier: MIT
// Loop devices.
#include "images/root/worker/place.h"
#include "pifarm/base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <sys/ioctl.h>

enum { ATTEMPTS = 32 /* others take loop devices too, between our asking for one and taking it */ };

static gboolean configure(int device, int file, guint64 offset, guint64 size)
{
    struct loop_config config = {
        .fd = (__u32)file,
        .info = {.lo_offset = offset, .lo_sizelimit = size, .lo_flags = LO_FLAGS_AUTOCLEAR},
    };
    return ioctl(device, LOOP_CONFIGURE, &config) == 0;
}

gboolean pif_loop_attach(const char *disk, guint64 offset, guint64 size, char **ret_path,
                         PifFd *ret_fd, GError **error)
{
    g_auto(PifFd) control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
    g_auto(PifFd) file = open(disk, O_RDWR | O_CLOEXEC);
    if (control < 0)
        return pif_error_set_errno(error, errno,
                                   "cannot open /dev/loop-control (try: modprobe loop)");
    if (file < 0)
        return pif_error_set_errno(error, errno, "cannot open %s", disk);
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
        int number = ioctl(control, LOOP_CTL_GET_FREE);
        g_autofree char *path = g_strdup_printf("/dev/loop%d", number);
        g_auto(PifFd) device = number < 0 ? -1 : open(path, O_RDWR | O_CLOEXEC);
        if (device < 0)
            return pif_error_set_errno(error, errno, "no loop device to mount an image with");
        if (configure(device, file, offset, size)) {
            *ret_path = g_steal_pointer(&path);
            *ret_fd = pif_fd_steal(&device);
            return TRUE;
        }
        if (errno != EBUSY)
            return pif_error_set_errno(error, errno, "cannot make %s of %s", path, disk);
    }
    return pif_error_set(error, PIF_ERROR_BUSY, "no loop device is free; try again");
}
