// SPDX-License-Identifier: MIT
// The checksum file beside an image, as sha256sum writes it.
#pragma once

#include <glib.h>

/* The SHA-256 (lower case; free it) that text has for the file called name: of lines "HEX  name",
 * "HEX *name", "SHA256 (name) = HEX" or a bare HEX. A single line counts whatever it names (what a
 * "latest" URL gives has another name). PROTOCOL when there is none. */
gboolean pif_sidecar_parse(const char *text, gsize size, const char *name, char **ret_sha256,
                           GError **error);

/* Reads URL.sha256, or FILE.sha256. *ret_sha256 NULL when there is no such file; then *ret_where is
 * NULL too, else the sidecar's name for messages. */
gboolean pif_sidecar_fetch(const char *url, guint stall_timeout_s, char **ret_sha256,
                           char **ret_where, GError **error);
gboolean pif_sidecar_read(const char *file, char **ret_sha256, char **ret_where, GError **error);
