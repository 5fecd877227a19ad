// SPDX-License-Identifier: MIT
// How a file becomes an image: unpacked aside, verified, and only then named.
#include "images/disk/partition.h"
#include "images/disk/qcow2-convert.h"
#include "images/disk/sha256.h"
#include "images/store/source.h"
#include "images/store/store-private.h"
#include "images/store/unpack.h"
#include "pifarm/base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static const guint64 default_max_size = (guint64)64 << 30;

/* One import on its way. */
typedef struct {
    PifStore *store;
    const char *file;
    PifImportOptions options;
    char *expected_sha256; /* lower case; NULL: any */
    PifSource *source;
    char *temporary;
    PifDisk disk;
    char *source_sha256;
} Import;

static void import_clear(Import *import)
{
    if (import->temporary)
        unlink(import->temporary);
    g_free(import->temporary);
    g_free(import->expected_sha256);
    g_free(import->source_sha256);
    pif_disk_clear(&import->disk);
    pif_source_free(import->source);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Import, import_clear)

static gboolean check_options(Import *import, GError **error)
{
    const PifImportOptions *options = &import->options;
    if (options->name && !pif_image_check_name(options->name, error))
        return FALSE;
    if (options->sha256)
        import->expected_sha256 = g_ascii_strdown(options->sha256, -1);
    if (options->sha256 && !pif_sha256_is_valid(import->expected_sha256))
        return pif_error_set(error, PIF_ERROR_USAGE,
                             "the expected SHA-256 has to be 64 hexadecimal digits");
    if (!options->max_size)
        import->options.max_size = default_max_size;
    return TRUE;
}

static gboolean check_checksum(const Import *import, const char *source_sha256,
                               const char *disk_sha256, GError **error)
{
    const char *expected = import->expected_sha256;
    if (!expected || g_str_equal(expected, source_sha256) || g_str_equal(expected, disk_sha256))
        return TRUE;
    return pif_error_set(error, PIF_ERROR_PROTOCOL,
                         "its SHA-256 is %s, but %s was expected; fetch it again", source_sha256,
                         expected);
}

static gboolean check_disk(const PifImportOptions *options, const PifDisk *disk, GError **error)
{
    if (options->disk_size && options->disk_size != disk->size)
        return pif_error_set(error, PIF_ERROR_PROTOCOL,
                             "the disk in it has %" G_GUINT64_FORMAT
                             " bytes, but %" G_GUINT64_FORMAT " were expected; fetch it again",
                             disk->size, options->disk_size);
    if (options->disk_sha256 && g_ascii_strcasecmp(options->disk_sha256, disk->sha256) != 0)
        return pif_error_set(error, PIF_ERROR_PROTOCOL,
                             "the SHA-256 of the disk in it is %s, but %s was expected; fetch it "
                             "again",
                             disk->sha256, options->disk_sha256);
    return TRUE;
}

static gboolean has_file(json_t *record, gconstpointer data)
{
    const Import *import = data;
    return pif_record_find_file(record, import->file, pif_source_status(import->source)) != NULL;
}

static gboolean check_known_disk(const Import *import, const char *sha256, GError **error)
{
    struct stat status;
    g_autofree char *path = pif_store_path(import->store, sha256, ".img");
    if (stat(path, &status) < 0)
        return pif_error_set_errno(error, errno, "cannot open %s", path);
    const PifDisk disk = {.sha256 = (char *)sha256, .size = (guint64)status.st_size};
    return pif_disk_check_size(disk.size, import->options.max_size, error) &&
           check_disk(&import->options, &disk, error);
}

/* The image is there: only to be named. source_sha256, if there is one, and the URL are remembered.
 */
static gboolean settle_known(Import *import, const char *sha256, const char *source_sha256,
                             PifImage **ret_image, GError **error)
{
    PifArrival arrival = {
        .disk = &(PifDisk){.sha256 = (char *)sha256},
        .name = import->options.name,
        .replace_name = import->options.replace_name,
        .source_sha256 = import->options.url ? source_sha256 : NULL,
        .source_url = import->options.url,
        .source_validator = import->options.validator,
    };
    return check_known_disk(import, sha256, error) &&
           pif_store_settle(import->store, &arrival, ret_image, error);
}

/* The same file again: nothing to read. *ret_image stays NULL when it is another. */
static gboolean take_known(Import *import, PifImage **ret_image, GError **error)
{
    g_auto(PifFd) lock = -1;
    g_autofree char *sha256 = NULL;
    g_autoptr(json_t) record = NULL;
    PifStore *store = import->store;
    if (!pif_store_lock(store, TRUE, &lock, error) ||
        !pif_store_search(store, has_file, import, &sha256, error))
        return FALSE;
    if (!sha256 || !pif_store_is_untouched(store, sha256))
        return TRUE;
    if (!pif_record_load(store, sha256, &record, error))
        return FALSE;
    const char *source_sha256 =
        pif_record_find_file(record, import->file, pif_source_status(import->source));
    return check_checksum(import, source_sha256, sha256, error) &&
           settle_known(import, sha256, source_sha256, ret_image, error);
}

static gboolean has_source(json_t *record, gconstpointer sha256)
{
    return pif_record_has_source(record, sha256);
}

static gboolean import_known(Import *import, PifImage **ret_image, GError **error)
{
    g_auto(PifFd) lock = -1;
    g_autofree char *sha256 = NULL;
    PifStore *store = import->store;
    const char *wanted = import->expected_sha256;
    if (!pif_store_lock(store, TRUE, &lock, error) ||
        !pif_store_search(store, has_source, wanted, &sha256, error))
        return FALSE;
    const char *source_sha256 = sha256 ? wanted : NULL; /* else it is the disk's, or unknown */
    if (!sha256)
        sha256 = g_strdup(wanted);
    return !pif_store_is_untouched(store, sha256) ||
           settle_known(import, sha256, source_sha256, ret_image, error);
}

gboolean pif_store_import_known(PifStore *store, const char *sha256,
                                const PifImportOptions *options, PifImage **ret_image,
                                GError **error)
{
    g_auto(Import) import = {.store = store, .options = options ? *options : (PifImportOptions){0}};
    PifImage *image = NULL;
    import.options.sha256 = sha256;
    if (!check_options(&import, error) || !import_known(&import, &image, error))
        return FALSE;
    *ret_image = image;
    return TRUE;
}

/* Compressed files may have an MBR's signature by chance. */
static gboolean is_raw_disk(const PifSource *source)
{
    static const char zip[] = "PK\3\4";
    static const char zstd[] = "\x28\xb5\x2f\xfd";
    gsize size = 0;
    const guint8 *head = pif_source_head(source, &size);
    return !pif_source_is_compressed(source) && pif_disk_has_boot_signature(head, size) &&
           memcmp(head, zip, 4) != 0 && memcmp(head, zstd, 4) != 0;
}

static void show_progress(gpointer source, guint64 position)
{
    pif_source_set_position(source, position);
}

/* What passes is the file itself, so that its hash is the disk's. */
static gboolean copy_raw(Import *import, PifDiskWriter *writer, GError **error)
{
    PifSource *source = import->source;
    if (!pif_disk_writer_add_file(writer, pif_source_fd(source), show_progress, source, error) ||
        !pif_disk_writer_finish(writer, &import->disk, error))
        return FALSE;
    import->source_sha256 = g_strdup(import->disk.sha256);
    return TRUE;
}

static gboolean unpack(Import *import, PifDiskWriter *writer, GError **error)
{
    return pif_unpack(import->source, writer, error) &&
           pif_disk_writer_finish(writer, &import->disk, error) &&
           pif_source_finish(import->source, &import->source_sha256, error);
}

static gboolean write_disk(Import *import, GError **error)
{
    g_auto(PifFd) fd = open(import->temporary, O_RDWR | O_CLOEXEC);
    if (fd < 0)
        return pif_error_set_errno(error, errno, "cannot open %s", import->temporary);
    g_autoptr(PifDiskWriter) writer = pif_disk_writer_new(fd, import->options.max_size);
    return is_raw_disk(import->source) ? copy_raw(import, writer, error)
                                       : unpack(import, writer, error);
}

/* Files of other programs' making are hashed in a second reading. */
static gboolean measure_temporary(const char *path, PifDisk *ret_disk, GError **error)
{
    g_auto(PifFd) fd = open(path, O_RDWR | O_CLOEXEC);
    if (fd < 0)
        return pif_error_set_errno(error, errno, "cannot open %s", path);
    sync_file_range(fd, 0, 0, SYNC_FILE_RANGE_WRITE); /* the disk is written while we hash */
    if (!pif_disk_hash(fd, ret_disk, error))
        return FALSE;
    return fsync(fd) == 0 || pif_disk_set_write_error(error, errno);
}

static gboolean convert_qcow2(Import *import, const PifQcow2Header *header, GError **error)
{
    pif_progress_set_text(import->options.progress, "converting from qcow2");
    return pif_qcow2_convert(pif_source_fd(import->source), header, import->temporary,
                             import->options.max_size, error) &&
           pif_source_finish(import->source, &import->source_sha256, error) &&
           measure_temporary(import->temporary, &import->disk, error);
}

static gboolean read_disk(Import *import, GError **error)
{
    PifQcow2Header header;
    gsize size = 0;
    const guint8 *head = pif_source_head(import->source, &size);
    import->temporary = pif_store_new_temporary(import->store, error);
    if (!import->temporary)
        return FALSE;
    return pif_qcow2_parse_header(head, size, &header) ? convert_qcow2(import, &header, error)
                                                       : write_disk(import, error);
}

/* The last check before an image is named: the file is a whole disk. */
static gboolean check_partitions(const char *path, const PifDisk *disk, GError **error)
{
    g_auto(PifFd) fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return pif_error_set_errno(error, errno, "cannot open %s", path);
    return pif_partitions_check(fd, disk->size, error);
}

static gboolean verify(const Import *import, GError **error)
{
    return pif_source_check_unchanged(import->source, error) &&
           check_checksum(import, import->source_sha256, import->disk.sha256, error) &&
           check_disk(&import->options, &import->disk, error) &&
           check_partitions(import->temporary, &import->disk, error);
}

static gboolean settle(const Import *import, PifImage **ret_image, GError **error)
{
    g_auto(PifFd) lock = -1;
    g_autofree char *origin = import->options.origin ? g_strdup(import->options.origin)
                                                     : g_canonicalize_filename(import->file, NULL);
    PifArrival arrival = {
        .temporary = import->temporary,
        .disk = &import->disk,
        .name = import->options.name,
        .replace_name = import->options.replace_name,
        .origin = origin,
        .source_sha256 = import->source_sha256,
        .source_file = import->file,
        .source_status = pif_source_status(import->source),
        .source_url = import->options.url,
        .source_validator = import->options.validator,
    };
    return pif_store_lock(import->store, TRUE, &lock, error) &&
           pif_store_settle(import->store, &arrival, ret_image, error);
}

static gboolean run_import(Import *import, PifImage **ret_image, GError **error)
{
    if (!check_options(import, error))
        return FALSE;
    import->source = pif_source_open(import->file, import->options.progress, error);
    if (!import->source || !take_known(import, ret_image, error))
        return FALSE;
    if (*ret_image)
        return TRUE;
    return read_disk(import, error) && verify(import, error) && settle(import, ret_image, error);
}

gboolean pif_store_import(PifStore *store, const char *file, const PifImportOptions *options,
                          PifImage **ret_image, GError **error)
{
    g_auto(Import) import = {
        .store = store,
        .file = file,
        .options = options ? *options : (PifImportOptions){0},
    };
    PifImage *image = NULL;
    GError *failure = NULL;
    if (!run_import(&import, &image, &failure))
        return pif_error_take(error, failure, "cannot import %s",
                              import.options.origin ? import.options.origin : file);
    *ret_image = image;
    return TRUE;
}

/* What was made here, its disk known, becomes an image; what is left of it goes. */
static gboolean adopt(PifStore *store, const PifArrival *arrival, PifImage **ret_image,
                      GError **error)
{
    g_auto(PifFd) lock = -1;
    gboolean is_ok = (!arrival->name || pif_image_check_name(arrival->name, error)) &&
                     check_partitions(arrival->temporary, arrival->disk, error) &&
                     pif_store_lock(store, TRUE, &lock, error) &&
                     pif_store_settle(store, arrival, ret_image, error);
    unlink(arrival->temporary); /* gone already when it became the image */
    return is_ok;
}

gboolean pif_store_adopt(PifStore *store, const char *temporary, const char *name,
                         const char *origin, const char *recipe, PifImage **ret_image,
                         GError **error)
{
    g_auto(PifDisk) disk = {0};
    const PifArrival arrival = {
        .temporary = temporary,
        .disk = &disk,
        .name = name,
        .origin = origin,
        .recipe = recipe,
    };
    if (measure_temporary(temporary, &disk, error))
        return adopt(store, &arrival, ret_image, error);
    unlink(temporary);
    return FALSE;
}

gboolean pif_store_adopt_hashed(PifStore *store, const char *temporary, const PifDisk *disk,
                                const char *name, const char *origin, PifImage **ret_image,
                                GError **error)
{
    const PifArrival arrival = {
        .temporary = temporary, .disk = disk, .name = name, .origin = origin};
    return adopt(store, &arrival, ret_image, error);
}
