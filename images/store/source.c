// SPDX-License-Identifier: MIT
// Reading a source file once: hashed as it is, handed on decompressed.
#include "images/store/source.h"

#include "images/disk/sha256.h"
#include "images/store/decode.h"
#include "pifarm/base/error.h"
#include "pifarm/base/fd.h"

#include <errno.h>
#include <fcntl.h>

enum { HEAD = 4096, BLOCK = 1024 * 1024 };

struct PifSource {
    PifFd fd;
    struct stat status;
    PifProgress *progress;
    guint8 head[HEAD];
    gsize head_size;
    PifSha256 hash;
    guint64 position;
    gboolean is_read; /* to the end */
    guint8 *block;    /* as it is in the file */
    PifDecoder *decoder;
    gboolean is_decoded; /* to the end */
    guint8 *decoded;
    PifDecodeBuffers buffers;
};

void pif_source_free(PifSource *source)
{
    if (!source)
        return;
    pif_fd_clear(&source->fd);
    pif_decoder_free(source->decoder);
    g_free(source->block);
    g_free(source->decoded);
    g_free(source);
}

static gboolean check_is_file(const struct stat *status, GError **error)
{
    if (S_ISDIR(status->st_mode))
        return pif_error_set(error, PIF_ERROR_USAGE, "it is a folder; name the image file in it");
    if (!S_ISREG(status->st_mode))
        return pif_error_set(error, PIF_ERROR_USAGE, "it is no ordinary file; copy it to one");
    if (status->st_size == 0)
        return pif_error_set(error, PIF_ERROR_PROTOCOL, "it is empty; fetch it again");
    return TRUE;
}

PifSource *pif_source_open(const char *file, PifProgress *progress, GError **error)
{
    g_autoptr(PifSource) source = g_new0(PifSource, 1);
    source->progress = progress;
    source->fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a FIFO must not hold us up */
    if (source->fd < 0 || fstat(source->fd, &source->status) < 0) {
        pif_error_set_errno(error, errno, "cannot open it");
        return NULL;
    }
    if (!check_is_file(&source->status, error))
        return NULL;
    ssize_t got = pread(source->fd, source->head, HEAD, 0);
    if (got < 0) {
        pif_error_set_errno(error, errno, "cannot read it");
        return NULL;
    }
    source->head_size = (gsize)got;
    source->block = g_malloc(BLOCK);
    source->decoded = g_malloc(BLOCK);
    source->decoder = pif_decoder_new(source->head, source->head_size);
    pif_sha256_init(&source->hash);
    posix_fadvise(source->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
    return g_steal_pointer(&source);
}

int pif_source_fd(const PifSource *source)
{
    return source->fd;
}

const struct stat *pif_source_status(const PifSource *source)
{
    return &source->status;
}

const guint8 *pif_source_head(const PifSource *source, gsize *ret_size)
{
    *ret_size = source->head_size;
    return source->head;
}

gboolean pif_source_is_compressed(const PifSource *source)
{
    return source->decoder != NULL;
}

void pif_source_set_position(PifSource *source, guint64 position)
{
    source->position = position;
    pif_progress_set_bytes(source->progress, position);
}

/* Reads the next block of the file itself. */
static gboolean read_block(PifSource *source, gsize *ret_size, GError **error)
{
    ssize_t got;
    do
        got = pread(source->fd, source->block, BLOCK, (off_t)source->position);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        return pif_error_set_errno(error, errno, "cannot read it");
    pif_sha256_add(&source->hash, source->block, (gsize)got);
    pif_source_set_position(source, source->position + (guint64)got);
    source->is_read = source->position >= (guint64)source->status.st_size || got == 0;
    *ret_size = (gsize)got;
    return TRUE;
}

static gboolean refill_input(PifSource *source, GError **error)
{
    source->buffers.input = source->block;
    return read_block(source, &source->buffers.input_size, error);
}

static gboolean decode_block(PifSource *source, gsize *ret_size, GError **error)
{
    PifDecodeBuffers *buffers = &source->buffers;
    buffers->output = source->decoded;
    buffers->output_size = BLOCK;
    while (buffers->output_size > 0 && !source->is_decoded) {
        if (buffers->input_size == 0 && !source->is_read && !refill_input(source, error))
            return FALSE;
        PifDecodeResult result = pif_decoder_run(source->decoder, buffers, source->is_read, error);
        if (result == PIF_DECODE_FAILED)
            return FALSE;
        source->is_decoded = result == PIF_DECODE_END;
    }
    *ret_size = BLOCK - buffers->output_size;
    return TRUE;
}

gboolean pif_source_read(PifSource *source, const void **ret_data, gsize *ret_size, GError **error)
{
    if (source->decoder) {
        *ret_data = source->decoded;
        return decode_block(source, ret_size, error);
    }
    *ret_data = source->block;
    return read_block(source, ret_size, error);
}

gboolean pif_source_finish(PifSource *source, char **ret_sha256, GError **error)
{
    for (gsize size = 0; !source->is_read;)
        if (!read_block(source, &size, error))
            return FALSE;
    *ret_sha256 = pif_sha256_finish(&source->hash);
    return TRUE;
}

gboolean pif_source_check_unchanged(const PifSource *source, GError **error)
{
    struct stat now;
    if (fstat(source->fd, &now) < 0)
        return pif_error_set_errno(error, errno, "cannot read it");
    const struct stat *before = &source->status;
    if (now.st_size == before->st_size && now.st_mtim.tv_sec == before->st_mtim.tv_sec &&
        now.st_mtim.tv_nsec == before->st_mtim.tv_nsec)
        return TRUE;
    return pif_error_set(error, PIF_ERROR_BUSY,
                         "it was written to while it was read; try again when it is complete");
}
