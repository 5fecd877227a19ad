// SPDX-License-Identifier: MIT
// xz by liblzma, with a thread a core for files of several blocks, which libarchive lacks; gzip by
// zlib, which verifies the checksum, which libarchive does not.
#include "images/store/decode.h"

#include "pifarm/base/error.h"

#include <gio/gio.h>
#include <lzma.h>
#include <string.h>

/* One compressed format: how to know it, and what runs it. */
typedef struct {
    const char *magic;
    gsize magic_size;
    gpointer (*start)(void);
    PifDecodeResult (*run)(gpointer state, PifDecodeBuffers *buffers, gboolean is_input_complete,
                           GError **error);
    void (*stop)(gpointer state);
} Format;

struct PifDecoder {
    const Format *format;
    gpointer state;
};

static PifDecodeResult fail_cut_off(GError **error)
{
    pif_error_set(error, PIF_ERROR_PROTOCOL,
                  "the compressed data ends early: the file is cut off; fetch it again");
    return PIF_DECODE_FAILED;
}

static PifDecodeResult fail_damaged(GError **error, const char *why)
{
    pif_error_set(error, PIF_ERROR_PROTOCOL,
                  "the compressed data is damaged (%s); fetch the file again", why);
    return PIF_DECODE_FAILED;
}

static gpointer xz_start(void)
{
    enum { MIB = 1024 * 1024 };
    static const lzma_stream initial = LZMA_STREAM_INIT;
    lzma_mt options = {
        .flags = LZMA_CONCATENATED,
        .threads = MAX(lzma_cputhreads(), 1),
        .memlimit_threading = MIN(lzma_physmem() / 4, (guint64)1024 * MIB),
        .memlimit_stop = 512 * MIB, /* xz -9 wants 65 MiB; a hostile header could ask for 4 GiB */
    };
    lzma_stream *stream = g_memdup2(&initial, sizeof initial);
    g_assert(lzma_stream_decoder_mt(stream, &options) == LZMA_OK);
    return stream;
}

static const char *xz_describe(lzma_ret result)
{
    if (result == LZMA_MEMLIMIT_ERROR)
        return "it asks for more than 512 MiB of memory";
    if (result == LZMA_OPTIONS_ERROR)
        return "it uses a filter that liblzma does not know";
    if (result == LZMA_FORMAT_ERROR)
        return "there is something else behind its xz streams";
    return "content and checksum disagree";
}

static PifDecodeResult xz_run(gpointer state, PifDecodeBuffers *buffers, gboolean is_input_complete,
                              GError **error)
{
    lzma_stream *stream = state;
    stream->next_in = buffers->input;
    stream->avail_in = buffers->input_size;
    stream->next_out = buffers->output;
    stream->avail_out = buffers->output_size;
    lzma_ret result = lzma_code(stream, is_input_complete ? LZMA_FINISH : LZMA_RUN);
    *buffers =
        (PifDecodeBuffers){stream->next_in, stream->avail_in, stream->next_out, stream->avail_out};
    if (result == LZMA_OK)
        return PIF_DECODE_MORE;
    if (result == LZMA_STREAM_END)
        return PIF_DECODE_END;
    return result == LZMA_BUF_ERROR ? fail_cut_off(error)
                                    : fail_damaged(error, xz_describe(result));
}

static void xz_stop(gpointer state)
{
    lzma_end(state);
    g_free(state);
}

static gpointer gzip_start(void)
{
    return g_zlib_decompressor_new(G_ZLIB_COMPRESSOR_FORMAT_GZIP);
}

static PifDecodeResult gzip_run(gpointer state, PifDecodeBuffers *buffers,
                                gboolean is_input_complete, GError **error)
{
    g_autoptr(GError) failure = NULL;
    gsize read = 0;
    gsize written = 0;
    GConverterResult result =
        g_converter_convert(state, buffers->input, buffers->input_size, buffers->output,
                            buffers->output_size, G_CONVERTER_NO_FLAGS, &read, &written, &failure);
    buffers->input += read;
    buffers->input_size -= read;
    buffers->output += written;
    buffers->output_size -= written;
    if (g_error_matches(failure, G_IO_ERROR, G_IO_ERROR_PARTIAL_INPUT))
        return is_input_complete ? fail_cut_off(error) : PIF_DECODE_MORE;
    if (result == G_CONVERTER_ERROR)
        return fail_damaged(error, failure->message);
    if (result != G_CONVERTER_FINISHED)
        return PIF_DECODE_MORE;
    if (is_input_complete && buffers->input_size == 0)
        return PIF_DECODE_END;
    g_converter_reset(state); /* RFC 1952, section 2.2: a file is a series of members */
    return PIF_DECODE_MORE;
}

static const Format formats[] = {
    {"\xfd"
     "7zXZ\0",
     6, xz_start, xz_run, xz_stop},
    {"\x1f\x8b\x08", 3, gzip_start, gzip_run, g_object_unref},
};

PifDecoder *pif_decoder_new(const void *head, gsize size)
{
    for (size_t i = 0; i < G_N_ELEMENTS(formats); i++) {
        const Format *format = &formats[i];
        if (size < format->magic_size || memcmp(head, format->magic, format->magic_size) != 0)
            continue;
        PifDecoder *decoder = g_new0(PifDecoder, 1);
        decoder->format = format;
        decoder->state = format->start();
        return decoder;
    }
    return NULL;
}

void pif_decoder_free(PifDecoder *decoder)
{
    if (!decoder)
        return;
    decoder->format->stop(decoder->state);
    g_free(decoder);
}

PifDecodeResult pif_decoder_run(PifDecoder *decoder, PifDecodeBuffers *buffers,
                                gboolean is_input_complete, GError **error)
{
    return decoder->format->run(decoder->state, buffers, is_input_complete, error);
}
