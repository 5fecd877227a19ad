// SPDX-License-Identifier: MIT
// Follows a growing file, also over its replacement by a new one of the same name.
#pragma once

#include <glib.h>

typedef struct PifTail PifTail;
typedef void (*PifTailFunc)(const char *bytes, gsize size, gpointer data);

/* Calls on_bytes in the main context with what the file has from offset on and with what is
 * appended. An offset below 0 counts from the end. The file need not exist yet; its folder must.
 * on_bytes must not free the tail. */
PifTail *pif_tail_start(const char *path, gint64 offset, PifTailFunc on_bytes, gpointer data);
void pif_tail_free(PifTail *tail);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PifTail, pif_tail_free)
