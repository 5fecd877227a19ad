// SPDX-License-Identifier: MIT
// URLs taken apart by GLib's parser.
#include "images/fetch/url.h"

#include "pifarm/base/error.h"

#include <string.h>

static const GUriFlags flags = G_URI_FLAGS_ENCODED | G_URI_FLAGS_HAS_PASSWORD;

gboolean pif_url_is_url(const char *text)
{
    g_autofree char *scheme = g_uri_parse_scheme(text);
    if (!scheme)
        return FALSE;
    const char *rest = text + strlen(scheme) + 1;
    return g_str_has_prefix(rest, "//") ||
           (g_ascii_strcasecmp(scheme, "file") == 0 && *rest == '/');
}

static gboolean has_scheme(const char *text, const char *wanted)
{
    g_autofree char *scheme = g_uri_parse_scheme(text);
    return scheme && pif_url_is_url(text) && g_ascii_strcasecmp(scheme, wanted) == 0;
}

gboolean pif_url_is_file(const char *text)
{
    return has_scheme(text, "file");
}

gboolean pif_url_is_http(const char *text)
{
    return has_scheme(text, "http") || has_scheme(text, "https");
}

gboolean pif_url_check_http(const char *url, GError **error)
{
    GError *failure = NULL;
    g_autoptr(GUri) uri = g_uri_parse(url, flags, &failure);
    g_autofree char *shown = pif_url_redact(url);
    if (!uri) {
        pif_error_set(error, PIF_ERROR_USAGE, "%s is no URL: %s", shown, failure->message);
        g_error_free(failure);
        return FALSE;
    }
    if (!pif_url_is_http(url))
        return pif_error_set(error, PIF_ERROR_USAGE,
                             "%s: only http, https and file URLs can be fetched, not '%s'", shown,
                             g_uri_get_scheme(uri));
    if (!g_uri_get_host(uri) || !*g_uri_get_host(uri))
        return pif_error_set(error, PIF_ERROR_USAGE, "the URL %s names no host", shown);
    return TRUE;
}

char *pif_url_redact(const char *url)
{
    g_autoptr(GUri) uri = g_uri_parse(url, flags, NULL);
    if (!uri)
        return g_strescape(url, NULL);
    return g_uri_join(G_URI_FLAGS_ENCODED, g_uri_get_scheme(uri), NULL, g_uri_get_host(uri),
                      g_uri_get_port(uri), g_uri_get_path(uri), g_uri_get_query(uri), NULL);
}

char *pif_url_file_name(const char *url)
{
    g_autoptr(GUri) uri = g_uri_parse(url, flags, NULL);
    const char *path = uri ? g_uri_get_path(uri) : "";
    const char *slash = strrchr(path, '/');
    char *name = g_uri_unescape_string(slash ? slash + 1 : path, "/");
    return name ? name : g_strdup("");
}

char *pif_url_add_suffix(const char *url, const char *suffix)
{
    g_autoptr(GUri) uri = g_uri_parse(url, flags, NULL);
    if (!uri)
        return NULL;
    g_autofree char *path = g_strconcat(g_uri_get_path(uri), suffix, NULL);
    return g_uri_join(G_URI_FLAGS_ENCODED, g_uri_get_scheme(uri), g_uri_get_userinfo(uri),
                      g_uri_get_host(uri), g_uri_get_port(uri), path, g_uri_get_query(uri), NULL);
}

gboolean pif_url_resolve(const char *base, const char *reference, char **ret_url, GError **error)
{
    g_autofree char *url =
        base ? g_uri_resolve_relative(base, reference, flags, NULL) : g_strdup(reference);
    if (!url || !pif_url_check_http(url, NULL)) {
        g_autofree char *shown = g_strescape(reference, NULL);
        return pif_error_set(error, PIF_ERROR_PROTOCOL, "'%s' is no http or https URL", shown);
    }
    *ret_url = g_steal_pointer(&url);
    return TRUE;
}

gboolean pif_url_to_path(const char *url, char **ret_path, GError **error)
{
    g_autofree char *host = NULL;
    GError *failure = NULL;
    g_autofree char *path = g_filename_from_uri(url, &host, &failure);
    if (!path) {
        pif_error_set(error, PIF_ERROR_USAGE, "%s is no URL of a file: %s", url, failure->message);
        g_error_free(failure);
        return FALSE;
    }
    if (host && *host && !g_str_equal(host, "localhost"))
        return pif_error_set(error, PIF_ERROR_USAGE,
                             "%s is on the host '%s'; a file URL names a file of this one: "
                             "file:///PATH",
                             url, host);
    *ret_path = g_steal_pointer(&path);
    return TRUE;
}
