// SPDX-License-Identifier: MIT
// One line on the terminal that shows how far a long task has come; nothing for short tasks or
// without a terminal.
#pragma once

#include <glib.h>

typedef struct PifProgress PifProgress;

/* total_bytes 0: unknown. Nothing is drawn before one second has passed, nor when standard error is
 * no terminal. */
PifProgress *pif_progress_new(const char *title, guint64 total_bytes);
/* Goes on with another task, some of which may be done already (a download that is resumed). */
void pif_progress_restart(PifProgress *progress, const char *title, guint64 done_bytes,
                          guint64 total_bytes);
/* Clears the line. */
void pif_progress_free(PifProgress *progress);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PifProgress, pif_progress_free)

/* Cheap: redraws ten times a second at most. NULL progress is allowed and does nothing. */
void pif_progress_set_bytes(PifProgress *progress, guint64 done_bytes);
/* Free text instead of bytes: "prepare debian: growing the file system". */
void pif_progress_set_text(PifProgress *progress, const char *text);

/* For who waits with nothing new to tell: milliseconds until pif_progress_tick should be called, to
 * show a text that came too early for a line, and how long it has been; -1: not at all. */
int pif_progress_next_tick_ms(const PifProgress *progress);
void pif_progress_tick(PifProgress *progress);
