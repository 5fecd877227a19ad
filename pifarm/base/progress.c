// SPDX-License-Identifier: MIT
// The delayed progress line.
#include "pifarm/base/progress.h"

#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum {
    DELAY_US = 1000 * 1000,
    REDRAW_US = 100 * 1000,
    TICK_US = 1000 * 1000,
    LONG_US = 2000 * 1000, /* of a text: from then on its age is shown */
    DEFAULT_WIDTH = 80,
};

struct PifProgress {
    char *title;
    char *text;
    guint64 total_bytes;
    guint64 done_bytes;
    guint64 first_bytes; /* done before we began */
    gint64 started_us;
    gint64 drawn_us;
    gint64 text_us; /* when the text came */
    gboolean is_terminal;
};

PifProgress *pif_progress_new(const char *title, guint64 total_bytes)
{
    PifProgress *progress = g_new0(PifProgress, 1);
    progress->title = g_strdup(title);
    progress->total_bytes = total_bytes;
    progress->started_us = g_get_monotonic_time();
    progress->is_terminal = isatty(STDERR_FILENO);
    return progress;
}

void pif_progress_restart(PifProgress *progress, const char *title, guint64 done_bytes,
                          guint64 total_bytes)
{
    if (!progress)
        return;
    g_free(progress->title);
    progress->title = g_strdup(title);
    g_clear_pointer(&progress->text, g_free);
    progress->total_bytes = total_bytes;
    progress->done_bytes = progress->first_bytes = done_bytes;
    progress->started_us = g_get_monotonic_time();
}

void pif_progress_free(PifProgress *progress)
{
    if (!progress)
        return;
    if (progress->drawn_us)
        fputs("\r\033[K", stderr);
    g_free(progress->title);
    g_free(progress->text);
    g_free(progress);
}

static int terminal_width(void)
{
    struct winsize size;
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        return size.ws_col;
    return DEFAULT_WIDTH;
}

static char *format_bytes(const PifProgress *progress, gint64 now_us)
{
    guint64 elapsed_us = (guint64)(now_us - progress->started_us) + 1;
    g_autofree char *done = g_format_size_full(progress->done_bytes, G_FORMAT_SIZE_IEC_UNITS);
    guint64 ours = progress->done_bytes - MIN(progress->first_bytes, progress->done_bytes);
    g_autofree char *rate =
        g_format_size_full(ours * G_USEC_PER_SEC / elapsed_us, G_FORMAT_SIZE_IEC_UNITS);
    if (!progress->total_bytes)
        return g_strdup_printf("%s: %s, %s/s", progress->title, done, rate);
    return g_strdup_printf("%s: %3u %%, %s, %s/s", progress->title,
                           (unsigned)(progress->done_bytes * 100 / progress->total_bytes), done,
                           rate);
}

static char *format_text(const PifProgress *progress, gint64 now_us)
{
    gint64 age_us = now_us - progress->text_us;
    if (age_us < LONG_US)
        return g_strdup_printf("%s: %s", progress->title, progress->text);
    return g_strdup_printf("%s: %s (%d s)", progress->title, progress->text,
                           (int)(age_us / G_USEC_PER_SEC));
}

static void draw_when_due(PifProgress *progress)
{
    gint64 now_us = g_get_monotonic_time();
    if (!progress->is_terminal || now_us - progress->started_us < DELAY_US ||
        now_us - progress->drawn_us < REDRAW_US)
        return;
    progress->drawn_us = now_us;
    g_autofree char *line =
        progress->text ? format_text(progress, now_us) : format_bytes(progress, now_us);
    g_autofree char *fitting =
        g_utf8_substring(line, 0, MIN(g_utf8_strlen(line, -1), terminal_width() - 1));
    fprintf(stderr, "\r%s\033[K", fitting);
    fflush(stderr);
}

void pif_progress_set_bytes(PifProgress *progress, guint64 done_bytes)
{
    if (!progress)
        return;
    progress->done_bytes = done_bytes;
    draw_when_due(progress);
}

void pif_progress_set_text(PifProgress *progress, const char *text)
{
    if (!progress)
        return;
    g_free(progress->text);
    progress->text = g_strdup(text);
    progress->text_us = g_get_monotonic_time();
    draw_when_due(progress);
}

int pif_progress_next_tick_ms(const PifProgress *progress)
{
    if (!progress || !progress->is_terminal)
        return -1;
    gint64 due_us =
        progress->drawn_us ? progress->drawn_us + TICK_US : progress->started_us + DELAY_US;
    return (int)(MAX(due_us - g_get_monotonic_time(), 0) / 1000) + 1;
}

void pif_progress_tick(PifProgress *progress)
{
    if (progress)
        draw_when_due(progress);
}
