// SPDX-License-Identifier: MIT
// Unfinished downloads: NAME.part holds the bytes, NAME.json of which version of the file they are.
#include "images/fetch/partial.h"

#include "images/disk/sha256.h"
#include "images/fetch/url.h"
#include "pifarm/base/error.h"
#include "pifarm/base/fd.h"
#include "pifarm/base/file.h"
#include "pifarm/base/size.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

G_DEFINE_AUTOPTR_CLEANUP_FUNC(json_t, json_decref)

enum { MAX_NOTE_BYTES = 64 * 1024 };

struct PifPartial {
    char *folder;
    char *url; /* as shown */
    char *path;
    char *note_path;
    PifFd fd; /* locked */
    guint64 size;
    char *validator;
};

void pif_partial_free(PifPartial *partial)
{
    if (!partial)
        return;
    pif_fd_clear(&partial->fd);
    g_free(partial->folder);
    g_free(partial->url);
    g_free(partial->path);
    g_free(partial->note_path);
    g_free(partial->validator);
    g_free(partial);
}

const char *pif_partial_path(const PifPartial *partial)
{
    return partial->path;
}

guint64 pif_partial_size(const PifPartial *partial)
{
    return partial->size;
}

const char *pif_partial_validator(const PifPartial *partial)
{
    return partial->validator;
}

/* -1 when another process has it locked, or it was removed before we had the lock. */
static int open_locked(const char *path, int flags)
{
    struct stat status;
    g_auto(PifFd) fd = open(path, flags | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) < 0 || fstat(fd, &status) < 0)
        return -1;
    if (status.st_nlink == 0) {
        errno = EAGAIN;
        return -1;
    }
    return pif_fd_steal(&fd);
}

static gboolean take_file(PifPartial *partial, GError **error)
{
    partial->fd = open_locked(partial->path, O_RDWR | O_CREAT);
    if (partial->fd >= 0)
        return TRUE;
    if (errno == EWOULDBLOCK)
        return pif_error_set(error, PIF_ERROR_BUSY,
                             "%s is being downloaded by another process; wait until it is done",
                             partial->url);
    return pif_error_set_errno(error, errno, "cannot open %s", partial->path);
}

/* Removes NAME.json* of NAME.part; with only_leftovers what processes that were killed left of
 * notes under another name. Wants the lock on the .part. */
static void remove_notes_but(const char *path, gboolean only_leftovers)
{
    g_autofree char *folder = g_path_get_dirname(path);
    g_autofree char *base = g_path_get_basename(path);
    base[strlen(base) - strlen(".part")] = '\0';
    g_autofree char *note = g_strconcat(base, ".json", NULL);
    g_autoptr(GDir) directory = g_dir_open(folder, 0, NULL);
    for (const char *name; directory && (name = g_dir_read_name(directory));) {
        g_autofree char *found = g_build_filename(folder, name, NULL);
        if (g_str_has_prefix(name, note) && !(only_leftovers && g_str_equal(name, note)))
            unlink(found);
    }
}

static void remove_notes(const char *path)
{
    remove_notes_but(path, FALSE);
}

/* Without a good note nothing is known of the bytes. */
static void read_note(PifPartial *partial)
{
    struct stat status;
    g_autofree char *text = NULL;
    gsize size = 0;
    if (fstat(partial->fd, &status) < 0 ||
        !pif_file_read(partial->note_path, MAX_NOTE_BYTES, &text, &size, NULL))
        return;
    g_autoptr(json_t) note = json_loadb(text, size, 0, NULL);
    const char *validator = json_string_value(json_object_get(note, "validator"));
    if (!validator)
        return;
    partial->validator = g_strdup(validator);
    partial->size = (guint64)status.st_size;
}

gboolean pif_partial_open(const char *folder, const char *url, PifPartial **ret_partial,
                          GError **error)
{
    g_autoptr(PifPartial) partial = g_new0(PifPartial, 1);
    g_autofree char *name = pif_sha256_of_string(url);
    partial->fd = -1;
    partial->folder = g_strdup(folder);
    partial->url = pif_url_redact(url);
    partial->path = g_strdup_printf("%s/%s.part", folder, name);
    partial->note_path = g_strdup_printf("%s/%s.json", folder, name);
    if (!pif_dir_make(folder, 0700, error) || !take_file(partial, error))
        return FALSE;
    remove_notes_but(partial->path, TRUE);
    read_note(partial);
    *ret_partial = g_steal_pointer(&partial);
    return TRUE;
}

static gboolean check_room(const PifPartial *partial, guint64 wanted, GError **error)
{
    struct statvfs status;
    if (fstatvfs(partial->fd, &status) < 0)
        return TRUE; /* writing will tell */
    guint64 available = (guint64)status.f_bavail * status.f_frsize;
    if (wanted <= available)
        return TRUE;
    g_autofree char *needed = g_format_size_full(wanted, G_FORMAT_SIZE_IEC_UNITS);
    g_autofree char *there = g_format_size_full(available, G_FORMAT_SIZE_IEC_UNITS);
    return pif_error_set(error, PIF_ERROR_EXTERNAL,
                         "no room for %s: it takes %s, and the file system of %s has %s; make room "
                         "there, or move the store (PIFARM_STATE_DIR)",
                         partial->url, needed, partial->folder, there);
}

static gboolean write_note(const PifPartial *partial, GError **error)
{
    g_autofree char *url = g_utf8_make_valid(partial->url, -1);
    g_autoptr(json_t) note = json_pack("{ss ss*}", "url", url, "validator", partial->validator);
    char *text = json_dumps(note, JSON_INDENT(2));
    gboolean is_ok = pif_file_write(partial->note_path, text, -1, 0600, error);
    free(text);
    return is_ok;
}

/* In this order, so that old bytes are never taken for the new version's. */
gboolean pif_partial_begin(PifPartial *partial, guint64 offset, guint64 total,
                           const char *validator, GError **error)
{
    guint64 size = MIN(offset, partial->size);
    g_autofree char *valid = validator ? g_utf8_make_valid(validator, -1) : NULL;
    if (ftruncate(partial->fd, (off_t)size) < 0)
        return pif_error_set_errno(error, errno, "cannot write %s", partial->path);
    partial->size = size;
    if (!check_room(partial, total - MIN(size, total), error))
        return FALSE;
    if (size > 0 && (!valid || g_strcmp0(valid, partial->validator) == 0))
        return TRUE; /* goes on */
    g_free(partial->validator);
    partial->validator = g_steal_pointer(&valid);
    return write_note(partial, error);
}

static gboolean set_write_error(const PifPartial *partial, int err, GError **error)
{
    if (err != ENOSPC && err != EDQUOT && err != EFBIG)
        return pif_error_set_errno(error, err, "cannot write %s", partial->path);
    return pif_error_set(error, PIF_ERROR_EXTERNAL,
                         "no room for %s on the file system of %s (%s); make room there, or move "
                         "the store (PIFARM_STATE_DIR)",
                         partial->url, partial->folder, g_strerror(err));
}

gboolean pif_partial_add(PifPartial *partial, const void *bytes, gsize size, GError **error)
{
    const char *data = bytes;
    while (size > 0) {
        ssize_t written = pwrite(partial->fd, data, size, (off_t)partial->size);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return set_write_error(partial, errno, error);
        data += written;
        size -= (gsize)written;
        partial->size += (guint64)written;
    }
    return TRUE;
}

void pif_partial_discard(PifPartial *partial)
{
    remove_notes(partial->path);
    unlink(partial->path);
}

/* One that may go. */
typedef struct {
    char *path;
    gint64 changed_s;
    guint64 bytes;
} Old;

static void old_clear(gpointer data)
{
    g_free(((Old *)data)->path);
}

static gint compare_age(gconstpointer a, gconstpointer b)
{
    gint64 first = ((const Old *)a)->changed_s;
    gint64 second = ((const Old *)b)->changed_s;
    return first < second ? 1 : first > second ? -1 : 0; /* the newest first */
}

static GArray *list_parts(const char *folder)
{
    GArray *parts = g_array_new(FALSE, FALSE, sizeof(Old));
    g_array_set_clear_func(parts, old_clear);
    g_autoptr(GDir) directory = g_dir_open(folder, 0, NULL);
    for (const char *name; directory && (name = g_dir_read_name(directory));) {
        struct stat status;
        g_autofree char *path = g_build_filename(folder, name, NULL);
        if (!g_str_has_suffix(name, ".part") || lstat(path, &status) < 0)
            continue;
        Old old = {g_steal_pointer(&path), status.st_mtime, (guint64)status.st_blocks * 512};
        g_array_append_val(parts, old);
    }
    g_array_sort(parts, compare_age);
    return parts;
}

void pif_partial_sweep(const char *folder, gint64 max_age_s, guint64 max_bytes)
{
    guint64 kept = 0;
    gint64 oldest_s = g_get_real_time() / G_USEC_PER_SEC - max_age_s;
    g_autoptr(GArray) parts = list_parts(folder);
    for (guint i = 0; i < parts->len; i++) {
        const Old *old = &g_array_index(parts, Old, i);
        kept += old->bytes;
        if (old->changed_s >= oldest_s && kept <= max_bytes)
            continue;
        g_auto(PifFd) lock = open_locked(old->path, O_RDWR);
        if (lock < 0)
            continue;
        remove_notes(old->path);
        unlink(old->path);
        kept -= old->bytes;
    }
}
