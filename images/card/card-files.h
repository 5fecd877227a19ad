// SPDX-License-Identifier: MIT
// All files of a card's ext4 root, by path, read without a mount.
#pragma once

#include "images/card/card.h"
#include "images/card/ranges.h"

typedef struct PifCardFiles PifCardFiles;

typedef struct {
    guint mode; /* with the type: S_IFREG | 0644 */
    guint uid;
    guint gid;
    guint64 size;      /* of a regular file, bytes; else 0 */
    guint32 device[2]; /* of a device: as its inode has them */
    guint32 number;    /* of the inode */
    GBytes *inode;     /* all that is written in it but when it was last read */
} PifCardFile;

/* CONFIG when the card has no ext4 root, or a damaged one; the message does not name the card. A
 * file system that was not shut down cleanly is read as it is there: pif_card_mend before. The card
 * must live longer. */
gboolean pif_card_files_open(const PifCard *card, PifCardFiles **ret_files, GError **error);
void pif_card_files_free(PifCardFiles *files);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PifCardFiles, pif_card_files_free)

/* Table of path ("/etc/hostname"; a name is what the card says it is: expect anything but '/') ->
 * PifCardFile. Belongs to files. */
GHashTable *pif_card_files_table(const PifCardFiles *files);

/* What a symbolic link leads to. Free it. */
gboolean pif_card_files_read_link(const PifCardFiles *files, const PifCardFile *entry,
                                  char **ret_target, GError **error);
/* Whether two regular files have the same content. */
gboolean pif_card_files_compare(const PifCardFiles *files, const PifCardFile *entry,
                                const PifCardFiles *other, const PifCardFile *other_entry,
                                gboolean *ret_is_same, GError **error);

/* Whether something of a file lies in one of the ranges (normalized) of the card. TRUE also where
 * it cannot be told. */
gboolean pif_card_files_touch(const PifCardFiles *files, const PifCardFile *file,
                              const GArray *ranges);
