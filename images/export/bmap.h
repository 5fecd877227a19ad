// SPDX-License-Identifier: MIT
// A .bmap file, version 2.0, as bmaptool reads it: which blocks of an image matter, with a hash of
// each run of them. Pure.
#pragma once

#include <glib.h>

enum { PIF_BMAP_BLOCK = 4096 };

typedef struct PifBmap PifBmap;

PifBmap *pif_bmap_new(guint64 image_size);
void pif_bmap_free(PifBmap *bmap);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PifBmap, pif_bmap_free)

/* These bytes of the image matter; NULL: they are zeros. In order, from the beginning of a block to
 * the end of one, or of the image. */
void pif_bmap_add(PifBmap *bmap, const void *bytes, guint64 size, guint64 position);
/* The text of the file. Nothing can be added after that. Free it. */
char *pif_bmap_finish(PifBmap *bmap);
