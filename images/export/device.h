// SPDX-License-Identifier: MIT
// A disk of this host that may be overwritten: whole, and used by nobody.
#pragma once

#include "pifarm/base/fd.h"

#include <glib.h>

typedef struct {
    char *path;
    char *sysfs; /* folder */
    char *model; /* as its maker calls it, or what is behind it; NULL: not known */
    guint64 size;
    gboolean is_removable; /* a card or a stick that says so of itself */
    char *table;           /* "dos", "gpt" or NULL */
    GPtrArray *partitions; /* PifPartition* */
    PifFd fd;              /* ours alone (O_EXCL), past the page cache (O_DIRECT) */
} PifDevice;

/* USAGE when path is no disk, or one of its partitions; BUSY, with the user of it, when it is
 * mounted, swapped to, or part of something else; DENIED when it is write-protected. */
gboolean pif_device_open(const char *path, PifDevice *ret_device, GError **error);
void pif_device_clear(PifDevice *device);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(PifDevice, pif_device_clear)

/* "/dev/sdb, SanDisk Ultra, 29.7 GiB, with 2 partitions (bootfs, rootfs)". Free it. */
char *pif_device_describe(const PifDevice *device);
