// SPDX-License-Identifier: MIT
// Requests in and answers out, in HTTP's terms.
#include "pifarm/base/error.h"
#include "pifarm/daemon/api-private.h"

#include <string.h>

enum { MAX_REQUEST = 1024 * 1024 };

static const struct {
    PifErrorCode code;
    guint status;
} http_statuses[] = {
    {PIF_ERROR_USAGE, SOUP_STATUS_BAD_REQUEST},
    {PIF_ERROR_CONFIG, SOUP_STATUS_UNPROCESSABLE_ENTITY},
    {PIF_ERROR_NOT_FOUND, SOUP_STATUS_NOT_FOUND},
    {PIF_ERROR_EXISTS, SOUP_STATUS_CONFLICT},
    {PIF_ERROR_DENIED, SOUP_STATUS_FORBIDDEN},
    {PIF_ERROR_BUSY, SOUP_STATUS_CONFLICT},
    {PIF_ERROR_TIMEOUT, SOUP_STATUS_GATEWAY_TIMEOUT},
};

void pif_api_answer(SoupServerMessage *message, guint status, json_t *json)
{
    char *text = json_dumps(json, JSON_INDENT(2));
    soup_server_message_set_status(message, status, NULL);
    soup_server_message_set_response(message, "application/json", SOUP_MEMORY_COPY, text,
                                     strlen(text));
    free(text);
}

void pif_api_answer_error(SoupServerMessage *message, const GError *error)
{
    PifErrorCode code = (PifErrorCode)pif_error_exit_status(error);
    guint status = SOUP_STATUS_INTERNAL_SERVER_ERROR;
    for (size_t i = 0; i < G_N_ELEMENTS(http_statuses); i++)
        if (http_statuses[i].code == code)
            status = http_statuses[i].status;
    json_t *json = json_pack("{s:{s:s, s:s}}", "error", "code", pif_error_code_name(code),
                             "message", error->message);
    pif_api_answer(message, status, json);
    json_decref(json);
}

PifUnit *pif_api_request_unit(PifApiRequest *request, GError **error)
{
    PifUnit *unit = g_hash_table_lookup(request->api->daemon->units, request->node);
    if (!unit)
        pif_error_set(error, PIF_ERROR_NOT_FOUND, "there is no node '%s' in farm '%s'",
                      request->node, request->api->daemon->farm->name);
    return unit;
}

const char *pif_api_query(PifApiRequest *request, const char *key)
{
    return request->query ? g_hash_table_lookup(request->query, key) : NULL;
}

gint64 pif_api_query_number(PifApiRequest *request, const char *key, gint64 otherwise)
{
    const char *text = pif_api_query(request, key);
    return text ? g_ascii_strtoll(text, NULL, 10) : otherwise;
}

gboolean pif_api_parse_body(SoupServerMessage *message, json_t **ret_body, GError **error)
{
    json_error_t problem;
    SoupMessageBody *body = soup_server_message_get_request_body(message);
    if (body->length == 0)
        return TRUE;
    if (body->length > MAX_REQUEST)
        return pif_error_set(error, PIF_ERROR_USAGE, "the request is too large");
    *ret_body = json_loadb(body->data, (size_t)body->length, 0, &problem);
    if (!*ret_body)
        return pif_error_set(error, PIF_ERROR_USAGE, "the request is no JSON: %s", problem.text);
    return TRUE;
}
