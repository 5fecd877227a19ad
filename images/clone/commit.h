// SPDX-License-Identifier: MIT
// From a stopped node's card to a new image.
#pragma once

#include "images/store/store.h"

typedef struct {
    const char *name;       /* of the new image */
    const char *origin;     /* what it was made from, for people */
    gboolean keep_identity; /* else machine-id, host keys and such are taken out */
    PifProgress *progress;  /* may be NULL */
} PifCommitOptions;

/* The clone and its base stay as they are. The file systems of the new image are clean, though the
 * node's power may have been cut. EXISTS when another image has the name, BUSY when the clone is in
 * use. */
gboolean pif_clone_commit(PifStore *store, const char *clone, const PifCommitOptions *options,
                          PifImage **ret_image, GError **error);
