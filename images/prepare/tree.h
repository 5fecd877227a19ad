// SPDX-License-Identifier: MIT
// A folder on this host that is to be copied into images: what is in it, checked and hashed.
#pragma once

#include "images/prepare/permissions.h"

#include <sys/stat.h>

typedef struct {
    char *path;  /* in the folder: "etc/motd" */
    mode_t type; /* S_IFREG, S_IFDIR, S_IFLNK */
    guint mode;  /* 0644 or 0755 by the executable bit alone, so that a umask changes nothing; or as
                    the rule has it */
    guint64 size;
    char *target;              /* of a link */
    const PifPermission *rule; /* of FOLDER.permissions, or NULL */
} PifTreeEntry;

typedef struct {
    char *path;
    int fd;
    GPtrArray *entries; /* PifTreeEntry *, folders before what is in them */
    GHashTable *rules;  /* of pif_permissions_parse */
    char *sha256; /* of names, modes, owners and contents; not of times or the folder's path */
} PifTree;

/* Never follows a link. USAGE, with the file, when there is a device, socket or FIFO, a link that
 * climbs out of the folder, a name that no line can show, or too much. CONFIG: FOLDER.permissions
 * is wrong, or names what is not there. */
PifTree *pif_tree_open(const char *path, GError **error);
void pif_tree_free(PifTree *tree);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PifTree, pif_tree_free)

/* Opens a file of it for reading; -1 and the error when that is not possible (any more). */
int pif_tree_open_file(const PifTree *tree, const char *path, GError **error);
