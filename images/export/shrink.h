// SPDX-License-Identifier: MIT
// A smaller image of an image: its root file system made as small as it goes.
#pragma once

#include "images/store/store.h"

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
