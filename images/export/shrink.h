// SPDX-License-Identifier: MIT
// A smaller copy of a disk: its root file system made as small as it goes.
#pragma once

#include "images/store/store.h"

/* What the root keeps free beyond its minimum, where nobody says. */
#define PIF_SHRINK_MARGIN ((guint64)32 << 20)

typedef struct {
    const char *name;      /* NULL: the image's with 8 digits of the recipe */
    guint64 margin;        /* bytes that the root keeps free beyond its minimum */
    PifProgress *progress; /* may be NULL */
} PifShrinkOptions;

/* The source stays. The same image and margin give the same image, made once; what cannot become
 * smaller is returned itself. CONFIG when its last partition is no ext4 root, or one with errors
 * that e2fsck does not mend by itself. EXISTS when another image has the name. */
gboolean pif_image_shrink(PifStore *store, const PifImage *base, const PifShrinkOptions *options,
                          PifImage **ret_image, GError **error);

/* The same of any disk, a raw image or a clone, which stays: *ret_copy is a raw file, temporary in
 * the store, for the caller to remove and free; NULL when it would not be smaller. BUSY when QEMU
 * has the clone open. */
gboolean pif_disk_shrink(PifStore *store, const char *disk, guint64 margin, PifProgress *progress,
                         char **ret_copy, GError **error);
