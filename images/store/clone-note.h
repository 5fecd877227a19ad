// SPDX-License-Identifier: MIT
// What was last written into a clone, kept beside it: to ask this takes no look into the clone.
#pragma once

#include <glib.h>

/* Whether text was the last that was noted of this very file. */
gboolean pif_clone_has_note(const char *clone, const char *text);
/* Readers see this note or the one before. */
gboolean pif_clone_write_note(const char *clone, const char *text, GError **error);
void pif_clone_remove_note(const char *clone);
