// SPDX-License-Identifier: MIT
// FOLDER.permissions: whose the files of a copied tree are, and with which mode. Pure.
#pragma once

#include <glib.h>

typedef struct {
    char *path;  /* in the tree, without / at its ends: "etc/motd" */
    char *owner; /* names, or numbers */
    char *group;
    guint mode; /* 0 to 07777 */
} PifPermission;

/* Lines `PATH OWNER:GROUP MODE`, as "etc/shadow root:shadow 0640"; a / before the path changes
 * nothing, spaces may be in it; empty lines and lines that begin with # do not count. Table of path
 * -> PifPermission. CONFIG with FILE:LINE and the reason. */
GHashTable *pif_permissions_parse(const char *file_name, const char *text, GError **error);
