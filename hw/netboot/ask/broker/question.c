// SPDX-License-Identifier: MIT
// A question as a transfer of libcurl.
#include "hw/netboot/ask/broker/question.h"

#include <string.h>

enum { ANSWER_ROOM = PIF_ASK_MAX_TEXT - 1 };

struct PifBrokerQuestion {
    CURL *curl;
    struct curl_slist *heads;
    uint32_t id;
    uint8_t target;
    char words[CURL_ERROR_SIZE];
    GString *body;
};

/* Of a longer body the beginning is taken. */
static size_t on_body(char *bytes, size_t one, size_t size, void *data)
{
    GString *body = data;
    g_string_append_len(body, bytes, (gssize)MIN(size, ANSWER_ROOM - body->len));
    return size;
}

static void set_get(CURL *curl, const char *url, const char *query)
{
    g_autofree char *whole = g_strconcat(url, strchr(url, '?') ? "&" : "?", query, NULL);
    curl_easy_setopt(curl, CURLOPT_URL, whole);
}

static void set_post(PifBrokerQuestion *question, const char *url, const char *body)
{
    question->heads = curl_slist_append(NULL, "Content-Type: application/json");
    curl_easy_setopt(question->curl, CURLOPT_URL, url);
    curl_easy_setopt(question->curl, CURLOPT_HTTPHEADER, question->heads);
    curl_easy_setopt(question->curl, CURLOPT_COPYPOSTFIELDS, body);
}

static void set_options(PifBrokerQuestion *question, unsigned timeout_ms)
{
    CURL *curl = question->curl;
    curl_easy_setopt(curl, CURLOPT_PRIVATE, question);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)timeout_ms);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "pifarm/" PIFARM_VERSION);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, question->words);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, question->body);
}

PifBrokerQuestion *pif_broker_question_new(const char *target, const PifAskQuestion *asked,
                                           unsigned timeout_ms)
{
    CURL *curl = curl_easy_init();
    const char *url = strchr(target, ':') + 1;
    if (!curl)
        return NULL;
    PifBrokerQuestion *question = g_new0(PifBrokerQuestion, 1);
    question->curl = curl;
    question->id = asked->id;
    question->target = asked->target;
    question->body = g_string_new(NULL);
    set_options(question, timeout_ms);
    if (g_str_has_prefix(target, "post:"))
        set_post(question, url, asked->text);
    else
        set_get(curl, url, asked->text);
    return question;
}

void pif_broker_question_free(PifBrokerQuestion *question)
{
    if (!question)
        return;
    curl_easy_cleanup(question->curl);
    curl_slist_free_all(question->heads);
    g_string_free(question->body, TRUE);
    g_free(question);
}

CURL *pif_broker_question_get_curl(const PifBrokerQuestion *question)
{
    return question->curl;
}

PifBrokerQuestion *pif_broker_question_of(CURL *curl)
{
    PifBrokerQuestion *question = NULL;
    curl_easy_getinfo(curl, CURLINFO_PRIVATE, (char **)&question);
    return question;
}

PifAskAnswer pif_broker_question_answer(PifBrokerQuestion *question, CURLcode result)
{
    long status = 0;
    PifAskAnswer answer = {.id = question->id, .target = question->target};
    curl_easy_getinfo(question->curl, CURLINFO_RESPONSE_CODE, &status);
    if (result == CURLE_OK) {
        answer.status = (uint16_t)status;
        answer.text = question->body->str;
    } else {
        answer.text = *question->words ? question->words : curl_easy_strerror(result);
    }
    return answer;
}
