// SPDX-License-Identifier: MIT
// The user whom QEMU runs as, and what that user can reach.
#pragma once

#include <glib.h>
#include <sys/types.h>

typedef struct {
    char *name;
    uid_t uid;
    gid_t gid;
} PifQemuUser;

/* libvirt's user for QEMU; in a user namespace root, who is a plain user of the host there. The
 * user must exist in both cases, as libvirt's driver looks it up before it reads its settings:
 * NOT_FOUND names the package. */
PifQemuUser *pif_qemu_user_find(GError **error);
/* The same, or nobody: for a QEMU that has no libvirt above it. NULL when there is not even that.
 */
PifQemuUser *pif_qemu_user_find_any(void);
void pif_qemu_user_free(PifQemuUser *user);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PifQemuUser, pif_qemu_user_free)

/* Whether the user can open path with these open(2) flags. DENIED names the folder or file in the
 * way and the command that opens it. */
gboolean pif_qemu_user_check(const PifQemuUser *user, const char *path, int flags, GError **error);

/* Makes the user the owner of a file of ours. */
gboolean pif_qemu_user_give(const PifQemuUser *user, const char *path, GError **error);
