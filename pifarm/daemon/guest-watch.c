// SPDX-License-Identifier: MIT
// The kernel's words at its end: linux/kernel/reboot.c, kernel_halt(), kernel_power_off(),
// kernel_restart().
#include "pifarm/daemon/guest-watch.h"

#include "pifarm/daemon/tail.h"

#include <stdio.h>
#include <string.h>

/* Time between a kernel's last words and its machine's end, where the machine ends. */
enum { GRACE_MS = 3000, LINE_MAX_LENGTH = 512, LOG_END = 4096 };

struct PifGuestWatch {
    PifTail *tail;
    PifGuestEndFunc on_end;
    gpointer data;
    guint timer;
    char meaning;
    GString *line; /* the one being received */
};

static const struct {
    const char *words;
    char meaning;
} last_words[] = {
    {"reboot: Power down", 'p'},
    {"reboot: System halted", 'p'},
    {"reboot: Restarting system", 'r'},
};

char pif_guest_line_meaning(const char *line)
{
    for (size_t i = 0; i < G_N_ELEMENTS(last_words); i++)
        if (strstr(line, last_words[i].words))
            return last_words[i].meaning;
    return 0;
}

static gboolean on_grace_over(gpointer data)
{
    PifGuestWatch *watch = data;
    watch->timer = 0;
    watch->on_end(watch->meaning == 'r', watch->data);
    return G_SOURCE_REMOVE;
}

static void end_line(PifGuestWatch *watch)
{
    char meaning = pif_guest_line_meaning(watch->line->str);
    g_string_truncate(watch->line, 0);
    if (!meaning || watch->timer)
        return;
    watch->meaning = meaning;
    watch->timer = g_timeout_add(GRACE_MS, on_grace_over, watch);
}

static void on_bytes(const char *bytes, gsize size, gpointer data)
{
    PifGuestWatch *watch = data;
    for (gsize i = 0; i < size; i++) {
        if (bytes[i] == '\n')
            end_line(watch);
        else if (watch->line->len < LINE_MAX_LENGTH)
            g_string_append_c(watch->line, bytes[i]);
    }
}

PifGuestWatch *pif_guest_watch_start(const char *console_log, PifGuestEndFunc on_end, gpointer data)
{
    PifGuestWatch *watch = g_new0(PifGuestWatch, 1);
    watch->on_end = on_end;
    watch->data = data;
    watch->line = g_string_new(NULL);
    watch->tail = pif_tail_start(console_log, 0, on_bytes, watch);
    return watch;
}

void pif_guest_watch_free(PifGuestWatch *watch)
{
    if (!watch)
        return;
    g_clear_handle_id(&watch->timer, g_source_remove);
    pif_tail_free(watch->tail);
    g_string_free(watch->line, TRUE);
    g_free(watch);
}

gboolean pif_guest_log_ends_in_power_off(const char *console_log)
{
    char end[LOG_END + 1];
    char meaning = 0;
    FILE *file = fopen(console_log, "re");
    if (!file)
        return FALSE;
    if (fseek(file, -LOG_END, SEEK_END) < 0)
        rewind(file);
    while (fgets(end, sizeof end, file)) {
        char of_line = pif_guest_line_meaning(end);
        meaning = of_line ? of_line : meaning;
    }
    fclose(file);
    return meaning == 'p';
}
