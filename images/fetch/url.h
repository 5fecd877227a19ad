// SPDX-License-Identifier: MIT
// What a user may name as the source of an image besides a file.
#pragma once

#include <glib.h>

/* Whether text is meant as a URL (SCHEME://... or file:/...) rather than a file's name. */
gboolean pif_url_is_url(const char *text);
gboolean pif_url_is_file(const char *text);
gboolean pif_url_is_http(const char *text);

/* USAGE unless it is a http or https URL with a host. */
gboolean pif_url_check_http(const char *url, GError **error);

/* Without the user and password in it, for messages and records. Free it. */
char *pif_url_redact(const char *url);

/* The file name at the end of its path, decoded; "" when there is none. Free it. */
char *pif_url_file_name(const char *url);

/* The URL with another path: suffix is added to it, before a query. Free it; NULL when it is no
 * URL. */
char *pif_url_add_suffix(const char *url, const char *suffix);

/* A reference found in a document at base, as an absolute http or https URL. PROTOCOL when it leads
 * elsewhere. */
gboolean pif_url_resolve(const char *base, const char *reference, char **ret_url, GError **error);

/* file:/a/b and file:///a/b -> /a/b */
gboolean pif_url_to_path(const char *url, char **ret_path, GError **error);
