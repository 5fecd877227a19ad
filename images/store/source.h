// SPDX-License-Identifier: MIT
// The file an image comes from: its bytes in order, decompressed, while the file's own hash is
// taken.
#pragma once

#include "pifarm/base/progress.h"

#include <glib.h>
#include <sys/stat.h>

typedef struct PifSource PifSource;

/* progress (may be NULL, must outlive the source) counts bytes of the file. USAGE when it is no
 * ordinary file, PROTOCOL when it is empty. */
PifSource *pif_source_open(const char *file, PifProgress *progress, GError **error);
void pif_source_free(PifSource *source);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PifSource, pif_source_free)

int pif_source_fd(const PifSource *source);
const struct stat *pif_source_status(const PifSource *source);
/* The first bytes of the file as it is. */
const guint8 *pif_source_head(const PifSource *source, gsize *ret_size);
/* Whether its bytes are decompressed on the way. */
gboolean pif_source_is_compressed(const PifSource *source);
void pif_source_set_position(PifSource *source, guint64 position);

/* The next block, decompressed if the file is .xz or .gz; it belongs to the source and holds until
 * the next call. Size 0: the end. */
gboolean pif_source_read(PifSource *source, const void **ret_data, gsize *ret_size, GError **error);

/* Reads what has not been read and gives the SHA-256 of the whole file. */
gboolean pif_source_finish(PifSource *source, char **ret_sha256, GError **error);

/* BUSY when the file has been written to since it was opened. */
gboolean pif_source_check_unchanged(const PifSource *source, GError **error);
