// SPDX-License-Identifier: MIT
// SHA-256 by nettle, which uses the CPU's own instructions for it: GLib's takes four times as long.
#pragma once

#include <glib.h>
#include <nettle/sha2.h>

typedef struct sha256_ctx PifSha256;

static inline void pif_sha256_init(PifSha256 *hash)
{
    sha256_init(hash);
}

static inline void pif_sha256_add(PifSha256 *hash, const void *data, gsize size)
{
    sha256_update(hash, size, data);
}

void pif_sha256_add_zeros(PifSha256 *hash, guint64 count);

/* The 64 hex digits; hash begins anew. Free it. */
char *pif_sha256_finish(PifSha256 *hash);
char *pif_sha256_of_string(const char *text);

/* 64 lower-case hex digits, no more. */
gboolean pif_sha256_is_valid(const char *digits);
