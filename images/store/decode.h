// SPDX-License-Identifier: MIT
// Decompression of the formats in which card images are published, checked to the last byte.
#pragma once

#include <glib.h>

typedef struct PifDecoder PifDecoder;

/* The decoder for a file that begins with these bytes; NULL when none of ours is for it. */
PifDecoder *pif_decoder_new(const void *head, gsize size);
void pif_decoder_free(PifDecoder *decoder);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PifDecoder, pif_decoder_free)

/* Compressed bytes still to be read, room still to be filled; both shrink as a decoder runs. */
typedef struct {
    const guint8 *input;
    gsize input_size;
    guint8 *output;
    gsize output_size;
} PifDecodeBuffers;

typedef enum {
    PIF_DECODE_FAILED,
    PIF_DECODE_MORE, /* wants more input, or more room */
    PIF_DECODE_END,  /* all of it is decoded, and its checksums hold */
} PifDecodeResult;

/* is_input_complete: what is in buffers is the last of the file. PROTOCOL when it is damaged or cut
 * off. */
PifDecodeResult pif_decoder_run(PifDecoder *decoder, PifDecodeBuffers *buffers,
                                gboolean is_input_complete, GError **error);
