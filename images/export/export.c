// SPDX-License-Identifier: MIT
// One pass over a disk, into the file and its block map.
#include "images/export/export.h"

#include "images/export/bmap.h"
#include "images/export/output.h"
#include "images/export/sink.h"
#include "images/export/used.h"
#include "pifarm/base/error.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct {
    PifSink *sink;
    PifBmap *bmap; /* NULL: none */
    GArray *used;  /* PifRange: zeros there matter too */
    guint next;    /* of used, that is not all behind the position */
    guint64 position;
    PifProgress *progress;
} Export;

static void export_clear(Export *export)
{
    pif_sink_free(export->sink);
    pif_bmap_free(export->bmap);
    g_clear_pointer(&export->used, g_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Export, export_clear)

/* From the beginning of the block to the end of the block. */
static guint64 round_down(guint64 position)
{
    return position / PIF_BMAP_BLOCK * PIF_BMAP_BLOCK;
}

/* The zeros up to end that a file system counts as its own. */
static void add_used_zeros(Export *export, guint64 end)
{
    while (export->next < export->used->len && export->position < end) {
        const PifRange *range = &g_array_index(export->used, PifRange, export->next);
        guint64 range_end = round_down(range->end + PIF_BMAP_BLOCK - 1);
        guint64 from = MAX(round_down(range->start), export->position);
        guint64 to = MIN(range_end, end);
        if (from < to)
            pif_bmap_add(export->bmap, NULL, to - from, from);
        if (range_end > end)
            break;
        export->position = MAX(export->position, range_end);
        export->next++;
    }
    export->position = end;
}

static gboolean add(gpointer data, const guint8 *bytes, gsize size, guint64 position,
                    GError **error)
{
    Export *export = data;
    if (export->bmap) {
        add_used_zeros(export, position);
        pif_bmap_add(export->bmap, bytes, size, position);
        export->position = position + size;
    }
    return pif_sink_add(export->sink, bytes, size, position, error);
}

static void show(gpointer data, guint64 bytes)
{
    Export *export = data;
    pif_progress_set_bytes(export->progress, bytes);
}

static gboolean run(Export *export, PifDiskMap *map, GError **error)
{
    return pif_disk_map_visit(map, add, show, export, error) &&
           pif_sink_finish(export->sink, error);
}

char *pif_export_bmap_path(const char *path)
{
    const char *ending = pif_compression_ending(pif_compression_of(path));
    g_autofree char *stem = g_strndup(path, strlen(path) - strlen(ending));
    return g_strconcat(stem, ".bmap", NULL);
}

static gboolean write_text(PifOutput *output, const char *text, GError **error)
{
    for (gsize left = strlen(text); left > 0;) {
        ssize_t written = write(output->fd, text, left);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return pif_output_set_error(output->path, errno, error);
        text += written;
        left -= (gsize)written;
    }
    return TRUE;
}

/* The image first, and an older map away before it: a map beside another image than its own would
 * make bmaptool refuse that. */
static gboolean commit(PifOutput *image, PifOutput *bmap, const char *bmap_path, GError **error)
{
    if (image->may_replace && unlink(bmap_path) < 0 && errno != ENOENT)
        return pif_error_set_errno(error, errno, "cannot replace %s", bmap_path);
    return pif_output_commit(image, error) && (!bmap->path || pif_output_commit(bmap, error));
}

static gboolean start(Export *export, PifDiskMap *map, const PifOutput *image,
                      const PifExportOptions *options, GError **error)
{
    guint64 size = pif_disk_map_size(map);
    PifCompression compression = pif_compression_of(image->path);
    export->progress = options->progress;
    export->sink = compression == PIF_COMPRESSION_NONE
                       ? pif_sink_new_sparse(image->fd, image->path, size)
                       : pif_sink_new_stream(image->fd, image->path, size, compression, error);
    if (!export->sink)
        return FALSE;
    if (options->has_no_bmap)
        return TRUE;
    export->bmap = pif_bmap_new(size);
    export->used = pif_used_find(map, error);
    return export->used != NULL;
}

static gboolean finish_bmap(Export *export, PifDiskMap *map, PifOutput *output, GError **error)
{
    if (!export->bmap)
        return TRUE;
    add_used_zeros(export, pif_disk_map_size(map));
    g_autofree char *text = pif_bmap_finish(export->bmap);
    return write_text(output, text, error);
}

static gboolean open_outputs(const char *path, const char *bmap_path,
                             const PifExportOptions *options, PifOutput *image, PifOutput *bmap,
                             GError **error)
{
    gboolean may_replace = options->may_replace;
    return pif_output_open(path, options->mode, may_replace, image, error) &&
           (options->has_no_bmap ||
            pif_output_open(bmap_path, options->mode, may_replace, bmap, error));
}

gboolean pif_export_check(const char *path, const PifExportOptions *options, GError **error)
{
    g_autofree char *bmap_path = pif_export_bmap_path(path);
    g_auto(PifOutput) image = {.fd = -1};
    g_auto(PifOutput) bmap = {.fd = -1};
    return open_outputs(path, bmap_path, options, &image, &bmap, error);
}

gboolean pif_export_file(PifDiskMap *map, const char *path, const PifExportOptions *options,
                         GError **error)
{
    g_autofree char *bmap_path = pif_export_bmap_path(path);
    g_auto(PifOutput) image = {.fd = -1};
    g_auto(PifOutput) bmap = {.fd = -1};
    g_auto(Export) export = {0};
    return open_outputs(path, bmap_path, options, &image, &bmap, error) &&
           start(&export, map, &image, options, error) && run(&export, map, error) &&
           finish_bmap(&export, map, &bmap, error) && commit(&image, &bmap, bmap_path, error);
}

gboolean pif_export_stream(PifDiskMap *map, int fd, PifProgress *progress, GError **error)
{
    g_auto(Export) export = {.progress = progress};
    export.sink = pif_sink_new_stream(fd, "standard output", pif_disk_map_size(map),
                                      PIF_COMPRESSION_NONE, error);
    return export.sink && run(&export, map, error);
}
