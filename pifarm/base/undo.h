// SPDX-License-Identifier: MIT
// A stack of undo steps: push one after each change to the host; freeing the stack runs them
// backwards.
#pragma once

#include <glib.h>

typedef struct PifUndo PifUndo;
typedef void (*PifUndoStep)(gpointer data);

PifUndo *pif_undo_new(void);
/* step(data) is run when the changes are taken back; free_data (may be NULL) frees data in either
 * case. */
void pif_undo_push(PifUndo *undo, PifUndoStep step, gpointer data, GDestroyNotify free_data);
/* All went well: forget the steps. */
void pif_undo_commit(PifUndo *undo);
/* Runs what has not been committed, last first. */
void pif_undo_free(PifUndo *undo);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PifUndo, pif_undo_free)
