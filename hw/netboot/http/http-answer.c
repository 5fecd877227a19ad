// SPDX-License-Identifier: MIT
// What a request is answered: which status, which fields, which bytes of the file.
#include "hw/netboot/http/http-headers.h"
#include "hw/netboot/http/http-private.h"

#include "pifarm/base/error.h"

#include <fcntl.h>
#include <string.h>

enum { TAG_SIZE = 80, NS_PER_S = 1000000000 };

/* The whole file, or the part of it that was asked for. */
typedef struct {
    unsigned status;
    uint64_t offset;
    uint64_t length;
    char tag[TAG_SIZE];
    char date[PIF_HTTP_DATE_SIZE];
} Answer;

PifHttpRequest *pif_http_request_new(const PifHttpServer *server, const struct sockaddr_in *client,
                                     const char *method, const char *url)
{
    PifHttpRequest *request = g_new0(PifHttpRequest, 1);
    request->method = g_strdup(method);
    request->asked = g_strdup(url);
    request->started_us = server->now_us;
    request->event =
        (PifHttpEvent){.client = *client, .method = request->method, .file = request->asked};
    if (server->config.identify)
        server->config.identify(client, &request->event.identity, server->config.data);
    return request;
}

void pif_http_request_free(PifHttpRequest *request)
{
    pif_served_file_release(request->file);
    g_free(request->method);
    g_free(request->asked);
    g_free(request->path);
    g_free(request->message);
    g_free(request);
}

/* Takes response. */
static enum MHD_Result queue(PifHttpRequest *request, struct MHD_Connection *connection,
                             unsigned status, struct MHD_Response *response)
{
    request->event.status = status;
    if (!response)
        return MHD_NO;
    enum MHD_Result result = MHD_queue_response(connection, status, response);
    MHD_destroy_response(response);
    return result;
}

static enum MHD_Result refuse(PifHttpRequest *request, struct MHD_Connection *connection,
                              unsigned status, const char *message)
{
    g_autofree char *line = g_strconcat(message, "\n", NULL);
    struct MHD_Response *response =
        MHD_create_response_from_buffer(strlen(line), line, MHD_RESPMEM_MUST_COPY);
    request->message = g_strdup(message);
    if (response) {
        MHD_add_response_header(response, "Content-Type", "text/plain; charset=utf-8");
        if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
            MHD_add_response_header(response, "Allow", "GET, HEAD");
    }
    return queue(request, connection, status, response);
}

static const char *field_of(struct MHD_Connection *connection, const char *name)
{
    return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
}

/* If-None-Match comes before If-Modified-Since: RFC 9110, section 13.2.2. */
static bool is_unmodified(struct MHD_Connection *connection, const Answer *answer, time_t modified)
{
    const char *tags = field_of(connection, "If-None-Match");
    const char *since = field_of(connection, "If-Modified-Since");
    time_t time = 0;
    if (tags)
        return pif_http_tag_is_in(tags, answer->tag);
    return since && modified > 0 && pif_http_date_parse(since, &time) && modified <= time;
}

/* RFC 9110, section 13.1.5: a range of what the client has a part of, or all of what it has not. */
static bool is_range_wanted(struct MHD_Connection *connection, const Answer *answer)
{
    const char *condition = field_of(connection, "If-Range");
    return !condition || strcmp(condition, answer->tag) == 0 ||
           strcmp(condition, answer->date) == 0;
}

static void decide(struct MHD_Connection *connection, const PifServedFile *file, Answer *answer)
{
    time_t modified = file->modified_ns / NS_PER_S;
    *answer = (Answer){.status = MHD_HTTP_OK, .length = file->size};
    g_snprintf(answer->tag, TAG_SIZE,
               "\"%" G_GINT64_MODIFIER "x-%" G_GINT64_MODIFIER "x-%" G_GINT64_MODIFIER
               "x-%" G_GINT64_MODIFIER "x\"",
               file->device, file->inode, (guint64)file->modified_ns, (guint64)file->size);
    pif_http_date_format(modified, answer->date);
    if (is_unmodified(connection, answer, modified)) {
        answer->status = MHD_HTTP_NOT_MODIFIED;
        return;
    }
    if (!is_range_wanted(connection, answer))
        return;
    switch (pif_http_range_parse(field_of(connection, "Range"), file->size, &answer->offset,
                                 &answer->length)) {
    case PIF_HTTP_WHOLE:
        break;
    case PIF_HTTP_RANGE:
        answer->status = MHD_HTTP_PARTIAL_CONTENT;
        break;
    case PIF_HTTP_UNSATISFIABLE:
        answer->status = MHD_HTTP_RANGE_NOT_SATISFIABLE;
        break;
    }
}

/* The library closes the descriptor that it sends from. */
static struct MHD_Response *body(const PifServedFile *file, const Answer *answer)
{
    bool has_body = answer->status == MHD_HTTP_OK || answer->status == MHD_HTTP_PARTIAL_CONTENT;
    if (!has_body || answer->length == 0)
        return MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
    int fd = fcntl(file->fd, F_DUPFD_CLOEXEC, 0);
    if (fd < 0)
        return NULL;
    struct MHD_Response *response =
        MHD_create_response_from_fd_at_offset64(answer->length, fd, file->offset + answer->offset);
    if (!response)
        close(fd);
    return response;
}

static void add_range(struct MHD_Response *response, const PifServedFile *file,
                      const Answer *answer)
{
    char text[80];
    if (answer->status == MHD_HTTP_PARTIAL_CONTENT)
        g_snprintf(text, sizeof text,
                   "bytes %" G_GUINT64_FORMAT "-%" G_GUINT64_FORMAT "/%" G_GUINT64_FORMAT,
                   answer->offset, answer->offset + answer->length - 1, file->size);
    else if (answer->status == MHD_HTTP_RANGE_NOT_SATISFIABLE)
        g_snprintf(text, sizeof text, "bytes */%" G_GUINT64_FORMAT, file->size);
    else
        return;
    MHD_add_response_header(response, "Content-Range", text);
}

static enum MHD_Result send_file(PifHttpRequest *request, struct MHD_Connection *connection)
{
    Answer answer;
    const PifServedFile *file = request->file;
    decide(connection, file, &answer);
    struct MHD_Response *response = body(file, &answer);
    if (response) {
        MHD_add_response_header(response, "ETag", answer.tag);
        MHD_add_response_header(response, "Accept-Ranges", "bytes");
        MHD_add_response_header(response, "Content-Type", "application/octet-stream");
        if (file->modified_ns > 0)
            MHD_add_response_header(response, "Last-Modified", answer.date);
        add_range(response, file, &answer);
    }
    if (answer.status == MHD_HTTP_OK || answer.status == MHD_HTTP_PARTIAL_CONTENT)
        request->event.size = answer.length;
    return queue(request, connection, answer.status, response);
}

enum MHD_Result pif_http_request_answer(PifHttpServer *server, PifHttpRequest *request,
                                        struct MHD_Connection *connection)
{
    g_autoptr(GError) error = NULL;
    const PifNodeIdentity *identity = &request->event.identity;
    if (!g_str_equal(request->method, "GET") && !g_str_equal(request->method, "HEAD"))
        return refuse(request, connection, MHD_HTTP_METHOD_NOT_ALLOWED, "files are only read here");
    if (server->config.is_for_leases_only && !identity->has_lease)
        return refuse(request, connection, MHD_HTTP_FORBIDDEN,
                      "only those who have their address from here get files");
    request->file =
        pif_served_tree_get(server->config.tree, request->asked, identity, &request->path, &error);
    if (request->file)
        return send_file(request, connection);
    if (g_error_matches(error, PIF_ERROR, PIF_ERROR_NOT_FOUND))
        return refuse(request, connection, MHD_HTTP_NOT_FOUND, "file not found");
    return refuse(request, connection, MHD_HTTP_FORBIDDEN, error->message);
}
