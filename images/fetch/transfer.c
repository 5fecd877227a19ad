// SPDX-License-Identifier: MIT
// A request with its limits; the answer's headers decide what its bytes are.
#include "images/fetch/transfer.h"

#include "images/fetch/transfer-error.h"
#include "images/fetch/url.h"
#include "pifarm/base/error.h"
#include "pifarm/base/size.h"

#include <string.h>

enum {
    CONNECT_TIMEOUT_S = 30,
    STALL_TIMEOUT_S = 60,
    STALL_BYTES_PER_S = 1024,
    MAX_REDIRECTS = 10,
    MAX_HEADER = 1024, /* of those that we keep */
};

typedef struct curl_slist CurlList;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CurlList, curl_slist_free_all)

/* The headers of one answer that matter to us. */
typedef struct {
    char *etag;
    char *last_modified;
    char *content_range;
} Headers;

/* One request on its way. */
typedef struct {
    PifTransfer *transfer;
    CURL *curl;
    Headers headers;
    char *url; /* as shown */
    char words[CURL_ERROR_SIZE];
    guint64 offset;  /* that we ask for; 0: all of it */
    guint64 written; /* where in the file the next byte goes */
    gboolean has_begun;
    gboolean is_misplaced; /* it sends another part, or a part of another version */
    GError *failure;       /* of our callbacks */
} Request;

static void headers_clear(Headers *headers)
{
    g_clear_pointer(&headers->etag, g_free);
    g_clear_pointer(&headers->last_modified, g_free);
    g_clear_pointer(&headers->content_range, g_free);
}

static void request_clear(Request *request)
{
    headers_clear(&request->headers);
    g_clear_error(&request->failure);
    g_clear_pointer(&request->curl, curl_easy_cleanup);
    g_free(request->url);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Request, request_clear)

static void keep_header(const char *line, const char *name, char **value)
{
    size_t length = strlen(name);
    if (g_ascii_strncasecmp(line, name, length) != 0)
        return;
    g_free(*value);
    *value = g_strstrip(g_strdup(line + length));
}

/* Called once a line; a redirect has headers of its own, which the next status line forgets. */
static size_t on_header(char *data, size_t one, size_t size, void *user)
{
    Headers *headers = &((Request *)user)->headers;
    (void)one;
    if (size > MAX_HEADER)
        return size;
    g_autofree char *line = g_strndup(data, size);
    if (g_str_has_prefix(line, "HTTP/"))
        headers_clear(headers);
    keep_header(line, "etag:", &headers->etag);
    keep_header(line, "last-modified:", &headers->last_modified);
    keep_header(line, "content-range:", &headers->content_range);
    return size;
}

/* RFC 9110, section 8.8.1: only a strong validator tells that bytes are the same. */
static const char *validator_of(const Headers *headers)
{
    if (headers->etag && *headers->etag == '"')
        return headers->etag;
    return headers->etag ? NULL : headers->last_modified;
}

/* "bytes 100-199/200", and for status 416 a star in place of the range. total 0: unknown (a star).
 */
static gboolean parse_content_range(const char *text, guint64 *ret_first, guint64 *ret_total)
{
    if (!text || g_ascii_strncasecmp(text, "bytes ", 6) != 0)
        return FALSE;
    const char *slash = strchr(text, '/');
    *ret_first = g_ascii_strtoull(text + 6, NULL, 10);
    *ret_total = slash ? g_ascii_strtoull(slash + 1, NULL, 10) : 0;
    return slash != NULL;
}

static gboolean check_limit(const Request *request, guint64 size, GError **error)
{
    if (size <= request->transfer->max_bytes)
        return TRUE;
    g_autofree char *limit = pif_size_format(request->transfer->max_bytes);
    return pif_error_set(error, PIF_ERROR_USAGE,
                         "%s is larger than the limit of %s; is it what it should be?",
                         request->url, limit);
}

static guint64 content_length(const Request *request)
{
    curl_off_t length = -1;
    curl_easy_getinfo(request->curl, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
    return length > 0 ? (guint64)length : 0;
}

static int status_of(const Request *request)
{
    long status = 0;
    curl_easy_getinfo(request->curl, CURLINFO_RESPONSE_CODE, &status);
    return (int)status;
}

/* Whether the part is the one asked for, of the version asked for. */
static gboolean read_part(Request *request, PifAnswer *answer)
{
    guint64 first = 0;
    const char *wanted = request->transfer->validator;
    if (!parse_content_range(request->headers.content_range, &first, &answer->total))
        return FALSE;
    answer->offset = first;
    return first == request->offset && request->offset > 0 &&
           (!answer->validator || g_strcmp0(answer->validator, wanted) == 0);
}

static gboolean begin(Request *request, GError **error)
{
    PifTransfer *transfer = request->transfer;
    PifAnswer answer = {.validator = validator_of(&request->headers)};
    int status = status_of(request);
    if (status != 200 && status != 206)
        return pif_transfer_set_status_error(error, status, request->url, NULL);
    if (status == 200)
        answer.total = content_length(request);
    else if (!read_part(request, &answer)) {
        request->is_misplaced = TRUE;
        return FALSE;
    }
    request->has_begun = TRUE;
    request->written = answer.offset;
    return check_limit(request, answer.total, error) &&
           (!transfer->begin || transfer->begin(transfer->data, &answer, error));
}

static size_t on_body(char *data, size_t one, size_t size, void *user)
{
    Request *request = user;
    PifTransfer *transfer = request->transfer;
    (void)one;
    if (!request->has_begun && !begin(request, &request->failure))
        return size + 1; /* ends the transfer */
    request->written += size;
    if (!check_limit(request, request->written, &request->failure) ||
        !transfer->add(transfer->data, data, size, &request->failure))
        return size + 1;
    return size;
}

static void set_limits(const Request *request)
{
    CURL *curl = request->curl;
    const PifTransfer *transfer = request->transfer;
    guint stall_s = transfer->stall_timeout_s ? transfer->stall_timeout_s : STALL_TIMEOUT_S;
    gboolean is_https = g_ascii_strncasecmp(transfer->url, "https:", 6) == 0;
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS_STR,
                     is_https && !transfer->may_downgrade ? "https" : "http,https");
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 1L);
    curl_easy_setopt(curl, CURLOPT_MAXREDIRS, (long)MAX_REDIRECTS);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, (long)MIN(stall_s, CONNECT_TIMEOUT_S));
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, (long)STALL_BYTES_PER_S);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, (long)stall_s);
    curl_easy_setopt(curl, CURLOPT_FAILONERROR, 1L);
}

static void set_callbacks(Request *request)
{
    CURL *curl = request->curl;
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, request->words);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, request);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, request);
}

static CurlList *add_header(CurlList *list, const char *name, const char *value)
{
    g_autofree char *line = g_strdup_printf("%s: %s", name, value);
    return curl_slist_append(list, line);
}

/* RFC 9110, section 13.1.5: If-Range makes a server send all of a file that has changed. */
static CurlList *make_conditions(const Request *request)
{
    const PifTransfer *transfer = request->transfer;
    CurlList *list = NULL;
    if (request->offset && transfer->validator)
        list = add_header(list, "If-Range", transfer->validator);
    else if (!request->offset && transfer->known)
        list = add_header(list, *transfer->known == '"' ? "If-None-Match" : "If-Modified-Since",
                          transfer->known);
    return list;
}

static CURLcode perform(Request *request)
{
    g_autoptr(CurlList) conditions = make_conditions(request);
    g_autofree char *range = g_strdup_printf("%" G_GUINT64_FORMAT "-", request->offset);
    curl_easy_setopt(request->curl, CURLOPT_URL, request->transfer->url);
    curl_easy_setopt(request->curl, CURLOPT_USERAGENT, "pifarm/" PIFARM_VERSION);
    curl_easy_setopt(request->curl, CURLOPT_HTTPHEADER, conditions);
    curl_easy_setopt(request->curl, CURLOPT_RANGE, request->offset ? range : NULL);
    set_limits(request);
    set_callbacks(request);
    return curl_easy_perform(request->curl);
}

/* Status 416 to a request for what comes after the last byte: all is there. */
static gboolean is_complete_already(const Request *request)
{
    guint64 first = 0;
    guint64 total = 0;
    const char *validator = validator_of(&request->headers);
    return parse_content_range(request->headers.content_range, &first, &total) &&
           total == request->offset &&
           (!validator || g_strcmp0(validator, request->transfer->validator) == 0);
}

/* Where it was redirected to; NULL: nowhere. Free it. */
static char *find_redirect(const Request *request)
{
    char *url = NULL;
    long count = 0;
    curl_easy_getinfo(request->curl, CURLINFO_REDIRECT_COUNT, &count);
    curl_easy_getinfo(request->curl, CURLINFO_EFFECTIVE_URL, &url);
    return count && url ? pif_url_redact(url) : NULL;
}

static gboolean set_error(Request *request, CURLcode code, GError **error)
{
    g_autofree char *where = find_redirect(request);
    if (request->failure) {
        g_propagate_error(error, g_steal_pointer(&request->failure));
        return FALSE;
    }
    if (code == CURLE_HTTP_RETURNED_ERROR)
        return pif_transfer_set_status_error(error, status_of(request), request->url, where);
    const char *url = request->transfer->on_behalf_of;
    gboolean is_named = url && !status_of(request);
    g_autofree char *shown = is_named ? pif_url_redact(url) : g_strdup(request->url);
    request->transfer->is_cut = pif_transfer_was_cut(code);
    return pif_transfer_set_error(error, code, shown, where, request->words);
}

/* What there is to do when the answer was as asked for. An empty file has had no body. */
static gboolean finish(Request *request, GError **error)
{
    request->transfer->is_unchanged = request->transfer->status == 304;
    return request->transfer->is_unchanged || request->has_begun || begin(request, error);
}

static gboolean take_as_complete(const Request *request, GError **error)
{
    const PifTransfer *transfer = request->transfer;
    const PifAnswer answer = {request->offset, request->offset, transfer->validator};
    return transfer->begin(transfer->data, &answer, error);
}

/* ret_is_useless: there is no asking for the rest; ask for the whole. */
static gboolean run_request(PifTransfer *transfer, guint64 offset, gboolean *ret_is_useless,
                            GError **error)
{
    g_auto(Request) request = {
        .transfer = transfer,
        .offset = offset,
        .curl = curl_easy_init(),
        .url = pif_url_redact(transfer->url),
    };
    if (!request.curl)
        return pif_error_set(error, PIF_ERROR_EXTERNAL, "libcurl does not start");
    CURLcode code = perform(&request);
    transfer->status = status_of(&request);
    if (offset && code == CURLE_HTTP_RETURNED_ERROR && transfer->status == 416 &&
        is_complete_already(&request))
        return take_as_complete(&request, error);
    *ret_is_useless = offset && (request.is_misplaced || transfer->status == 416);
    if (request.is_misplaced)
        return pif_error_set(error, PIF_ERROR_PROTOCOL,
                             "cannot fetch %s: the server sends a part that was not asked for",
                             request.url);
    return code == CURLE_OK ? finish(&request, error) : set_error(&request, code, error);
}

gboolean pif_transfer_run(PifTransfer *transfer, GError **error)
{
    gboolean is_useless = FALSE;
    GError *failure = NULL;
    transfer->is_cut = FALSE;
    if (!pif_url_check_http(transfer->url, error))
        return FALSE;
    if (run_request(transfer, transfer->offset, &is_useless, &failure))
        return TRUE;
    if (is_useless) {
        g_clear_error(&failure);
        transfer->is_cut = FALSE;
        return run_request(transfer, 0, &is_useless, error);
    }
    g_propagate_error(error, failure);
    return FALSE;
}

static gboolean append_text(gpointer data, const void *bytes, gsize size, GError **error)
{
    (void)error;
    g_string_append_len(data, bytes, (gssize)size);
    return TRUE;
}

gboolean pif_transfer_read(PifTransfer *transfer, char **ret_text, gsize *ret_size, GError **error)
{
    g_autoptr(GString) text = g_string_new(NULL);
    transfer->add = append_text;
    transfer->data = text;
    if (!pif_transfer_run(transfer, error))
        return FALSE;
    *ret_size = text->len;
    *ret_text = g_string_free(g_steal_pointer(&text), FALSE);
    return TRUE;
}
