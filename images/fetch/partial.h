// SPDX-License-Identifier: MIT
// What has been downloaded of a URL so far: kept until it has become an image, so that the next try
// goes on where this one ended.
#pragma once

#include <glib.h>

/* Two files in a folder, called after the hash of the URL; the process that has it open has it
 * locked. Never seen as an image: it has to be imported first. */
typedef struct PifPartial PifPartial;

/* Makes the folder. BUSY when another process is downloading the same URL. */
gboolean pif_partial_open(const char *folder, const char *url, PifPartial **ret_partial,
                          GError **error);
void pif_partial_free(PifPartial *partial);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PifPartial, pif_partial_free)

const char *pif_partial_path(const PifPartial *partial);
/* Bytes that are there; 0 when it cannot be told of which version of the file they are. */
guint64 pif_partial_size(const PifPartial *partial);
const char *pif_partial_validator(const PifPartial *partial);

/* What comes next is that version's, from offset on; what lies behind offset is dropped. total 0:
 * unknown, else EXTERNAL when there is no room for it. */
gboolean pif_partial_begin(PifPartial *partial, guint64 offset, guint64 total,
                           const char *validator, GError **error);
gboolean pif_partial_add(PifPartial *partial, const void *bytes, gsize size, GError **error);

/* Removes it. */
void pif_partial_discard(PifPartial *partial);

/* Removes what nobody has touched for max_age_s, and the oldest of what is more than max_bytes
 * together; those in use stay. */
void pif_partial_sweep(const char *folder, gint64 max_age_s, guint64 max_bytes);
