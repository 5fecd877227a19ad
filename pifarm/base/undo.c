// SPDX-License-Identifier: MIT
// The undo stack.
#include "pifarm/base/undo.h"

typedef struct {
    PifUndoStep step;
    gpointer data;
    GDestroyNotify free_data;
} Entry;

struct PifUndo {
    GArray *entries;
};

PifUndo *pif_undo_new(void)
{
    PifUndo *undo = g_new0(PifUndo, 1);
    undo->entries = g_array_new(FALSE, FALSE, sizeof(Entry));
    return undo;
}

void pif_undo_push(PifUndo *undo, PifUndoStep step, gpointer data, GDestroyNotify free_data)
{
    g_array_append_val(undo->entries, ((Entry){step, data, free_data}));
}

static void drop_entries(PifUndo *undo, gboolean take_back)
{
    for (guint i = undo->entries->len; i > 0; i--) {
        Entry *entry = &g_array_index(undo->entries, Entry, i - 1);
        if (take_back)
            entry->step(entry->data);
        if (entry->free_data)
            entry->free_data(entry->data);
    }
    g_array_set_size(undo->entries, 0);
}

void pif_undo_commit(PifUndo *undo)
{
    drop_entries(undo, FALSE);
}

void pif_undo_free(PifUndo *undo)
{
    if (!undo)
        return;
    drop_entries(undo, TRUE);
    g_array_unref(undo->entries);
    g_free(undo);
}
