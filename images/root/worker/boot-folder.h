// SPDX-License-Identifier: MIT
// The boot partition as a folder in memory: copied out by mtools, and what changed copied back.
#pragma once

#include "images/root/worker/place.h"

/* Many a host's kernel has no vfat. Finds where the image mounts its boot partition and puts the
 * copy there. */
gboolean pif_boot_folder_open(PifPlace *place, GError **error);
/* Does nothing when nothing has changed. CONFIG when there is what FAT cannot hold. */
gboolean pif_boot_folder_write_back(PifPlace *place, GError **error);

/* What tells whether a file has changed. */
typedef struct {
    mode_t mode;
    off_t size;
    ino_t inode;
    struct timespec changed;
} PifBootEntry;

/* The paths in the folder, "/overlays/README", -> PifBootEntry. */
GHashTable *pif_boot_folder_list(const char *folder, GError **error);

typedef struct {
    GPtrArray *removed; /* char *: paths, what is in a folder before the folder */
    GPtrArray *folders; /* made, each before what is in it */
    GPtrArray *files;   /* written */
} PifBootChanges;

void pif_boot_changes_clear(PifBootChanges *changes);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(PifBootChanges, pif_boot_changes_clear)

/* Pure. CONFIG names the first that a FAT cannot hold. */
gboolean pif_boot_changes_find(GHashTable *before, GHashTable *after, PifBootChanges *ret_changes,
                               GError **error);
