// SPDX-License-Identifier: MIT
// The image split, its root shrunk as a file of its own, and both put together again: resize2fs
// cuts a file that it is given where the file system ends, wherever that begins.
#include "images/export/shrink.h"

#include "images/card/card-layout.h"
#include "images/card/disk-map.h"
#include "images/disk/partition.h"
#include "images/disk/sha256.h"
#include "images/export/root-size.h"
#include "images/export/sink.h"
#include "pifarm/base/error.h"
#include "pifarm/base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

/* Goes up when the result becomes another one: other recipes, so other images. */
enum { RECIPE_VERSION = 1, RECIPE_NAME_LENGTH = 8, MIN_GAIN = 1024 * 1024 };

typedef struct {
    PifStore *store;
    PifDiskMap *map; /* of what is to be smaller */
    PifCardLayout layout;
    char *disk; /* temporary files of the store: what comes before the root, later all of it */
    char *root;
    PifSink *disk_sink;
    PifSink *root_sink;
    PifFd disk_fd;
    PifFd root_fd;
} Shrink;

static void remove_temporary(char **path)
{
    if (*path)
        unlink(*path);
    g_clear_pointer(path, g_free);
}

static void shrink_clear(Shrink *shrink)
{
    g_clear_pointer(&shrink->map, pif_disk_map_free);
    g_clear_pointer(&shrink->disk_sink, pif_sink_free);
    g_clear_pointer(&shrink->root_sink, pif_sink_free);
    pif_fd_clear(&shrink->disk_fd);
    pif_fd_clear(&shrink->root_fd);
    remove_temporary(&shrink->disk);
    remove_temporary(&shrink->root);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Shrink, shrink_clear)

/* What the image is called, for people. */
static const char *name_of(const PifImage *image)
{
    return image->names && *image->names ? *image->names : image->sha256;
}

static char *make_recipe(const PifImage *base, guint64 margin)
{
    g_autofree char *text =
        g_strdup_printf("shrink %d %s %" G_GUINT64_FORMAT, RECIPE_VERSION, base->sha256, margin);
    return pif_sha256_of_string(text);
}

static gboolean check_layout(Shrink *shrink, GError **error)
{
    PifCardLayout *layout = &shrink->layout;
    if (!pif_card_layout_read(pif_disk_map_raw_path(shrink->map), layout, error))
        return FALSE;
    if (!layout->root_size)
        return pif_error_set(error, PIF_ERROR_CONFIG, "it has no Linux partition (type 83)");
    if (layout->root_offset + layout->root_size != layout->end)
        return pif_error_set(error, PIF_ERROR_CONFIG,
                             "its root, partition %u, is not the last one: what comes after it "
                             "cannot be moved",
                             layout->root_number);
    return TRUE;
}

/* A piece of the disk to the file that it belongs to; what is behind the root is left out. */
static gboolean split(gpointer data, const guint8 *bytes, gsize size, guint64 position,
                      GError **error)
{
    Shrink *shrink = data;
    guint64 begin = shrink->layout.root_offset;
    guint64 end = shrink->layout.end;
    gsize before = position < begin ? MIN(size, begin - position) : 0;
    guint64 root_end = MIN(position + size, end);
    if (before && !pif_sink_add(shrink->disk_sink, bytes, before, position, error))
        return FALSE;
    if (position + before >= root_end)
        return TRUE;
    return pif_sink_add(shrink->root_sink, bytes + before, root_end - position - before,
                        position + before - begin, error);
}

static gboolean make_file(Shrink *shrink, guint64 size, char **ret_path, PifFd *ret_fd,
                          PifSink **ret_sink, GError **error)
{
    *ret_path = pif_store_new_temporary(shrink->store, error);
    if (!*ret_path)
        return FALSE;
    *ret_fd = open(*ret_path, O_RDWR | O_CLOEXEC);
    if (*ret_fd < 0)
        return pif_error_set_errno(error, errno, "cannot open %s", *ret_path);
    *ret_sink = pif_sink_new_sparse(*ret_fd, "the image in the store", size);
    return TRUE;
}

static gboolean split_base(Shrink *shrink, GError **error)
{
    const PifCardLayout *layout = &shrink->layout;
    return make_file(shrink, layout->root_offset, &shrink->disk, &shrink->disk_fd,
                     &shrink->disk_sink, error) &&
           make_file(shrink, layout->root_size, &shrink->root, &shrink->root_fd, &shrink->root_sink,
                     error) &&
           pif_disk_map_visit(shrink->map, split, NULL, shrink, error) &&
           pif_sink_finish(shrink->disk_sink, error) && pif_sink_finish(shrink->root_sink, error);
}

static gboolean append_run(gpointer data, const guint8 *bytes, gsize size, guint64 position,
                           GError **error)
{
    Shrink *shrink = data;
    return pif_sink_add(shrink->disk_sink, bytes, size, shrink->layout.root_offset + position,
                        error);
}

static gboolean append_root(Shrink *shrink, guint64 root_size, GError **error)
{
    g_autoptr(PifDiskMap) map = NULL;
    guint64 size = shrink->layout.root_offset + root_size;
    pif_sink_free(shrink->disk_sink);
    shrink->disk_sink = pif_sink_new_sparse(shrink->disk_fd, "the image in the store", size);
    return pif_disk_map_open(shrink->root, &map, error) &&
           pif_disk_map_visit(map, append_run, NULL, shrink, error) &&
           pif_sink_finish(shrink->disk_sink, error);
}

/* FALSE in *ret_is_smaller: there was next to nothing to gain. */
static gboolean make(Shrink *shrink, guint64 margin, PifProgress *progress,
                     gboolean *ret_is_smaller, GError **error)
{
    guint64 root_size = 0;
    pif_progress_set_text(progress, "copying");
    if (!check_layout(shrink, error) || !split_base(shrink, error))
        return FALSE;
    pif_progress_set_text(progress, "moving files together");
    if (!pif_root_shrink(shrink->root, margin, &root_size, error))
        return FALSE;
    guint64 size = shrink->layout.root_offset + root_size;
    *ret_is_smaller = size + MIN_GAIN <= pif_disk_map_size(shrink->map);
    if (!*ret_is_smaller)
        return TRUE;
    pif_progress_set_text(progress, "copying");
    return append_root(shrink, root_size, error) &&
           pif_partition_resize(shrink->disk, shrink->layout.root_number, root_size, error);
}

gboolean pif_disk_shrink(PifStore *store, const char *disk, guint64 margin, PifProgress *progress,
                         char **ret_copy, GError **error)
{
    g_auto(Shrink) shrink = {.store = store, .disk_fd = -1, .root_fd = -1};
    gboolean is_smaller = FALSE;
    if (!pif_disk_map_open(disk, &shrink.map, error) ||
        !make(&shrink, margin, progress, &is_smaller, error))
        return FALSE;
    *ret_copy = is_smaller ? g_steal_pointer(&shrink.disk) : NULL;
    return TRUE;
}

/* An image that is there only needs the name, if any. */
static gboolean take(PifStore *store, const PifImage *image, const char *name, PifImage **ret_image,
                     GError **error)
{
    PifImportOptions options = {.name = name, .sha256 = image->sha256};
    if (name && !g_strv_contains((const char *const *)image->names, name))
        return pif_store_import(store, image->path, &options, ret_image, error);
    return pif_store_find(store, image->sha256, ret_image, error);
}

static gboolean run(PifStore *store, const PifImage *base, const PifShrinkOptions *options,
                    const char *recipe, PifImage **ret_image, GError **error)
{
    GError *failure = NULL;
    g_autofree char *copy = NULL; /* the store's to remove */
    g_autofree char *origin = g_strdup_printf("shrunk from %s", name_of(base));
    g_autofree char *default_name =
        g_strdup_printf("%.40s-%.*s", name_of(base), RECIPE_NAME_LENGTH, recipe);
    const char *name = options->name ? options->name : default_name;
    if (!pif_store_check_name_is_free(store, name, error) ||
        !pif_store_check(store, base->sha256, error))
        return FALSE;
    if (!pif_disk_shrink(store, base->path, options->margin, options->progress, &copy, &failure))
        return pif_error_take(error, failure, "cannot shrink %s", name_of(base));
    if (!copy)
        return take(store, base, options->name, ret_image, error);
    pif_progress_set_text(options->progress, "taking the image into the store");
    return pif_store_adopt(store, copy, name, origin, recipe, ret_image, error);
}

gboolean pif_image_shrink(PifStore *store, const PifImage *base, const PifShrinkOptions *options,
                          PifImage **ret_image, GError **error)
{
    GError *failure = NULL;
    g_autoptr(PifImage) made = NULL;
    g_autofree char *recipe = make_recipe(base, options->margin);
    if (pif_store_find_recipe(store, recipe, &made, &failure))
        return take(store, made, options->name, ret_image, error);
    if (!g_error_matches(failure, PIF_ERROR, PIF_ERROR_NOT_FOUND)) {
        g_propagate_error(error, failure);
        return FALSE;
    }
    g_error_free(failure);
    return run(store, base, options, recipe, ret_image, error);
}
