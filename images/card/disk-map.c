// SPDX-License-Identifier: MIT
// A clone's data is read from the files that it is in: through FUSE it takes three times as long.
#include "images/card/disk-map.h"

#include "images/card/card.h"
#include "images/disk/disk.h"
#include "images/disk/qcow2.h"
#include "pifarm/base/command.h"
#include "pifarm/base/error.h"
#include "pifarm/base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <string.h>

G_DEFINE_AUTOPTR_CLEANUP_FUNC(json_t, json_decref)

/* A part of the disk, and where it lies. */
typedef struct {
    guint64 start;
    guint64 length;
    guint64 offset;
    int fd; /* one of the map's */
} Extent;

enum { MAX_LAYERS = 4 }; /* an overlay on a clone on its image; what is deeper comes by FUSE */

struct PifDiskMap {
    PifCard *card; /* keeps the clone from being written to */
    char *path;
    PifFd whole;              /* the raw file, or the card's export */
    PifFd layers[MAX_LAYERS]; /* the clone, what is under it, ... */
    guint64 size;
    guint64 data_size;
    GArray *extents; /* Extent, data only, in order */
    guint8 *block;
};

static gboolean set_read_error(const PifDiskMap *map, int err, GError **error)
{
    return pif_error_set_errno(error, err, "cannot read %s", map->path);
}

static void add_extent(PifDiskMap *map, const Extent *extent)
{
    if (!extent->length)
        return;
    g_array_append_val(map->extents, *extent);
    map->data_size += extent->length;
}

static gboolean map_raw(PifDiskMap *map, GError **error)
{
    off_t end;
    for (off_t start = 0; start < (off_t)map->size; start = end) {
        start = lseek(map->whole, start, SEEK_DATA);
        if (start < 0 && errno == ENXIO) /* lseek(2): only a hole is left */
            break;
        end = start < 0 ? start : lseek(map->whole, start, SEEK_HOLE);
        if (end < 0)
            return set_read_error(map, errno, error);
        add_extent(map,
                   &(Extent){(guint64)start, (guint64)(end - start), (guint64)start, map->whole});
    }
    return TRUE;
}

/* qemu-img(1), "map": depth 0 is the file itself, 1 what is under it. Compressed data has no
 * offset, and then the export unpacks it. */
static gboolean add_mapped(PifDiskMap *map, json_t *row)
{
    json_int_t start, length, offset = -1;
    int depth, is_data, is_zero;
    if (json_unpack(row, "{s:I, s:I, s:i, s:b, s:b, s?I}", "start", &start, "length", &length,
                    "depth", &depth, "data", &is_data, "zero", &is_zero, "offset", &offset) < 0 ||
        start < 0 || length < 0)
        return FALSE;
    if (!is_data || is_zero)
        return TRUE;
    int fd = depth >= 0 && depth < MAX_LAYERS ? map->layers[depth] : -1;
    gboolean is_direct = fd >= 0 && offset >= 0;
    add_extent(map, &(Extent){(guint64)start, (guint64)length,
                              (guint64)(is_direct ? offset : start), is_direct ? fd : map->whole});
    return TRUE;
}

static gboolean parse_map(PifDiskMap *map, const char *text, GError **error)
{
    json_error_t problem;
    g_autoptr(json_t) rows = json_loads(text, 0, &problem);
    gboolean is_ok = json_is_array(rows);
    for (size_t i = 0; is_ok && i < json_array_size(rows); i++)
        is_ok = add_mapped(map, json_array_get(rows, i));
    return is_ok || pif_error_set(error, PIF_ERROR_PROTOCOL,
                                  "cannot tell what `qemu-img map %s` says", map->path);
}

static gboolean open_layers(PifDiskMap *map, GError **error)
{
    PifQcow2Header header;
    g_autofree char *path = g_strdup(map->path);
    for (int i = 0; path && i < MAX_LAYERS; i++) {
        g_autofree char *backing = NULL;
        map->layers[i] = open(path, O_RDONLY | O_CLOEXEC);
        if (map->layers[i] < 0)
            return pif_error_set_errno(error, errno, "cannot open %s, of the card %s", path,
                                       map->path);
        if (pif_qcow2_read_header(map->layers[i], &header) &&
            !pif_qcow2_read_backing(map->layers[i], &backing, error))
            return FALSE;
        g_free(path);
        path = g_steal_pointer(&backing);
    }
    return TRUE;
}

static gboolean map_clone(PifDiskMap *map, GError **error)
{
    g_autofree char *text = NULL;
    g_autofree char *file = g_strconcat("file:", map->path, NULL);
    g_autoptr(PifCommand) command =
        pif_command_new("qemu-img", "map", "--output=json", "-f", "qcow2", file, NULL);
    return open_layers(map, error) && pif_command_run(command, &text, error) &&
           parse_map(map, text, error);
}

static gboolean open_whole(PifDiskMap *map, GError **error)
{
    if (!pif_card_open(map->path, FALSE, &map->card, error))
        return FALSE;
    map->whole = open(pif_card_raw_path(map->card), O_RDONLY | O_CLOEXEC);
    off_t size = map->whole < 0 ? -1 : lseek(map->whole, 0, SEEK_END);
    if (size < 0)
        return set_read_error(map, errno, error);
    map->size = (guint64)size;
    return TRUE;
}

static gboolean find_extents(PifDiskMap *map, GError **error)
{
    PifQcow2Header header;
    g_auto(PifFd) file = open(map->path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return set_read_error(map, errno, error);
    return pif_qcow2_read_header(file, &header) ? map_clone(map, error) : map_raw(map, error);
}

gboolean pif_disk_map_open(const char *path, PifDiskMap **ret_map, GError **error)
{
    g_autoptr(PifDiskMap) map = g_new0(PifDiskMap, 1);
    map->path = g_canonicalize_filename(path, NULL);
    map->whole = -1;
    for (int i = 0; i < MAX_LAYERS; i++)
        map->layers[i] = -1;
    map->extents = g_array_new(FALSE, FALSE, sizeof(Extent));
    map->block = g_aligned_alloc(1, PIF_DISK_BLOCK, PIF_DISK_GRAIN);
    if (!open_whole(map, error) || !find_extents(map, error))
        return FALSE;
    *ret_map = g_steal_pointer(&map);
    return TRUE;
}

void pif_disk_map_free(PifDiskMap *map)
{
    if (!map)
        return;
    pif_fd_clear(&map->whole);
    for (int i = 0; i < MAX_LAYERS; i++)
        pif_fd_clear(&map->layers[i]);
    pif_card_free(map->card);
    g_clear_pointer(&map->extents, g_array_unref);
    g_aligned_free(map->block);
    g_free(map->path);
    g_free(map);
}

guint64 pif_disk_map_size(const PifDiskMap *map)
{
    return map->size;
}

guint64 pif_disk_map_data_size(const PifDiskMap *map)
{
    return map->data_size;
}

guint64 pif_disk_map_data_end(const PifDiskMap *map)
{
    if (!map->extents->len)
        return 0;
    const Extent *last = &g_array_index(map->extents, Extent, map->extents->len - 1);
    return last->start + last->length;
}

const char *pif_disk_map_raw_path(const PifDiskMap *map)
{
    return pif_card_raw_path(map->card);
}

static gboolean read_extent(PifDiskMap *map, const Extent *extent, guint8 *buffer, gsize size,
                            guint64 position, GError **error)
{
    while (size > 0) {
        off_t offset = (off_t)(extent->offset + (position - extent->start));
        ssize_t got = pread(extent->fd, buffer, size, offset);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return set_read_error(map, errno, error);
        if (got == 0)
            return pif_error_set(error, PIF_ERROR_PROTOCOL, "%s is cut off", map->path);
        buffer += got;
        size -= (gsize)got;
        position += (guint64)got;
    }
    return TRUE;
}

/* The first extent that ends behind the position. */
static guint find_extent(const PifDiskMap *map, guint64 position)
{
    guint low = 0;
    guint high = map->extents->len;
    while (low < high) {
        guint middle = low + (high - low) / 2;
        const Extent *extent = &g_array_index(map->extents, Extent, middle);
        if (extent->start + extent->length <= position)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

gboolean pif_disk_map_read(PifDiskMap *map, void *buffer, gsize size, guint64 position,
                           GError **error)
{
    guint64 end = position + size;
    guint64 filled = position;
    guint8 *bytes = buffer;
    for (guint i = find_extent(map, position); i < map->extents->len && filled < end; i++) {
        const Extent *extent = &g_array_index(map->extents, Extent, i);
        guint64 from = MAX(extent->start, filled);
        guint64 to = MIN(extent->start + extent->length, end);
        if (from >= end)
            break;
        memset(bytes + (filled - position), 0, from - filled);
        if (!read_extent(map, extent, bytes + (from - position), to - from, from, error))
            return FALSE;
        filled = to;
    }
    memset(bytes + (filled - position), 0, end - filled);
    return TRUE;
}

static gboolean is_zero(const guint8 *bytes, gsize size)
{
    return bytes[0] == 0 && memcmp(bytes, bytes + 1, size - 1) == 0;
}

static gsize grain_at(gsize at, gsize size)
{
    return MIN((gsize)PIF_DISK_GRAIN, size - at);
}

static gboolean visit_block(PifDiskMap *map, gsize size, guint64 position, PifDiskVisit visit,
                            gpointer data, GError **error)
{
    const guint8 *block = map->block;
    for (gsize begin = 0, end; begin < size; begin = end) {
        gboolean is_hole = is_zero(block + begin, grain_at(begin, size));
        end = begin;
        do
            end += grain_at(end, size);
        while (end < size && is_zero(block + end, grain_at(end, size)) == is_hole);
        if (!is_hole && !visit(data, block + begin, end - begin, position + begin, error))
            return FALSE;
    }
    return TRUE;
}

gboolean pif_disk_map_visit(PifDiskMap *map, PifDiskVisit visit, PifDiskDone done, gpointer data,
                            GError **error)
{
    guint64 visited = 0;
    guint64 position = 0;
    for (guint i = 0; i < map->extents->len; i++) {
        const Extent *extent = &g_array_index(map->extents, Extent, i);
        guint64 end = extent->start + extent->length;
        /* the last block may have had the beginning of this extent */
        position = MAX(position, extent->start / PIF_DISK_GRAIN * PIF_DISK_GRAIN);
        while (position < end) {
            guint64 left =
                MIN((end + PIF_DISK_GRAIN - 1) / PIF_DISK_GRAIN * PIF_DISK_GRAIN, map->size) -
                position;
            gsize size = MIN(left, (guint64)PIF_DISK_BLOCK);
            if (!pif_disk_map_read(map, map->block, size, position, error) ||
                !visit_block(map, size, position, visit, data, error))
                return FALSE;
            position += size;
            if (done)
                done(data, visited + MIN(position, end) - MIN(extent->start, position));
        }
        visited += extent->length;
    }
    return TRUE;
}
