// SPDX-License-Identifier: MIT
// A URL's file into a folder: resumed where an earlier try ended, tried again where it is cut.
#pragma once

#include "images/fetch/partial.h"
#include "pifarm/base/progress.h"

typedef struct {
    const char *url;
    guint64 max_bytes;
    guint stall_timeout_s;  /* as in PifTransfer */
    gboolean may_downgrade; /* as in PifTransfer */
    const char *known;      /* as in PifTransfer */
    PifProgress *progress;  /* may be NULL */
} PifDownload;

/* The whole file is at pif_partial_path, and stays locked until *ret_partial is freed; the caller
 * discards it when it has no more use for it. *ret_is_unchanged: it is `known`, and not there. An
 * error keeps what there is for the next try, and says so. */
gboolean pif_download(const char *folder, const PifDownload *download, PifPartial **ret_partial,
                      gboolean *ret_is_unchanged, GError **error);
