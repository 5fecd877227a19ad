// SPDX-License-Identifier: MIT
// Two connections joined into one.
#pragma once

#include <gio/gio.h>

/* Copies what either connection receives to the other, in the thread-default main context, until
 * both directions have ended. The end of one (half-close) is passed on, and the other goes on.
 * Holds a few kilobytes at most: who sends faster than the other end reads has to wait. Cancelling
 * ends both at once, and so does a failure in one of them, by cancelling: each splice needs a
 * cancellable of its own. Calls done when both have ended; the caller then drops the connections,
 * which closes them. */
void pif_splice_start(GSocketConnection *a, GSocketConnection *b, GCancellable *cancellable,
                      void (*done)(gpointer data), gpointer data);
