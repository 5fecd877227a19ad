// SPDX-License-Identifier: MIT
// The outside of outside.h: datagrams from here, HTTP by way of the asker.
#include "hw/netboot/server/outside.h"

#include "hw/netboot/server/notice.h"
#include "pifarm/base/error.h"
#include "pifarm/base/fd.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

struct PifOutside {
    PifOutsideConfig config;
    PifLoop *loop;
    PifAsker *asker; /* NULL: no URL was named */
    unsigned n_urls;
    unsigned first_hook; /* the URLs from there on are told, those before asked */
    GPtrArray *urls;
    GArray *listeners; /* struct sockaddr_in */
    PifFd udp;
};

enum { BOOT_ROM_URL, SYSTEM_URL, N_AUTH_URLS };

static gboolean is_url(const char *text)
{
    return g_str_has_prefix(text, "http://") || g_str_has_prefix(text, "https://");
}

static void add_url(PifOutside *outside, const char *method, const char *base, const char *path)
{
    size_t size = strlen(base);
    while (*path && size > 0 && base[size - 1] == '/')
        size--;
    g_ptr_array_add(outside->urls, g_strdup_printf("%s:%.*s%s%s", method, (int)size, base,
                                                   *path ? "/" : "", path));
}

static gboolean add_auth(PifOutside *outside, GError **error)
{
    const PifServeOptions *options = outside->config.options;
    if (!options->auth_url)
        return TRUE;
    g_auto(GStrv) paths = g_strsplit(options->auth_paths, ",", -1);
    if (!is_url(options->auth_url))
        return pif_error_set(error, PIF_ERROR_USAGE,
                             "--auth-url wants http://... or https://..., not '%s'",
                             options->auth_url);
    if (g_strv_length(paths) != N_AUTH_URLS)
        return pif_error_set(error, PIF_ERROR_USAGE,
                             "--auth-paths wants the path for boot ROMs and that for systems "
                             "(pxe,dhcp), not '%s'",
                             options->auth_paths);
    for (unsigned i = 0; i < N_AUTH_URLS; i++)
        add_url(outside, "get", options->auth_url, paths[i]);
    return TRUE;
}

static gboolean add_listener(PifOutside *outside, const char *text, GError **error)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    guint64 port = 0;
    g_auto(GStrv) parts = g_strsplit(text, ":", 2);
    if (g_strv_length(parts) != 2 || inet_pton(AF_INET, parts[0], &address.sin_addr) != 1 ||
        !g_ascii_string_to_unsigned(parts[1], 10, 1, UINT16_MAX, &port, NULL))
        return pif_error_set(error, PIF_ERROR_USAGE,
                             "--notify wants ADDRESS:PORT or an http(s) URL, not '%s'", text);
    address.sin_port = htons((uint16_t)port);
    g_array_append_val(outside->listeners, address);
    return TRUE;
}

static gboolean add_all(PifOutside *outside, GError **error)
{
    if (!add_auth(outside, error))
        return FALSE;
    outside->first_hook = outside->urls->len;
    for (char **text = outside->config.options->notify; text && *text; text++) {
        if (is_url(*text))
            add_url(outside, "post", *text, "");
        else if (!add_listener(outside, *text, error))
            return FALSE;
    }
    if (outside->urls->len > PIF_ASK_MAX_TARGETS)
        return pif_error_set(error, PIF_ERROR_USAGE, "--notify names more than %d URLs",
                             PIF_ASK_MAX_TARGETS - N_AUTH_URLS);
    outside->n_urls = outside->urls->len;
    g_ptr_array_add(outside->urls, NULL);
    return TRUE;
}

static void say_failure(const PifOutside *outside, const PifAskAnswer *answer)
{
    const char *url = strchr(g_ptr_array_index(outside->urls, answer->target), ':') + 1;
    g_autofree char *message =
        answer->status ? g_strdup_printf("%s answered with status %u", url, answer->status)
                       : g_strdup_printf("%s: %s", url, answer->text);
    pif_event_log_write(outside->config.log, "http", "failed",
                        json_pack("{s:o}", "message", pif_event_text(message)));
}

static void on_answer(const PifAskAnswer *answer, gpointer data)
{
    const PifOutside *outside = data;
    PifDhcpHearsay hearsay;
    if (answer->target >= outside->n_urls)
        return;
    pif_dhcp_hearsay_parse(answer->status, answer->text, &hearsay);
    bool is_question = answer->target < outside->first_hook;
    if (hearsay.kind == PIF_DHCP_VERDICT_NONE ||
        (!is_question && hearsay.kind == PIF_DHCP_VERDICT_NO))
        say_failure(outside, answer);
    if (is_question)
        outside->config.on_verdict(answer->id, &hearsay, outside->config.data);
}

static void on_gone(gpointer data)
{
    const PifOutside *outside = data;
    GError *failure = NULL;
    pif_error_set(&failure, PIF_ERROR_EXTERNAL,
                  "the HTTP client has ended, and without it nobody can be asked: start again");
    pif_event_log_write(outside->config.log, "http", "failed",
                        json_pack("{s:s}", "message", failure->message));
    pif_loop_fail(outside->loop, failure);
}

static gboolean start_asker(PifOutside *outside, GError **error)
{
    const PifServeOptions *options = outside->config.options;
    if (outside->n_urls == 0)
        return TRUE;
    const PifAskerConfig config = {.targets = (char **)outside->urls->pdata,
                                   .user = options->user ? options->user : "nobody",
                                   .timeout_ms = (unsigned)options->auth_timeout_s * 1000,
                                   .on_answer = on_answer,
                                   .on_gone = on_gone,
                                   .data = outside};
    outside->asker = pif_asker_new(outside->loop, &config, error);
    return outside->asker != NULL;
}

static gboolean open_udp(PifOutside *outside, GError **error)
{
    if (outside->listeners->len == 0)
        return TRUE;
    outside->udp = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    return outside->udp >= 0 || pif_error_set_errno(error, errno, "cannot make a UDP socket");
}

PifOutside *pif_outside_new(PifLoop *loop, const PifOutsideConfig *config, GError **error)
{
    g_autoptr(PifOutside) outside = g_new0(PifOutside, 1);
    outside->config = *config;
    outside->loop = loop;
    outside->urls = g_ptr_array_new_with_free_func(g_free);
    outside->listeners = g_array_new(FALSE, FALSE, sizeof(struct sockaddr_in));
    outside->udp = -1;
    if (!add_all(outside, error) || !open_udp(outside, error) || !start_asker(outside, error))
        return NULL;
    return g_steal_pointer(&outside);
}

void pif_outside_free(PifOutside *outside)
{
    if (!outside)
        return;
    pif_asker_free(outside->asker);
    g_ptr_array_unref(outside->urls);
    g_array_unref(outside->listeners);
    pif_fd_clear(&outside->udp);
    g_free(outside);
}

bool pif_outside_ask(const PifOutside *outside, const PifDhcpQuestion *question)
{
    g_autofree char *query = pif_dhcp_question_format(question);
    const PifAskQuestion asked = {question->id, question->is_boot_rom ? BOOT_ROM_URL : SYSTEM_URL,
                                  query};
    return pif_asker_ask(outside->asker, &asked);
}

/* Lost ones are lost: nobody waits for those who are told. */
static void send_datagrams(const PifOutside *outside, const char *text)
{
    for (guint i = 0; i < outside->listeners->len; i++)
        sendto(outside->udp, text, strlen(text), MSG_DONTWAIT,
               (const struct sockaddr *)&g_array_index(outside->listeners, struct sockaddr_in, i),
               sizeof(struct sockaddr_in));
}

static void post(const PifOutside *outside, const char *text)
{
    for (unsigned i = outside->first_hook; i < outside->n_urls; i++) {
        const PifAskQuestion told = {0, (uint8_t)i, text};
        if (!pif_asker_ask(outside->asker, &told))
            say_failure(outside, &(PifAskAnswer){.target = (uint8_t)i,
                                                 .text = "too much is waiting to be told"});
    }
}

void pif_outside_tell(const PifOutside *outside, const PifDhcpReply *reply)
{
    const char *name = pif_notice_name(reply);
    if (!name || (outside->listeners->len == 0 && outside->first_hook == outside->n_urls))
        return;
    g_autofree char *line = pif_notice_format_line(name, reply);
    g_autofree char *object = pif_notice_format_json(name, reply);
    send_datagrams(outside, line);
    post(outside, object);
}
