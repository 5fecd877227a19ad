// SPDX-License-Identifier: MIT
// The parent's side of pifarm-prepare.
#include "images/prepare/prepare-run.h"

#include "images/prepare/appliance.h"
#include "images/prepare/prepare-job.h"
#include "images/prepare/prepare-root.h"
#include "pifarm/base/command.h"
#include "pifarm/base/error.h"
#include "pifarm/base/file.h"

#include <errno.h>
#include <gio/gunixinputstream.h>
#include <poll.h>
#include <signal.h>
#include <string.h>

enum {
    LAUNCH_TIMEOUT_MS = 60 * 1000,    /* takes 5 to 10 s under TCG */
    STEP_TIMEOUT_MS = 10 * 60 * 1000, /* to grow a large file system on a busy host */
    END_TIMEOUT_MS = 10 * 1000,       /* from SIGTERM to the end of worker and appliance */
    LAUNCH_ATTEMPTS = 3,
    MAX_LINE = 64 * 1024,
    MAX_LOG = 64 * 1024,
};

/* A run in progress. */
typedef struct {
    GSubprocess *process;
    int output;      /* of the process; belongs to it */
    GString *unread; /* of its output, not yet a whole line */
    char *log;       /* its standard error */
    char *step;      /* the one that is being done */
    int launch_timeout_ms;
    PifProgress *progress;
    GPtrArray *notes;
} Run;

static void run_clear(Run *run)
{
    g_clear_object(&run->process);
    if (run->unread)
        g_string_free(run->unread, TRUE);
    if (run->log)
        unlink(run->log);
    g_free(run->log);
    g_free(run->step);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Run, run_clear)

static gboolean is_launching(const Run *run)
{
    return !run->step || g_str_equal(run->step, PIF_PREPARE_LAUNCH);
}

/* SIGTERM lets the worker take the appliance down and tidy up; what does not listen is killed. */
static void end(Run *run)
{
    g_subprocess_send_signal(run->process, SIGTERM);
    struct pollfd output = {.fd = run->output, .events = POLLIN};
    char rest[4096];
    while (poll(&output, 1, END_TIMEOUT_MS) > 0 && read(run->output, rest, sizeof rest) > 0)
        continue;
    g_subprocess_force_exit(run->process);
    g_subprocess_wait(run->process, NULL, NULL);
}

static gboolean start(Run *run, const char *job, GError **error)
{
    g_autofree char *program = pif_command_find_own("pifarm-prepare");
    g_autoptr(PifCommand) command = pif_command_new(program, NULL);
    g_autoptr(GBytes) input = g_bytes_new(job, strlen(job));
    if (!pif_appliance_set_kernel(command, error))
        return FALSE;
    pif_command_set_input(command, input);
    pif_command_set_log_file(command, run->log);
    run->process = pif_command_start_piped(command, error);
    if (!run->process)
        return FALSE;
    GInputStream *output = g_subprocess_get_stdout_pipe(run->process);
    run->output = g_unix_input_stream_get_fd(G_UNIX_INPUT_STREAM(output));
    return TRUE;
}

/* What the worker, and what it started, wrote to standard error; on one line. Free it. */
static char *read_log(const Run *run)
{
    char *log = NULL;
    if (!pif_file_read(run->log, MAX_LOG, &log, NULL, NULL))
        return g_strdup("");
    return g_strdelimit(g_strstrip(log), "\n", ' ');
}

/* The output ended without a word on how it went: a crash, or a missing library. */
static gboolean set_crash_error(Run *run, GError **error)
{
    g_subprocess_wait(run->process, NULL, NULL);
    g_autofree char *log = read_log(run);
    if (g_subprocess_get_if_signaled(run->process))
        return pif_error_set(error, PIF_ERROR_EXTERNAL, "pifarm-prepare was killed by signal %d %s",
                             g_subprocess_get_term_sig(run->process), log);
    return pif_error_set(error, PIF_ERROR_EXTERNAL,
                         "pifarm-prepare ended too early, with exit status %d %s",
                         g_subprocess_get_exit_status(run->process), log);
}

/* Why the appliance did not start, only the programs know that build and run it. */
static gboolean set_step_error(Run *run, const GError *said, GError **error)
{
    g_autofree char *log = read_log(run);
    if (is_launching(run) && *log)
        return pif_error_set(error, said->code, "%s; %s", said->message, log);
    return pif_error_set(error, said->code, "%s", said->message);
}

/* As poll(2), while the progress line tells that time passes. */
static int wait_for_output(Run *run, int timeout_ms)
{
    struct pollfd output = {.fd = run->output, .events = POLLIN};
    gint64 deadline_us = g_get_monotonic_time() + (gint64)timeout_ms * 1000;
    for (;;) {
        int left_ms = (int)(MAX(deadline_us - g_get_monotonic_time(), 0) / 1000);
        int tick_ms = pif_progress_next_tick_ms(run->progress);
        gboolean is_last = tick_ms < 0 || tick_ms >= left_ms;
        int count = poll(&output, 1, is_last ? left_ms : tick_ms);
        if (count != 0 || is_last)
            return count;
        pif_progress_tick(run->progress);
    }
}

/* The next whole line. Free it. TIMEOUT when none comes in time. */
static char *read_line(Run *run, GError **error)
{
    int timeout_ms = is_launching(run) ? run->launch_timeout_ms : STEP_TIMEOUT_MS;
    char *newline;
    while (!(newline = memchr(run->unread->str, '\n', run->unread->len))) {
        char bytes[4096];
        int count = wait_for_output(run, timeout_ms);
        if (count < 0 && errno == EINTR)
            continue;
        if (count == 0) {
            pif_error_set(error, PIF_ERROR_TIMEOUT, "%s took longer than %d s",
                          is_launching(run) ? "starting the libguestfs appliance" : run->step,
                          timeout_ms / 1000);
            return NULL;
        }
        ssize_t size = read(run->output, bytes, sizeof bytes);
        if (size <= 0 || run->unread->len > MAX_LINE) {
            set_crash_error(run, error);
            return NULL;
        }
        g_string_append_len(run->unread, bytes, size);
    }
    char *line = g_strndup(run->unread->str, (gsize)(newline - run->unread->str));
    g_string_erase(run->unread, 0, newline - run->unread->str + 1);
    return line;
}

static gboolean follow(Run *run, GError **error)
{
    for (;;) {
        g_auto(PifPrepareLine) line = {0};
        g_autofree char *text = read_line(run, error);
        if (!text || !pif_prepare_line_parse(text, &line, error))
            return FALSE;
        switch (line.says) {
        case PIF_PREPARE_STEP:
            g_free(run->step);
            run->step = g_steal_pointer(&line.step);
            pif_progress_set_text(run->progress, line.text);
            break;
        case PIF_PREPARE_NOTE:
            g_info("%s", line.text);
            if (run->notes)
                g_ptr_array_add(run->notes, g_steal_pointer(&line.text));
            break;
        case PIF_PREPARE_DONE:
            return TRUE;
        case PIF_PREPARE_ERROR:
            return set_step_error(run, line.error, error);
        }
    }
}

/* ret_is_final: whether another attempt would make no difference, since the worker could not start
 * or the appliance did come up. */
static gboolean run_once(const char *job, const char *log, const PifPrepareOptions *options,
                         gboolean *ret_is_final, GError **error)
{
    g_auto(Run) run = {
        .unread = g_string_new(NULL),
        .log = g_strdup(log),
        .launch_timeout_ms = LAUNCH_TIMEOUT_MS,
    };
    if (options && options->launch_timeout_ms > 0)
        run.launch_timeout_ms = options->launch_timeout_ms;
    if (options) {
        run.progress = options->progress;
        run.notes = options->notes;
    }
    *ret_is_final = TRUE;
    if (!start(&run, job, error))
        return FALSE;
    gboolean is_ok = follow(&run, error);
    *ret_is_final = !is_launching(&run);
    end(&run);
    return is_ok;
}

gboolean pif_prepare_run(PifPrepareJob *job, const PifPrepareOptions *options, GError **error)
{
    g_autofree char *log = g_strconcat(job->disk, ".log", NULL);
    job->is_accelerated = pif_appliance_may_use_kvm();
    for (int attempt = 1;; attempt++) {
        GError *failure = NULL;
        gboolean is_final;
        g_autofree char *text = pif_prepare_job_format(job);
        if (run_once(text, log, options, &is_final, &failure))
            return TRUE;
        gboolean has_hung = g_error_matches(failure, PIF_ERROR, PIF_ERROR_TIMEOUT);
        if (is_final || (!job->is_accelerated && (!has_hung || attempt >= LAUNCH_ATTEMPTS))) {
            g_propagate_error(error, failure);
            return FALSE;
        }
        if (job->is_accelerated)
            pif_appliance_set_kvm_failed();
        job->is_accelerated = FALSE;
        g_info("%s; trying again", failure->message);
        g_error_free(failure);
    }
}

/* The worker has the table of steps, and needs no appliance to read it. */
gboolean pif_prepare_list_steps(const PifPrepareSpec *spec, GPtrArray *steps, GError **error)
{
    PifPrepareJob job = {.plan = pif_prepare_spec_check(spec, error) ? pif_prepare_plan(spec, error)
                                                                     : NULL};
    if (!job.plan)
        return FALSE;
    g_autofree char *output = NULL;
    g_autofree char *text = pif_prepare_job_format(&job);
    g_autofree char *program = pif_command_find_own("pifarm-prepare");
    g_autoptr(PifCommand) command = pif_command_new(program, NULL);
    g_autoptr(GBytes) input = g_bytes_new(text, strlen(text));
    json_decref(job.plan);
    pif_command_set_input(command, input);
    if (!pif_command_run(command, &output, error))
        return FALSE;
    g_auto(GStrv) lines = g_strsplit(g_strchomp(output), "\n", -1);
    for (char **at = lines; *at; at++) {
        g_auto(PifPrepareLine) line = {0};
        if (!pif_prepare_line_parse(*at, &line, error))
            return FALSE;
        if (line.says != PIF_PREPARE_STEP)
            continue;
        g_ptr_array_add(steps, g_steal_pointer(&line.step));
        g_ptr_array_add(steps, g_steal_pointer(&line.text));
    }
    pif_prepare_list_commands(spec, steps);
    return TRUE;
}
