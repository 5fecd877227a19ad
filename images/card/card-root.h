// SPDX-License-Identifier: MIT
// Small files in the ext4 root of a card, read and changed by debugfs: no mount, no appliance.
#pragma once

#include "images/card/card.h"

typedef struct PifCardRoot PifCardRoot;

/* CONFIG when the card has no ext4 root, or one that was not shut down cleanly. The card must live
 * longer. */
gboolean pif_card_root_open(const PifCard *card, PifCardRoot **ret_root, GError **error);
/* Also one that was not shut down cleanly, or is in use: to read what is there, as it is there. */
gboolean pif_card_root_open_unclean(const PifCard *card, PifCardRoot **ret_root, GError **error);
void pif_card_root_free(PifCardRoot *root);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PifCardRoot, pif_card_root_free)

typedef struct {
    guint mode; /* with the type: S_IFREG | 0644 */
    guint uid;
    guint gid;
} PifCardEntry;

/* Letters, digits and ._/@:+,=- only: what can be handed to debugfs. */
gboolean pif_card_root_is_plain(const char *path);

/* What is in the folders: table of path -> PifCardEntry, with "/etc/." for a folder that is there.
 * folders: NULL-terminated. A name is what the card says it is: expect anything in it but '/'. */
gboolean pif_card_root_list(PifCardRoot *root, const char *const *folders, GHashTable **ret_entries,
                            GError **error);

/* Content of a file as text, at most 1 MiB; NOT_FOUND when there is none. */
gboolean pif_card_root_read(PifCardRoot *root, const char *path, char **ret_text, GError **error);

/* Both for many in one run: what is in the folders (as by pif_card_root_list), and the contents of
 * those of the files that there are: table of path -> GBytes. Paths that are not plain count as not
 * there. Both lists NULL-terminated. */
gboolean pif_card_root_survey(PifCardRoot *root, const char *const *folders,
                              const char *const *paths, GHashTable **ret_entries,
                              GHashTable **ret_contents, GError **error);

/* For such lists: all of several lists, which end with a NULL as they do themselves. Free it. */
char **pif_card_root_join(const char *const *first, ...) G_GNUC_NULL_TERMINATED;

/* One change: the folder made (which must not be there), the file written anew with that mode, or
 * (mode 0) the file removed. */
typedef struct {
    char *path;      /* pif_card_root_is_plain */
    GBytes *content; /* of a file */
    guint mode;      /* S_IFREG | 0644, S_IFDIR | 0755; 0: remove */
    guint uid;       /* whose the file is; folders are root's */
    guint gid;
} PifCardChange;

void pif_card_change_free(PifCardChange *change);
/* Appends one, of root's. It belongs to changes. */
PifCardChange *pif_card_change_add(GPtrArray *changes, const char *path, const char *text,
                                   guint mode);
PifCardChange *pif_card_change_add_bytes(GPtrArray *changes, const char *path, GBytes *content,
                                         guint mode);
/* changes: PifCardChange*, all made in one run, then read back. EXTERNAL names the first that is
 * not on the card afterwards; some of the others may then be made. */
gboolean pif_card_root_change(PifCardRoot *root, const GPtrArray *changes, GError **error);
