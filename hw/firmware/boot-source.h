// SPDX-License-Identifier: MIT
// Where the firmware reads files from: a folder, the boot partition of a card, a TFTP server.
#pragma once

#include <glib.h>

typedef struct PifBootSource PifBootSource;

/* What a kind of source can do. data is the kind's own. */
typedef struct {
    /* The path as the source spells it, for it to be read by; NULL: not there. *error is for a
     * source that fails, not for files that are missing. Free it. */
    char *(*find)(gpointer data, const char *path, GError **error);
    /* The content of what `find` found, of at most max_size bytes. */
    GBytes *(*read)(gpointer data, const char *path, gsize max_size, GError **error);
    /* From now on the files of this partition count, if that can be booted from: a FAT with a
     * start.elf. NULL where there is only one place to look. */
    gboolean (*choose_partition)(gpointer data, unsigned number, GError **error);
    void (*free)(gpointer data);
} PifBootSourceKind;

/* place: for messages, as in "which is not `on the boot partition`". Takes data. */
PifBootSource *pif_boot_source_new(const PifBootSourceKind *kind, gpointer data, const char *place);
void pif_boot_source_free(PifBootSource *source);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PifBootSource, pif_boot_source_free)

/* The files of a folder; upper and lower case are the same, as on a FAT, and nothing outside it is
 * reached. */
PifBootSource *pif_boot_source_open_folder(const char *path, GError **error);

const char *pif_boot_source_place(const PifBootSource *source);

/* Failures stick: after the first, nothing is found any more, and pif_boot_source_check tells. So
 * a caller looks at them once, at the end. */
char *pif_boot_source_find(PifBootSource *source, const char *path);
GBytes *pif_boot_source_read(PifBootSource *source, const char *path, gsize max_size);
/* Of a text file; NULL: not there. NUL-terminated, free it. */
char *pif_boot_source_read_text(PifBootSource *source, const char *path);
gboolean pif_boot_source_choose_partition(PifBootSource *source, unsigned number);
gboolean pif_boot_source_check(const PifBootSource *source, GError **error);
