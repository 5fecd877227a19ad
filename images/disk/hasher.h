// SPDX-License-Identifier: MIT
// SHA-256 of a stream of bytes, on a thread of its own while the caller reads and writes.
#pragma once

#include <glib.h>

typedef struct PifHasher PifHasher;

PifHasher *pif_hasher_new(void);
void pif_hasher_free(PifHasher *hasher);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PifHasher, pif_hasher_free)

/* The bytes are copied; waits when the hasher is far behind. */
void pif_hasher_add(PifHasher *hasher, const void *data, gsize size);
void pif_hasher_add_zeros(PifHasher *hasher, guint64 count);

/* The 64 hex digits; nothing can be added after that. Free it. */
char *pif_hasher_finish(PifHasher *hasher);
