// SPDX-License-Identifier: MIT
// Who works on a node's card: one at a time, the daemon that starts the node or a command.
#pragma once

#include "pifarm/base/fd.h"

/* path NULL: not held. */
typedef struct {
    char *path; /* of the lock file, beside the clone */
    PifFd fd;
} PifCloneLock;

/* Does not wait. BUSY names who holds it; who: "pifarm clone commit", what such a message calls us.
 * The lock ends with our process however that ends. The clone need not be there, its folder must.
 * QEMU knows nothing of it: see pif_clone_check_unused. */
gboolean pif_clone_lock(const char *clone, const char *who, PifCloneLock *ret_lock, GError **error);
void pif_clone_unlock(PifCloneLock *lock);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(PifCloneLock, pif_clone_unlock)
