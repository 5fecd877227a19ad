// SPDX-License-Identifier: MIT
// Raspberry Pi Imager's list of operating systems (os_list JSON, versions 3 and 4).
#pragma once

#include <glib.h>

/* One image of the list. What the list does not say is NULL or 0. */
typedef struct {
    char *name;
    char *slug;  /* of the name: raspberry-pi-os-lite-64-bit */
    char *stem;  /* of the file's name: 2024-11-19-raspios-bookworm-arm64-lite */
    char *group; /* the headings above it, joined by " / "; "" at the top */
    char *description;
    char *url; /* absolute, http or https */
    char *release_date;
    char **devices; /* tags; NULL: for any */
    guint64 download_size;
    char *download_sha256; /* lower case, as the next */
    guint64 disk_size;
    char *disk_sha256;
} PifOsEntry;

/* Another document that the list refers to. */
typedef struct {
    char *group;
    char *url;
} PifOsLink;

typedef struct {
    GPtrArray *entries; /* of PifOsEntry* */
    GPtrArray *links;   /* of PifOsLink*, to be parsed too */
    GPtrArray *tags;    /* char*: device tags that "imager" names */
} PifOsList;

PifOsList *pif_os_list_new(void);
void pif_os_list_free(PifOsList *list);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PifOsList, pif_os_list_free)
void pif_os_link_free(gpointer link);

/* Adds what a document says to the list. base: its URL, for relative ones (NULL: none are allowed).
 * group: the heading above it, or "". What is no image to fetch ("erase", "use custom") is left
 * out. PROTOCOL when it is no os_list, or has more than a list can have; then list is of no use. */
gboolean pif_os_list_parse(PifOsList *list, const char *text, gsize size, const char *base,
                           const char *group, GError **error);
