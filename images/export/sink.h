// SPDX-License-Identifier: MIT
// What an exported disk is written to: a sparse file, or a stream that may be compressed.
#pragma once

#include <glib.h>

typedef enum {
    PIF_COMPRESSION_NONE,
    PIF_COMPRESSION_GZIP,
    PIF_COMPRESSION_XZ,
    PIF_COMPRESSION_ZSTD,
} PifCompression;

/* By the ending of a file's name. */
PifCompression pif_compression_of(const char *path);
/* ".xz"; "" for none */
const char *pif_compression_ending(PifCompression compression);

typedef struct PifSink PifSink;

/* fd stays the caller's; name is for messages. A sparse file has to be empty. */
PifSink *pif_sink_new_sparse(int fd, const char *name, guint64 size);
/* Holes become zeros. NULL and an error when libarchive cannot compress so. */
PifSink *pif_sink_new_stream(int fd, const char *name, guint64 size, PifCompression compression,
                             GError **error);
void pif_sink_free(PifSink *sink);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PifSink, pif_sink_free)

/* In order of positions; what is left out is zeros. */
gboolean pif_sink_add(PifSink *sink, const void *bytes, gsize size, guint64 position,
                      GError **error);
gboolean pif_sink_finish(PifSink *sink, GError **error);
