// SPDX-License-Identifier: MIT
// What a failed transfer is called, and what to do about it.
#pragma once

#include <curl/curl.h>
#include <glib.h>

/* Whether it began well and ended in the middle. */
gboolean pif_transfer_was_cut(CURLcode code);
/* url: as shown. where: it was redirected to, or NULL. detail: curl's own words. */
gboolean pif_transfer_set_error(GError **error, CURLcode code, const char *url, const char *where,
                                const char *detail);
gboolean pif_transfer_set_status_error(GError **error, int status, const char *url,
                                       const char *where);
