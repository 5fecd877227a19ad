// SPDX-License-Identifier: MIT
// pifarm-prepare: prepares one card image in a libguestfs appliance; a job on standard input, JSON
// lines on standard output.
#include "images/prepare/worker/steps.h"
#include "pifarm/base/error.h"
#include "pifarm/base/log.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

enum { MAX_JOB = 8 * 1024 * 1024 };

/* Ends the appliance; the call into libguestfs that waits for it then fails, and we tidy up and end
 * as after any failure. All that is ours is in our process group. */
static void on_terminate(int signal_number)
{
    signal(signal_number, SIG_IGN);
    kill(0, signal_number);
}

/* When our parent dies, that is a SIGTERM too, so that we leave nothing behind. */
static void lead_group(void)
{
    setpgid(0, 0);
    signal(SIGTERM, on_terminate);
    signal(SIGPIPE, SIG_IGN);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
}

static gboolean read_job(PifPrepareJob **ret_job, GError **error)
{
    g_autofree char *text = g_malloc0(MAX_JOB + 1);
    size_t size = fread(text, 1, MAX_JOB, stdin);
    if (ferror(stdin) || size == 0)
        return pif_error_set(error, PIF_ERROR_USAGE, "no job on the standard input");
    return pif_prepare_job_parse(text, ret_job, error);
}

static void say(const PifPrepareLine *line)
{
    g_autofree char *text = pif_prepare_line_format(line);
    puts(text);
    fflush(stdout);
}

static void say_note(const char *text)
{
    say(&(PifPrepareLine){PIF_PREPARE_NOTE, NULL, (char *)text, NULL});
}

static void say_step(const PifStep *step)
{
    say(&(PifPrepareLine){PIF_PREPARE_STEP, (char *)step->name, (char *)step->text, NULL});
}

static gboolean is_due(const PifStep *step, const PifGuest *guest)
{
    return (!step->key || pif_prepare_job_has(guest->job, step->key)) &&
           (!step->applies || step->applies(guest));
}

static void list_steps(const PifGuest *guest)
{
    for (const PifStep *step = pif_steps; step->name; step++)
        if (is_due(step, guest))
            say_step(step);
}

static gboolean run_steps(PifGuest *guest, GError **error)
{
    for (const PifStep *step = pif_steps; step->name; step++) {
        GError *failure = NULL;
        if (!is_due(step, guest))
            continue;
        say_step(step);
        if (!step->run(guest, &failure))
            return pif_error_take(error, failure, "step '%s'", step->name);
    }
    return TRUE;
}

static gboolean prepare(GError **error)
{
    g_autoptr(PifPrepareJob) job = NULL;
    g_auto(PifGuest) guest = {.note = say_note};
    if (!read_job(&job, error))
        return FALSE;
    guest.job = job;
    if (job->disk)
        return run_steps(&guest, error);
    list_steps(&guest);
    return TRUE;
}

int main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    pif_log_init("pifarm-prepare", 0);
    if (argc > 1) {
        fprintf(stderr, "pifarm-prepare: '%s': no arguments; a job as JSON on standard input\n",
                argv[1]);
        return PIF_ERROR_USAGE;
    }
    lead_group();
    gboolean is_ok = prepare(&error);
    say(&(PifPrepareLine){is_ok ? PIF_PREPARE_DONE : PIF_PREPARE_ERROR, NULL, NULL, error});
    return pif_error_exit_status(error);
}
