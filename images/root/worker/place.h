// SPDX-License-Identifier: MIT
// The image's file systems, mounted where only we and our children see them.
#pragma once

#include "images/card/card-layout.h"
#include "images/root/root-job.h"
#include "pifarm/base/fd.h"

#include <sys/stat.h>

typedef struct {
    const PifRootJob *job;
    PifCardLayout layout;
    char *root;         /* where the root file system is mounted */
    PifFd root_fd;      /* it */
    char *boot_point;   /* where in it the boot partition is, "/boot/firmware"; NULL: nowhere */
    char *boot;         /* the folder with a copy of that */
    GHashTable *before; /* what was in it, see boot-folder.h */
} PifPlace;

/* In a mount namespace of our own already. CONFIG when the card has no root to be mounted. */
gboolean pif_place_mount(PifPlace *place, GError **error);
/* Writes everything to the disk; when nothing runs in it any more. */
gboolean pif_place_unmount(PifPlace *place, GError **error);
void pif_place_clear(PifPlace *place);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(PifPlace, pif_place_clear)

/* A file or folder of the image, however symbolic links in it look. -1 with errno. */
int pif_place_open(const PifPlace *place, const char *path, int flags, mode_t mode);

/* A loop device that is gone with the last that uses it. The path is "/dev/loop0". */
gboolean pif_loop_attach(const char *disk, guint64 offset, guint64 size, char **ret_path,
                         PifFd *ret_fd, GError **error);
