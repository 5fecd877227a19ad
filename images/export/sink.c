// SPDX-License-Identifier: MIT
// pwrite(2) for sparse files, libarchive's raw format and its filters for streams.
#include "images/export/sink.h"

#include "images/disk/disk.h"
#include "images/export/output.h"
#include "pifarm/base/error.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

enum { WRITEBACK_BYTES = 32 * 1024 * 1024 };

typedef struct {
    const char *ending;
    int filter;
} Format;

static const Format formats[] = {
    [PIF_COMPRESSION_NONE] = {"", ARCHIVE_FILTER_NONE},
    [PIF_COMPRESSION_GZIP] = {".gz", ARCHIVE_FILTER_GZIP},
    [PIF_COMPRESSION_XZ] = {".xz", ARCHIVE_FILTER_XZ},
    [PIF_COMPRESSION_ZSTD] = {".zst", ARCHIVE_FILTER_ZSTD},
};

struct PifSink {
    int fd;
    char *name;
    guint64 size;
    guint64 position;        /* of the stream, or up to which the kernel was told to write */
    struct archive *archive; /* NULL: a sparse file */
};

PifCompression pif_compression_of(const char *path)
{
    for (guint i = 1; i < G_N_ELEMENTS(formats); i++)
        if (g_str_has_suffix(path, formats[i].ending))
            return (PifCompression)i;
    return PIF_COMPRESSION_NONE;
}

const char *pif_compression_ending(PifCompression compression)
{
    return formats[compression].ending;
}

static PifSink *sink_new(int fd, const char *name, guint64 size)
{
    PifSink *sink = g_new0(PifSink, 1);
    sink->fd = fd;
    sink->name = g_strdup(name);
    sink->size = size;
    return sink;
}

PifSink *pif_sink_new_sparse(int fd, const char *name, guint64 size)
{
    return sink_new(fd, name, size);
}

static gboolean set_archive_error(PifSink *sink, GError **error)
{
    int err = archive_errno(sink->archive);
    if (err > 0)
        return pif_output_set_error(sink->name, err, error);
    return pif_error_set(error, PIF_ERROR_EXTERNAL, "cannot write %s: %s", sink->name,
                         archive_error_string(sink->archive));
}

static gboolean add_filter(struct archive *archive, PifCompression compression)
{
    char threads[16];
    const Format *format = &formats[compression];
    snprintf(threads, sizeof threads, "%u", g_get_num_processors());
    if (archive_write_add_filter(archive, format->filter) != ARCHIVE_OK)
        return FALSE;
    return (compression != PIF_COMPRESSION_XZ && compression != PIF_COMPRESSION_ZSTD) ||
           archive_write_set_filter_option(archive, NULL, "threads", threads) == ARCHIVE_OK;
}

/* In the raw format an archive is the bytes of its one entry. */
static gboolean open_stream(PifSink *sink, PifCompression compression)
{
    struct archive *archive = sink->archive;
    struct archive_entry *entry = archive_entry_new();
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_pathname(entry, "disk");
    gboolean is_ok = add_filter(archive, compression) &&
                     archive_write_set_format_raw(archive) == ARCHIVE_OK &&
                     archive_write_set_bytes_in_last_block(archive, 1) == ARCHIVE_OK &&
                     archive_write_open_fd(archive, sink->fd) == ARCHIVE_OK &&
                     archive_write_header(archive, entry) == ARCHIVE_OK;
    archive_entry_free(entry);
    return is_ok;
}

PifSink *pif_sink_new_stream(int fd, const char *name, guint64 size, PifCompression compression,
                             GError **error)
{
    g_autoptr(PifSink) sink = sink_new(fd, name, size);
    sink->archive = archive_write_new();
    if (open_stream(sink, compression))
        return g_steal_pointer(&sink);
    set_archive_error(sink, error);
    return NULL;
}

/* An archive that is not finished must not flush what it has into the file. */
void pif_sink_free(PifSink *sink)
{
    if (!sink)
        return;
    if (sink->archive) {
        archive_write_fail(sink->archive);
        archive_write_free(sink->archive);
    }
    g_free(sink->name);
    g_free(sink);
}

static gboolean write_at(PifSink *sink, const guint8 *bytes, gsize size, guint64 position,
                         GError **error)
{
    while (size > 0) {
        ssize_t written = pwrite(sink->fd, bytes, size, (off_t)position);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return pif_output_set_error(sink->name, errno, error);
        bytes += written;
        size -= (gsize)written;
        position += (guint64)written;
    }
    return TRUE;
}

/* Lets the disk work while we read, so that the sync at the end has little left to do. */
static void start_writeback(PifSink *sink, guint64 end)
{
    if (end - sink->position < WRITEBACK_BYTES)
        return;
    sync_file_range(sink->fd, (off_t)sink->position, (off_t)(end - sink->position),
                    SYNC_FILE_RANGE_WRITE);
    sink->position = end;
}

static gboolean stream(PifSink *sink, const guint8 *bytes, gsize size, GError **error)
{
    while (size > 0) {
        la_ssize_t written = archive_write_data(sink->archive, bytes, size);
        if (written <= 0)
            return set_archive_error(sink, error);
        bytes += written;
        size -= (gsize)written;
        sink->position += (guint64)written;
    }
    return TRUE;
}

static gboolean stream_zeros(PifSink *sink, guint64 end, GError **error)
{
    static const guint8 zeros[64 * 1024];
    while (sink->position < end)
        if (!stream(sink, zeros, MIN(end - sink->position, sizeof zeros), error))
            return FALSE;
    return TRUE;
}

gboolean pif_sink_add(PifSink *sink, const void *bytes, gsize size, guint64 position,
                      GError **error)
{
    if (sink->archive)
        return stream_zeros(sink, position, error) && stream(sink, bytes, size, error);
    if (!write_at(sink, bytes, size, position, error))
        return FALSE;
    start_writeback(sink, position + size);
    return TRUE;
}

gboolean pif_sink_finish(PifSink *sink, GError **error)
{
    if (!sink->archive)
        return ftruncate(sink->fd, (off_t)sink->size) == 0 ||
               pif_output_set_error(sink->name, errno, error);
    if (!stream_zeros(sink, sink->size, error))
        return FALSE;
    return archive_write_close(sink->archive) == ARCHIVE_OK || set_archive_error(sink, error);
}
