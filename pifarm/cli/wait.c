// SPDX-License-Identifier: MIT
// Waiting: the daemon's events drive it, and for ping and console a child or stream a node besides.
#include "pifarm/cli/wait.h"
#include "pifarm/cli/net-command.h"

#include "pifarm/base/command.h"
#include "pifarm/base/error.h"
#include "pifarm/base/progress.h"

#include <string.h>

/* Times that a daemon that dies under us is started again. */
enum { MAX_RECONNECTS = 5, MAX_CONSOLE_TEXT = 1024 * 1024, SHOWN_NODES = 4 };

typedef struct Waiter Waiter;

typedef struct {
    Waiter *waiter;
    const PifNode *node;
    PifStage stage;
    gboolean has_reached;
    char *failure;       /* why it never will; NULL: it may yet */
    GCancellable *watch; /* of the ping or the console stream */
    GInputStream *console;
    GString *console_text;
    char chunk[4096];
} Target;

struct Waiter {
    const PifFarm *farm;
    const PifGoal *goal;
    PifClient *client;
    GPtrArray *targets; /* Target* */
    GDataInputStream *events;
    GCancellable *events_watch;
    GMainLoop *loop;
    PifProgress *progress;
    unsigned reconnects;
    gboolean has_timed_out;
    GError *failure; /* of the waiting itself */
};

gboolean pif_goal_parse(const char *text, PifGoal *ret_goal, GError **error)
{
    PifGoal goal = {.kind = PIF_GOAL_SSH};
    if (text && g_str_has_prefix(text, "console:")) {
        GError *failure = NULL;
        goal.kind = PIF_GOAL_CONSOLE;
        goal.regex = g_regex_new(text + strlen("console:"), G_REGEX_MULTILINE, 0, &failure);
        if (!goal.regex) {
            pif_error_set(error, PIF_ERROR_USAGE, "cannot wait for '%s': %s", text,
                          failure->message);
            g_error_free(failure);
            return FALSE;
        }
    } else if (g_strcmp0(text, "ping") == 0) {
        goal.kind = PIF_GOAL_PING;
    } else if (text && *text && !g_str_equal(text, "ssh")) {
        return pif_error_set(error, PIF_ERROR_USAGE,
                             "cannot wait for '%s'; known: ssh, ping, console:REGEX", text);
    }
    *ret_goal = goal;
    return TRUE;
}

void pif_goal_clear(PifGoal *goal)
{
    g_clear_pointer(&goal->regex, g_regex_unref);
}

static void end_watch(Target *target)
{
    if (target->watch)
        g_cancellable_cancel(target->watch);
    g_clear_object(&target->watch);
    g_clear_object(&target->console);
}

static void target_free(gpointer data)
{
    Target *target = data;
    end_watch(target);
    g_string_free(target->console_text, TRUE);
    g_free(target->failure);
    g_free(target);
}

static gboolean is_settled(const Target *target)
{
    return target->has_reached || target->failure;
}

static void quit_when_all_settled(Waiter *waiter)
{
    for (guint i = 0; i < waiter->targets->len; i++)
        if (!is_settled(g_ptr_array_index(waiter->targets, i)))
            return;
    g_main_loop_quit(waiter->loop);
}

static const char *describe(const Target *target)
{
    PifGoalKind goal = target->waiter->goal->kind;
    return target->failure ? "failed"
           : target->has_reached && goal != PIF_GOAL_SSH && goal != PIF_GOAL_STARTED
               ? "there"
               : pif_stage_name(target->stage);
}

/* "n1 booting, n2 ready", or for many nodes "3 booting, 13 ready". */
static void show_progress(Waiter *waiter)
{
    g_autoptr(GString) text = g_string_new(NULL);
    unsigned counts[PIF_N_STAGES] = {0};
    for (guint i = 0; i < waiter->targets->len; i++) {
        const Target *target = g_ptr_array_index(waiter->targets, i);
        counts[target->stage]++;
        if (waiter->targets->len <= SHOWN_NODES)
            g_string_append_printf(text, "%s%s %s", i ? ", " : "", target->node->name,
                                   describe(target));
    }
    for (int stage = 0; stage < PIF_N_STAGES && waiter->targets->len > SHOWN_NODES; stage++)
        if (counts[stage])
            g_string_append_printf(text, "%s%u %s", text->len ? ", " : "", counts[stage],
                                   pif_stage_name((PifStage)stage));
    pif_progress_set_text(waiter->progress, text->str);
}

static gboolean redraw(gpointer waiter)
{
    show_progress(waiter);
    return G_SOURCE_CONTINUE;
}

static void reach(Target *target)
{
    target->has_reached = TRUE;
    end_watch(target);
    quit_when_all_settled(target->waiter);
}

static void give_up(Target *target, const char *format, ...) G_GNUC_PRINTF(2, 3);
static void give_up(Target *target, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    target->failure = g_strdup_vprintf(format, args);
    va_end(args);
    end_watch(target);
    quit_when_all_settled(target->waiter);
}

static gboolean is_reached(PifGoalKind goal, PifStage stage)
{
    switch (goal) {
    case PIF_GOAL_SSH:
        return stage == PIF_STAGE_READY;
    case PIF_GOAL_STARTED:
        return pif_stage_has_machine(stage) || stage == PIF_STAGE_HALTED;
    case PIF_GOAL_OFF:
        return !pif_stage_is_on(stage);
    case PIF_GOAL_PING:
    case PIF_GOAL_CONSOLE:
        return FALSE; /* their own watches tell */
    }
    g_assert_not_reached();
}

static void set_stage(Target *target, PifStage stage, const char *detail)
{
    const char *separator = detail && *detail ? ": " : "";
    target->stage = stage;
    if (is_settled(target))
        return;
    if (is_reached(target->waiter->goal->kind, stage))
        reach(target);
    else if (!pif_stage_is_on(stage))
        give_up(target, "%s: %s%s%s", target->node->name, pif_stage_name(stage), separator,
                detail ? detail : "");
}

static Target *find_target(Waiter *waiter, const char *name)
{
    for (guint i = 0; name && i < waiter->targets->len; i++) {
        Target *target = g_ptr_array_index(waiter->targets, i);
        if (g_str_equal(target->node->name, name))
            return target;
    }
    return NULL;
}

static void take_event(Waiter *waiter, const char *line)
{
    json_t *json = json_loads(line, 0, NULL);
    const char *node = NULL, *kind = NULL, *text = NULL;
    PifStage stage;
    if (json_unpack(json, "{s:s, s:s, s:s}", "node", &node, "kind", &kind, "text", &text) == 0) {
        Target *target = find_target(waiter, node);
        if (target && pif_stage_parse(kind, &stage))
            set_stage(target, stage, text);
    }
    json_decref(json);
    show_progress(waiter);
}

static gboolean connect_to_daemon(Waiter *waiter, GError **error);

/* A daemon that dies under us is started again, a few times. */
static gboolean connect_patiently(Waiter *waiter, GError **error)
{
    for (;;) {
        GError *failure = NULL;
        g_clear_object(&waiter->events);
        g_clear_pointer(&waiter->client, pif_client_free);
        if (connect_to_daemon(waiter, &failure))
            return TRUE;
        if (waiter->reconnects++ >= MAX_RECONNECTS ||
            !g_error_matches(failure, PIF_ERROR, PIF_ERROR_PROTOCOL)) {
            g_propagate_error(error, failure);
            return FALSE;
        }
        g_error_free(failure);
    }
}

static void reconnect(Waiter *waiter)
{
    waiter->reconnects++;
    if (!connect_patiently(waiter, &waiter->failure))
        g_main_loop_quit(waiter->loop);
}

static void on_event_line(GObject *source, GAsyncResult *result, gpointer data)
{
    g_autoptr(GError) failure = NULL;
    g_autofree char *line =
        g_data_input_stream_read_line_finish(G_DATA_INPUT_STREAM(source), result, NULL, &failure);
    if (g_error_matches(failure, G_IO_ERROR, G_IO_ERROR_CANCELLED))
        return;
    Waiter *waiter = data;
    if (!line) {
        reconnect(waiter);
        return;
    }
    take_event(waiter, line);
    g_data_input_stream_read_line_async(waiter->events, G_PRIORITY_DEFAULT, waiter->events_watch,
                                        on_event_line, waiter);
}

static void on_ping_done(GObject *source, GAsyncResult *result, gpointer data)
{
    (void)source;
    g_autoptr(GError) failure = NULL;
    pif_command_run_finish(NULL, result, NULL, &failure);
    if (!failure)
        reach(data);
    else if (!strstr(failure->message, "Operation was cancelled")) /* then the target is gone */
        give_up(data, "%s: %s", ((Target *)data)->node->name, failure->message);
}

/* ping's own -c 1 with a long -w goes on until the first answer. */
static void start_ping(Target *target)
{
    g_autofree char *address = pif_ipv4_format(target->node->address);
    g_autoptr(PifCommand) command = pif_net_command("ping", target->waiter->farm);
    pif_command_add_vector(command, (const char *const[]){"-n", "-q", "-i", "0.2", "-c", "1", "-w",
                                                          "86400", address, NULL});
    target->watch = g_cancellable_new();
    pif_command_run_async(command, target->watch, on_ping_done, target);
}

static void on_console_text(GObject *source, GAsyncResult *result, gpointer data)
{
    g_autoptr(GError) failure = NULL;
    gssize got = g_input_stream_read_finish(G_INPUT_STREAM(source), result, &failure);
    if (g_error_matches(failure, G_IO_ERROR, G_IO_ERROR_CANCELLED) || got <= 0)
        return; /* a dead daemon is noticed at its events */
    Target *target = data;
    g_string_append_len(target->console_text, target->chunk, got);
    g_autofree char *text =
        g_utf8_make_valid(target->console_text->str, (gssize)target->console_text->len);
    if (g_regex_match(target->waiter->goal->regex, text, 0, NULL)) {
        reach(target);
        return;
    }
    if (target->console_text->len > MAX_CONSOLE_TEXT)
        g_string_erase(target->console_text, 0, MAX_CONSOLE_TEXT / 2);
    g_input_stream_read_async(target->console, target->chunk, sizeof target->chunk,
                              G_PRIORITY_DEFAULT, target->watch, on_console_text, target);
}

static gboolean start_console(Target *target, GError **error)
{
    g_autofree char *path = g_strdup_printf("/v1/nodes/%s/log?follow=1", target->node->name);
    target->console = pif_client_open_stream(target->waiter->client, path, error);
    if (!target->console)
        return FALSE;
    g_string_truncate(target->console_text, 0);
    target->watch = g_cancellable_new();
    g_input_stream_read_async(target->console, target->chunk, sizeof target->chunk,
                              G_PRIORITY_DEFAULT, target->watch, on_console_text, target);
    return TRUE;
}

static gboolean start_watch(Target *target, GError **error)
{
    end_watch(target);
    if (is_settled(target))
        return TRUE;
    if (target->waiter->goal->kind == PIF_GOAL_PING)
        start_ping(target);
    if (target->waiter->goal->kind == PIF_GOAL_CONSOLE)
        return start_console(target, error);
    return TRUE;
}

static gboolean read_stages(Waiter *waiter, GError **error)
{
    json_t *json = NULL;
    g_autoptr(GArray) nodes = pif_client_get_nodes(waiter->client, &json, error);
    if (!nodes)
        return FALSE;
    for (guint i = 0; i < nodes->len; i++) {
        const PifNodeStatus *status = &g_array_index(nodes, PifNodeStatus, i);
        Target *target = find_target(waiter, status->name);
        if (target)
            set_stage(target, status->stage, status->detail);
    }
    json_decref(json);
    return TRUE;
}

/* Events first, stages then: what happens in between is in both. */
static gboolean connect_to_daemon(Waiter *waiter, GError **error)
{
    if (!pif_client_connect(waiter->farm, TRUE, &waiter->client, error))
        return FALSE;
    g_autoptr(GInputStream) stream =
        pif_client_open_stream(waiter->client, "/v1/events?follow=1", error);
    if (!stream || !read_stages(waiter, error))
        return FALSE;
    for (guint i = 0; i < waiter->targets->len; i++)
        if (!start_watch(g_ptr_array_index(waiter->targets, i), error))
            return FALSE;
    waiter->events = g_data_input_stream_new(stream);
    g_data_input_stream_read_line_async(waiter->events, G_PRIORITY_DEFAULT, waiter->events_watch,
                                        on_event_line, waiter);
    return TRUE;
}

static gboolean on_timeout(gpointer data)
{
    Waiter *waiter = data;
    waiter->has_timed_out = TRUE;
    g_main_loop_quit(waiter->loop);
    return G_SOURCE_CONTINUE;
}

static gboolean set_timeout_error(Waiter *waiter, unsigned timeout_s, GError **error)
{
    g_autoptr(GString) late = g_string_new(NULL);
    const char *first = NULL;
    for (guint i = 0; i < waiter->targets->len; i++) {
        const Target *target = g_ptr_array_index(waiter->targets, i);
        if (is_settled(target))
            continue;
        first = first ? first : target->node->name;
        g_string_append_printf(late, "%s%s (%s)", late->len ? ", " : "", target->node->name,
                               pif_stage_name(target->stage));
    }
    return pif_error_set(error, PIF_ERROR_TIMEOUT,
                         "after %u s still waiting for %s; its console: pifarm log %s", timeout_s,
                         late->str, first);
}

static gboolean judge(Waiter *waiter, unsigned timeout_s, GError **error)
{
    g_autoptr(GString) failures = g_string_new(NULL);
    if (waiter->failure) {
        g_propagate_error(error, g_steal_pointer(&waiter->failure));
        return FALSE;
    }
    for (guint i = 0; i < waiter->targets->len; i++) {
        const Target *target = g_ptr_array_index(waiter->targets, i);
        if (target->failure)
            g_string_append_printf(failures, "%s%s", failures->len ? "; " : "", target->failure);
    }
    if (failures->len)
        return pif_error_set(error, PIF_ERROR_EXTERNAL, "%s", failures->str);
    return !waiter->has_timed_out || set_timeout_error(waiter, timeout_s, error);
}

static void run_until_settled(Waiter *waiter, unsigned timeout_s)
{
    guint timer = g_timeout_add_seconds(timeout_s, on_timeout, waiter);
    guint redraw_timer = g_timeout_add(500, redraw, waiter);
    gboolean is_settled_already = TRUE;
    for (guint i = 0; i < waiter->targets->len; i++)
        is_settled_already &= is_settled(g_ptr_array_index(waiter->targets, i));
    if (!is_settled_already)
        g_main_loop_run(waiter->loop);
    g_source_remove(timer);
    g_source_remove(redraw_timer);
}

gboolean pif_wait_for(const PifFarm *farm, const GPtrArray *nodes, const PifGoal *goal,
                      unsigned timeout_s, GError **error)
{
    g_autoptr(GMainLoop) loop = g_main_loop_new(NULL, FALSE);
    g_autoptr(GPtrArray) targets = g_ptr_array_new_with_free_func(target_free);
    g_autoptr(GCancellable) events_watch = g_cancellable_new();
    g_autoptr(PifProgress) progress = pif_progress_new("waiting", 0);
    Waiter waiter = {.farm = farm,
                     .goal = goal,
                     .targets = targets,
                     .loop = loop,
                     .progress = progress,
                     .events_watch = events_watch};
    for (guint i = 0; i < nodes->len; i++) {
        Target *target = g_new0(Target, 1);
        target->waiter = &waiter;
        target->node = g_ptr_array_index(nodes, i);
        target->console_text = g_string_new(NULL);
        g_ptr_array_add(targets, target);
    }
    gboolean is_ok = connect_patiently(&waiter, error);
    if (is_ok) {
        run_until_settled(&waiter, timeout_s);
        is_ok = judge(&waiter, timeout_s, error);
    }
    g_cancellable_cancel(events_watch);
    for (guint i = 0; i < targets->len; i++)
        end_watch(g_ptr_array_index(targets, i));
    while (g_main_context_iteration(NULL, FALSE)) {
        /* cancelled reads end here, while what they point to is still there */
    }
    g_clear_object(&waiter.events);
    g_clear_pointer(&waiter.client, pif_client_free);
    return is_ok;
}
