// SPDX-License-Identifier: MIT
// Waits for a kernel's last words on the console and, some seconds later, asks what they meant.
#include "pifarm/daemon/guest-watch.h"

#include "pifarm/daemon/tail.h"
#include "pifarm/machine/hypervisor.h"

#include <string.h>

/* All that Linux says at its end has one of these in it (kernel/reboot.c,
 * arch/arm64/kernel/process.c). */
static const char *const last_words[] = {"reboot: ", "Reboot failed -- "};

/* Time between a kernel's last words and its machine's end, where the machine ends. */
enum { GRACE_MS = 3000, LINE_MAX_LENGTH = 512 };

struct PifGuestWatch {
    char *console_log;
    PifTail *tail;
    PifGuestEndFunc on_end;
    gpointer data;
    guint timer;
    GString *line; /* the one being received */
};

static gboolean on_grace_over(gpointer data)
{
    PifGuestWatch *watch = data;
    watch->timer = 0;
    watch->on_end(pif_machine_guess_ending(watch->console_log) == PIF_MACHINE_REBOOTED,
                  watch->data);
    return G_SOURCE_REMOVE;
}

static gboolean are_last_words(const char *line)
{
    for (size_t i = 0; i < G_N_ELEMENTS(last_words); i++)
        if (strstr(line, last_words[i]))
            return TRUE;
    return FALSE;
}

static void end_line(PifGuestWatch *watch)
{
    if (are_last_words(watch->line->str))
        watch->timer = g_timeout_add(GRACE_MS, on_grace_over, watch);
    g_string_truncate(watch->line, 0);
}

static void on_bytes(const char *bytes, gsize size, gpointer data)
{
    PifGuestWatch *watch = data;
    for (gsize i = 0; i < size; i++) {
        /* what is followed by more were not the last words, but somebody's who reads an old log */
        g_clear_handle_id(&watch->timer, g_source_remove);
        if (bytes[i] == '\n')
            end_line(watch);
        else if (watch->line->len < LINE_MAX_LENGTH)
            g_string_append_c(watch->line, bytes[i]);
    }
}

PifGuestWatch *pif_guest_watch_start(const char *console_log, PifGuestEndFunc on_end, gpointer data)
{
    PifGuestWatch *watch = g_new0(PifGuestWatch, 1);
    watch->console_log = g_strdup(console_log);
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
    g_free(watch->console_log);
    g_free(watch);
}
