// SPDX-License-Identifier: MIT
// The files in which two cards differ.
#pragma once

#include "images/card/card.h"
#include "images/card/ranges.h"

typedef enum {
    PIF_CHANGE_ADDED = 1 << 0,
    PIF_CHANGE_REMOVED = 1 << 1,
    PIF_CHANGE_TYPE = 1 << 2, /* a file where a folder was, and such */
    PIF_CHANGE_CONTENT = 1 << 3,
    PIF_CHANGE_MODE = 1 << 4,
    PIF_CHANGE_OWNER = 1 << 5,
    PIF_CHANGE_TARGET = 1 << 6, /* of a symbolic link */
    PIF_CHANGE_DEVICE = 1 << 7,
} PifChangeKinds;

typedef struct {
    gboolean is_boot; /* on the boot partition, else on the root */
    char *path;       /* "/etc/hostname"; any bytes but NUL */
    PifChangeKinds kinds;
    guint64 old_size; /* bytes, of a regular file */
    guint64 new_size;
} PifFileChange;

/* "content,owner". Free it. */
char *pif_change_format(PifChangeKinds kinds);

/* Array of PifFileChange*, by partition and path: what has to be done to before to make it after.
 * Times and extended attributes are not looked at. written: the ranges of the disk in which the two
 * may differ (normalized), so that a file outside of them with the same inode need not be read;
 * NULL: anywhere. CONFIG when a file system is damaged;
 * the message does not name the card. */
GPtrArray *pif_card_diff(const PifCard *before, const PifCard *after, const GArray *written,
                         GError **error);
