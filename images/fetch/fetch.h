// SPDX-License-Identifier: MIT
// An image from wherever it is: a URL, a file, or standard input.
#pragma once

#include "images/store/store.h"

typedef struct {
    PifImportOptions import; /* origin, url and validator are for us to fill */
    guint64 max_download;    /* bytes, of what comes over the network or a pipe; 0: 16 GiB */
    guint stall_timeout_s;   /* give up when less than 1 KiB/s comes for so long; 0: 60 */
    gboolean has_no_sidecar; /* do not look for a .sha256 beside it */
} PifFetchOptions;

/* source: a http, https or file URL, a file, or - for standard input. Without import.sha256 the
 * checksum in SOURCE.sha256 counts, if there is one: *ret_sidecar (free it; may be NULL) then tells
 * its name. What cannot be read as a checksum there is an error, not a licence.
 *
 * A download is kept in <store>/downloads until it has become an image, and the next try goes on
 * where it ended. Nothing is downloaded when the store has what the checksum names, or what the
 * server says has not changed. */
gboolean pif_fetch_image(PifStore *store, const char *source, const PifFetchOptions *options,
                         char **ret_sidecar, PifImage **ret_image, GError **error);

/* The last part of source without folder, query and the endings of archives: the name it gets when
 * nobody gives one. Free it. */
char *pif_fetch_name(const char *source);
