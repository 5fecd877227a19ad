// SPDX-License-Identifier: MIT
// pifarm-netboot-ask: the HTTP client of the netboot server, whose sandbox has no room for one.
#include "hw/netboot/ask/broker/question.h"
#include "pifarm/base/drop-root.h"
#include "pifarm/base/error.h"
#include "pifarm/base/log.h"

#include <errno.h>
#include <sys/socket.h>

enum { SERVER_FD = 3, MAX_OPEN = 64, LONGEST_WAIT_MS = 1000 };

typedef struct {
    char *user;
    int timeout_ms;
    char **targets;
    CURLM *multi;
    unsigned n_open;
} Broker;

static gboolean parse(Broker *broker, int *argc, char ***argv, GError **error)
{
    const GOptionEntry entries[] = {
        {"user", 0, 0, G_OPTION_ARG_STRING, &broker->user, "run as USER", "USER"},
        {"timeout", 0, 0, G_OPTION_ARG_INT, &broker->timeout_ms, "for each question", "MS"},
        {G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_STRING_ARRAY, &broker->targets, NULL,
         "get:URL|post:URL..."},
        G_OPTION_ENTRY_NULL};
    g_autoptr(GOptionContext) context = g_option_context_new(NULL);
    GError *failure = NULL;
    g_option_context_add_main_entries(context, entries, NULL);
    g_option_context_set_description(context, "Started by pifarm-netbootd, which is at descriptor "
                                              "3 and asks by the number of a URL.");
    if (!g_option_context_parse(context, argc, argv, &failure))
        return pif_error_take(error, failure, "pifarm-netboot-ask");
    for (char **target = broker->targets; target && *target; target++)
        if (!g_str_has_prefix(*target, "get:") && !g_str_has_prefix(*target, "post:"))
            return pif_error_set(error, PIF_ERROR_USAGE, "'%s' is no get:URL or post:URL", *target);
    return broker->targets || pif_error_set(error, PIF_ERROR_USAGE, "no URL to ask is named");
}

static void send_answer(const PifAskAnswer *answer)
{
    uint8_t bytes[PIF_ASK_MAX_PACKET];
    size_t size = pif_ask_format_answer(answer, bytes, sizeof bytes);
    /* when the server is gone, reading says so */
    if (size > 0)
        send(SERVER_FD, bytes, size, MSG_NOSIGNAL);
}

static void begin(Broker *broker, const PifAskQuestion *asked)
{
    if (asked->target >= g_strv_length(broker->targets))
        return;
    PifBrokerQuestion *question = pif_broker_question_new(broker->targets[asked->target], asked,
                                                          (unsigned)broker->timeout_ms);
    if (!question)
        return;
    if (curl_multi_add_handle(broker->multi, pif_broker_question_get_curl(question)) == CURLM_OK)
        broker->n_open++;
    else
        pif_broker_question_free(question);
}

/* False when the server is gone. More than a few at a time stay in the socket, and when that is
 * full the server knows. */
static gboolean read_questions(Broker *broker)
{
    while (broker->n_open < MAX_OPEN) {
        uint8_t bytes[PIF_ASK_MAX_PACKET];
        PifAskQuestion asked;
        ssize_t size = recv(SERVER_FD, bytes, sizeof bytes, MSG_DONTWAIT);
        if (size < 0)
            return errno == EAGAIN || errno == EINTR;
        if (size == 0)
            return FALSE;
        if (pif_ask_parse_question(bytes, (size_t)size, &asked))
            begin(broker, &asked);
    }
    return TRUE;
}

static void end_questions(Broker *broker)
{
    int n_left = 0;
    CURLMsg *message = NULL;
    while ((message = curl_multi_info_read(broker->multi, &n_left))) {
        CURL *curl = message->easy_handle;
        PifBrokerQuestion *question = pif_broker_question_of(curl);
        PifAskAnswer answer = pif_broker_question_answer(question, message->data.result);
        send_answer(&answer);
        curl_multi_remove_handle(broker->multi, curl);
        pif_broker_question_free(question);
        broker->n_open--;
    }
}

static gboolean run(Broker *broker, GError **error)
{
    int n_running = 0;
    while (read_questions(broker)) {
        struct curl_waitfd server = {.fd = SERVER_FD, .events = CURL_WAIT_POLLIN};
        unsigned n_others = broker->n_open < MAX_OPEN ? 1 : 0;
        CURLMcode result = curl_multi_perform(broker->multi, &n_running);
        end_questions(broker);
        if (result == CURLM_OK)
            result = curl_multi_poll(broker->multi, &server, n_others, LONGEST_WAIT_MS, NULL);
        if (result != CURLM_OK)
            return pif_error_set(error, PIF_ERROR_EXTERNAL, "cannot ask by HTTP: %s",
                                 curl_multi_strerror(result));
    }
    return TRUE;
}

int main(int argc, char **argv)
{
    Broker broker = {.timeout_ms = 5000};
    g_autoptr(GError) error = NULL;
    pif_log_init("pifarm-netboot-ask", 1);
    if (!parse(&broker, &argc, &argv, &error) ||
        !pif_drop_root(NULL, broker.user ? broker.user : "nobody", &error)) {
        pif_log_error(error);
        return pif_error_exit_status(error);
    }
    curl_global_init(CURL_GLOBAL_DEFAULT);
    broker.multi = curl_multi_init();
    gboolean is_fine = run(&broker, &error);
    if (!is_fine)
        pif_log_error(error);
    return is_fine ? 0 : pif_error_exit_status(error);
}
