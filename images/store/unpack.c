// SPDX-License-Identifier: MIT
// Archives and the remaining compressed formats by libarchive; the disk is told by its content.
#include "images/store/unpack.h"

#include "pifarm/base/error.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>

typedef struct archive Archive;

typedef struct {
    PifSource *source;
    PifDiskWriter *writer;
    guint8 *block;
    gboolean has_files;   /* it is an archive with something in it */
    char *disk_name;      /* of the entry that was the disk, once it is written */
    GError *source_error; /* what made our read callback fail */
    Archive *archive;
} Unpacking;

static void unpacking_clear(Unpacking *unpacking)
{
    archive_read_free(unpacking->archive);
    g_clear_error(&unpacking->source_error);
    g_free(unpacking->disk_name);
    g_free(unpacking->block);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Unpacking, unpacking_clear)

static la_ssize_t read_source(Archive *archive, void *data, const void **ret_block)
{
    Unpacking *unpacking = data;
    gsize size = 0;
    if (pif_source_read(unpacking->source, ret_block, &size, &unpacking->source_error))
        return (la_ssize_t)size;
    archive_set_error(archive, EIO, "%s", unpacking->source_error->message);
    return ARCHIVE_FATAL;
}

static gboolean set_archive_error(Unpacking *unpacking, GError **error)
{
    if (unpacking->source_error) {
        g_propagate_error(error, g_steal_pointer(&unpacking->source_error));
        return FALSE;
    }
    g_autofree char *why = g_strchomp(g_strdup(archive_error_string(unpacking->archive)));
    return pif_error_set(error, PIF_ERROR_PROTOCOL, "it is damaged or cut off (%s); fetch it again",
                         why);
}

static gboolean open_archive(Unpacking *unpacking, GError **error)
{
    Archive *archive = unpacking->archive = archive_read_new();
    archive_read_support_filter_zstd(archive);
    archive_read_support_format_zip_streamable(archive); /* in order, so that it can be hashed */
    archive_read_support_format_tar(archive);
    archive_read_support_format_raw(archive);
    archive_read_support_format_empty(archive);
    if (archive_read_open(archive, unpacking, NULL, read_source, NULL) != ARCHIVE_OK)
        return set_archive_error(unpacking, error);
    return TRUE;
}

/* Fills the block as far as the entry goes; *ret_size 0 at its end. */
static gboolean read_entry(Unpacking *unpacking, gsize *ret_size, GError **error)
{
    la_ssize_t got = archive_read_data(unpacking->archive, unpacking->block, PIF_DISK_BLOCK);
    if (got < 0)
        return set_archive_error(unpacking, error);
    *ret_size = (gsize)got;
    return TRUE;
}

/* A sparse file in a tar may end in a hole, which only its size tells of. */
static guint64 find_hole_at_end(struct archive_entry *entry, guint64 written)
{
    guint64 size = archive_entry_size_is_set(entry) ? (guint64)archive_entry_size(entry) : 0;
    return size > written ? size - written : 0;
}

static gboolean write_disk(Unpacking *unpacking, struct archive_entry *entry, gsize size,
                           GError **error)
{
    guint64 written = 0;
    while (size > 0) {
        written += size;
        if (!pif_disk_writer_add(unpacking->writer, unpacking->block, size, error) ||
            !read_entry(unpacking, &size, error))
            return FALSE;
    }
    return pif_disk_writer_add_zeros(unpacking->writer, find_hole_at_end(entry, written), error);
}

/* Writes the entry out if it is a disk, and the first. */
static gboolean unpack_entry(Unpacking *unpacking, struct archive_entry *entry, GError **error)
{
    gsize size = 0;
    unpacking->has_files |= archive_format(unpacking->archive) != ARCHIVE_FORMAT_RAW;
    if (!read_entry(unpacking, &size, error))
        return FALSE;
    if (!pif_disk_has_boot_signature(unpacking->block, size))
        return TRUE;
    const char *name = archive_entry_pathname_utf8(entry);
    if (unpacking->disk_name)
        return pif_error_set(
            error, PIF_ERROR_PROTOCOL,
            "there are several disk images in it ('%s', '%s'); unpack it and import one",
            unpacking->disk_name, name ? name : "?");
    unpacking->disk_name = g_strdup(name ? name : "?");
    return write_disk(unpacking, entry, size, error);
}

static gboolean set_no_disk_error(const Unpacking *unpacking, GError **error)
{
    if (unpacking->has_files)
        return pif_error_set(error, PIF_ERROR_PROTOCOL,
                             "none of the files in this archive is a raw disk image");
    return pif_error_set(error, PIF_ERROR_PROTOCOL,
                         "it is no disk image: no partition table at the start of its content "
                         "(wanted: a raw disk, or one in .xz, .zst, .gz, .zip or qcow2)");
}

gboolean pif_unpack(PifSource *source, PifDiskWriter *writer, GError **error)
{
    g_auto(Unpacking) unpacking = {
        .source = source,
        .writer = writer,
        .block = g_malloc(PIF_DISK_BLOCK),
    };
    if (!open_archive(&unpacking, error))
        return FALSE;
    struct archive_entry *entry = NULL;
    int status;
    while ((status = archive_read_next_header(unpacking.archive, &entry)) == ARCHIVE_OK)
        if (!unpack_entry(&unpacking, entry, error))
            return FALSE;
    if (status != ARCHIVE_EOF)
        return set_archive_error(&unpacking, error);
    return unpacking.disk_name || set_no_disk_error(&unpacking, error);
}
