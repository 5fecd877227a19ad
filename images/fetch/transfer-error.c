// SPDX-License-Identifier: MIT
// libcurl's codes and the statuses of HTTP, as errors of ours.
#include "images/fetch/transfer-error.h"

#include "pifarm/base/error.h"

static const struct {
    CURLcode code;
    PifErrorCode as;
    gboolean is_cut;
    const char *advice;
} failures[] = {
    {CURLE_COULDNT_RESOLVE_HOST, PIF_ERROR_NOT_FOUND, FALSE,
     "there is no such host, or no name server answers; check the URL and the network"},
    {CURLE_COULDNT_RESOLVE_PROXY, PIF_ERROR_NOT_FOUND, FALSE,
     "the proxy is not known; check https_proxy and http_proxy in the environment"},
    {CURLE_COULDNT_CONNECT, PIF_ERROR_EXTERNAL, FALSE,
     "the host does not take connections; check the URL and the network"},
    {CURLE_OPERATION_TIMEDOUT, PIF_ERROR_TIMEOUT, TRUE, "the server does not go on sending"},
    {CURLE_TOO_MANY_REDIRECTS, PIF_ERROR_PROTOCOL, FALSE,
     "the server sends us in circles; give the URL of the file itself"},
    {CURLE_UNSUPPORTED_PROTOCOL, PIF_ERROR_PROTOCOL, FALSE,
     "it redirects to something that is not allowed here (http and https are, and from https to "
     "http only with --sha256); give the URL of the file itself"},
    {CURLE_PEER_FAILED_VERIFICATION, PIF_ERROR_DENIED, FALSE,
     "the server's certificate is not trusted; check the clock, the package ca-certificates and "
     "the URL"},
    {CURLE_SSL_CONNECT_ERROR, PIF_ERROR_PROTOCOL, FALSE, "is it a https server?"},
    {CURLE_PARTIAL_FILE, PIF_ERROR_EXTERNAL, TRUE, "the connection was cut"},
    {CURLE_RECV_ERROR, PIF_ERROR_EXTERNAL, TRUE, "the connection was cut"},
    {CURLE_GOT_NOTHING, PIF_ERROR_EXTERNAL, TRUE, "the server hung up"},
    {CURLE_SEND_ERROR, PIF_ERROR_EXTERNAL, TRUE, "the connection was cut"},
    {CURLE_HTTP2, PIF_ERROR_EXTERNAL, TRUE, "the connection was cut"},
    {CURLE_HTTP2_STREAM, PIF_ERROR_EXTERNAL, TRUE, "the connection was cut"},
};

static const struct {
    int status;
    PifErrorCode as;
    const char *words;
    const char *advice;
} statuses[] = {
    {401, PIF_ERROR_DENIED, "Unauthorized",
     "it wants a user and password: https://USER:PASSWORD@..."},
    {403, PIF_ERROR_DENIED, "Forbidden", "check the URL, and whether it has expired"},
    {404, PIF_ERROR_NOT_FOUND, "Not Found", "check the URL"},
    {407, PIF_ERROR_DENIED, "Proxy Authentication Required", "check https_proxy and http_proxy"},
    {408, PIF_ERROR_TIMEOUT, "Request Timeout", "try again"},
    {410, PIF_ERROR_NOT_FOUND, "Gone", "look for a newer release"},
    {429, PIF_ERROR_BUSY, "Too Many Requests", "try again later"},
    {500, PIF_ERROR_PROTOCOL, "Internal Server Error", "try again later"},
    {502, PIF_ERROR_PROTOCOL, "Bad Gateway", "try again later"},
    {503, PIF_ERROR_BUSY, "Service Unavailable", "try again later"},
    {504, PIF_ERROR_TIMEOUT, "Gateway Timeout", "try again later"},
};

gboolean pif_transfer_was_cut(CURLcode code)
{
    for (size_t i = 0; i < G_N_ELEMENTS(failures); i++)
        if (failures[i].code == code)
            return failures[i].is_cut;
    return FALSE;
}

static char *describe_redirect(const char *where)
{
    return where ? g_strdup_printf(" (redirected to %s)", where) : g_strdup("");
}

gboolean pif_transfer_set_error(GError **error, CURLcode code, const char *url, const char *where,
                                const char *detail)
{
    g_autofree char *redirect = describe_redirect(where);
    const char *words = *detail ? detail : curl_easy_strerror(code);
    for (size_t i = 0; i < G_N_ELEMENTS(failures); i++)
        if (failures[i].code == code)
            return pif_error_set(error, failures[i].as, "cannot fetch %s%s: %s (%s)", url, redirect,
                                 failures[i].advice, words);
    return pif_error_set(error, PIF_ERROR_EXTERNAL, "cannot fetch %s%s: %s", url, redirect, words);
}

gboolean pif_transfer_set_status_error(GError **error, int status, const char *url,
                                       const char *where)
{
    g_autofree char *redirect = describe_redirect(where);
    for (size_t i = 0; i < G_N_ELEMENTS(statuses); i++)
        if (statuses[i].status == status)
            return pif_error_set(error, statuses[i].as,
                                 "cannot fetch %s%s: the server answers %d %s; %s", url, redirect,
                                 status, statuses[i].words, statuses[i].advice);
    return pif_error_set(error, PIF_ERROR_PROTOCOL,
                         "cannot fetch %s%s: the server answers with status %d; check the URL", url,
                         redirect, status);
}
