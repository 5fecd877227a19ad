// SPDX-License-Identifier: MIT
// Names as people type them: lower-case words joined by hyphens.
#pragma once

#include <glib.h>

/* "Raspberry Pi OS Lite (64-bit)" -> "raspberry-pi-os-lite-64-bit". Free it. */
char *pif_slug_make(const char *text);
/* Whether every word of wanted is a word of slug; or, with parts, a part of one. */
gboolean pif_slug_has_words(const char *slug, const char *wanted, gboolean parts);
