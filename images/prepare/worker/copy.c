// SPDX-License-Identifier: MIT
// The step that puts folders of this host into the image: as one archive each, whose paths are
// where the image's own links lead.
#include "images/card/node-values.h"
#include "images/prepare/tree.h"
#include "images/prepare/worker/steps.h"
#include "images/prepare/worker/templates.h"
#include "pifarm/base/error.h"
#include "pifarm/base/fd.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

typedef struct archive Archive;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Archive, archive_write_free)
typedef struct archive_entry ArchiveEntry;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ArchiveEntry, archive_entry_free)

/* A tree on its way into the image. */
typedef struct {
    const PifGuest *guest;
    const PifTree *tree;
    PifAccounts accounts;
    GHashTable *places;   /* folder in the tree -> where that is in the image, "" for the root */
    GHashTable *fresh;    /* folders in the tree that the image does not have */
    gboolean expands;     /* texts may have a node's own values in them */
    GPtrArray *templates; /* paths in the image of those that have */
    GPtrArray *plain;     /* and of all other files and links */
} Copy;

static void copy_clear(Copy *copy)
{
    pif_accounts_clear(&copy->accounts);
    g_hash_table_unref(copy->places);
    g_hash_table_unref(copy->fresh);
    g_ptr_array_unref(copy->templates);
    g_ptr_array_unref(copy->plain);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Copy, copy_clear)

/* The folder that an entry is in; the tree's root is "". Free it. */
static char *parent_of(const PifTreeEntry *entry)
{
    const char *slash = strrchr(entry->path, '/');
    return slash ? g_strndup(entry->path, (gsize)(slash - entry->path)) : g_strdup("");
}

/* Where an entry goes, below folders that are placed already. Free it. */
static char *place_of(const Copy *copy, const PifTreeEntry *entry)
{
    g_autofree char *parent = parent_of(entry);
    g_autofree char *name = g_path_get_basename(entry->path);
    return g_strconcat((const char *)g_hash_table_lookup(copy->places, parent), "/", name, NULL);
}

/* An image's /lib may be a link to /usr/lib: what is for /lib then goes there, and the link stays.
 */
static char *follow_link(const Copy *copy, const char *place, GError **error)
{
    char *real = guestfs_realpath(copy->guest->handle, place);
    if (!real) {
        pif_guest_fail(copy->guest, error, "%s is a link that leads nowhere", place);
        return NULL;
    }
    char *result = g_strdup(g_str_equal(real, "/") ? "" : real);
    free(real);
    return result;
}

static gboolean place_folder(Copy *copy, const PifTreeEntry *entry, GError **error)
{
    const PifGuest *guest = copy->guest;
    g_autofree char *parent = parent_of(entry);
    g_autofree char *place = place_of(copy, entry);
    gboolean is_fresh = g_hash_table_contains(copy->fresh, parent);
    if (!is_fresh && guestfs_is_symlink(guest->handle, place) == 1) {
        char *real = follow_link(copy, place, error);
        if (!real)
            return FALSE;
        g_free(place);
        place = real;
    }
    if (!is_fresh && *place && !pif_guest_is_dir(guest, place)) {
        if (pif_guest_exists(guest, place))
            return pif_error_set(error, PIF_ERROR_CONFIG,
                                 "%s is no folder on the card, but %s/%s is one", place,
                                 copy->tree->path, entry->path);
        is_fresh = TRUE;
    }
    if (is_fresh)
        g_hash_table_add(copy->fresh, g_strdup(entry->path));
    g_hash_table_insert(copy->places, g_strdup(entry->path), g_steal_pointer(&place));
    return TRUE;
}

static gboolean find_owner(const Copy *copy, const PifTreeEntry *entry, const char *place,
                           guint *ret_uid, guint *ret_gid, GError **error)
{
    GError *failure = NULL;
    *ret_uid = *ret_gid = 0;
    if (!entry->rule) {
        pif_accounts_find_home(&copy->accounts, place, ret_uid, ret_gid);
        return TRUE;
    }
    return pif_accounts_find_ids(&copy->accounts, entry->rule->owner, entry->rule->group, ret_uid,
                                 ret_gid, &failure) ||
           pif_error_take(error, failure, "%s.permissions", copy->tree->path);
}

static gboolean fail_archive(Archive *archive, GError **error)
{
    return pif_error_set(error, PIF_ERROR_EXTERNAL, "cannot write the archive: %s",
                         archive_error_string(archive));
}

static gboolean write_content(const Copy *copy, const PifTreeEntry *entry, Archive *archive,
                              GError **error)
{
    char bytes[64 * 1024];
    ssize_t size;
    guint64 left = entry->size;
    g_auto(PifFd) fd = pif_tree_open_file(copy->tree, entry->path, error);
    if (fd < 0)
        return FALSE;
    while (left > 0 && (size = read(fd, bytes, MIN(sizeof bytes, left))) > 0) {
        if (archive_write_data(archive, bytes, (size_t)size) != size)
            return fail_archive(archive, error);
        left -= (guint64)size;
    }
    return left == 0 || pif_error_set(error, PIF_ERROR_BUSY,
                                      "%s/%s became shorter while it was copied; try again",
                                      copy->tree->path, entry->path);
}

/* A text, with a node's own values in it? */
static gboolean has_values(const Copy *copy, const PifTreeEntry *entry, gboolean *ret_has,
                           GError **error)
{
    *ret_has = FALSE;
    if (!copy->expands || !S_ISREG(entry->type) || entry->size == 0)
        return TRUE;
    g_auto(PifFd) fd = pif_tree_open_file(copy->tree, entry->path, error);
    g_autoptr(GMappedFile) file = fd < 0 ? NULL : g_mapped_file_new_from_fd(fd, FALSE, error);
    if (!file)
        return FALSE;
    gsize size = g_mapped_file_get_length(file);
    const char *bytes = g_mapped_file_get_contents(file);
    if (!bytes || !g_utf8_validate(bytes, (gssize)size, NULL))
        return TRUE;
    g_autofree char *text = g_strndup(bytes, size);
    *ret_has = pif_node_values_are_in(text);
    return TRUE;
}

/* Where a file or link of the tree goes, which is noted: at its place, or to the templates. Free
 * it. */
static char *choose_place(Copy *copy, const PifTreeEntry *entry, const char *place, GError **error)
{
    gboolean is_template;
    if (!has_values(copy, entry, &is_template, error) ||
        (is_template && !pif_guest_check_template(copy->guest, place, entry->size, error)))
        return NULL;
    g_ptr_array_add(is_template ? copy->templates : copy->plain, g_strdup(place));
    return is_template ? pif_guest_template_place(place) : g_strdup(place);
}

static gboolean write_entry(Copy *copy, const PifTreeEntry *entry, Archive *archive, GError **error)
{
    guint uid, gid;
    gboolean is_folder = S_ISDIR(entry->type);
    g_autofree char *place = is_folder ? g_strdup(g_hash_table_lookup(copy->places, entry->path))
                                       : place_of(copy, entry);
    if (is_folder && !g_hash_table_contains(copy->fresh, entry->path))
        return TRUE;
    g_autofree char *chosen = is_folder ? g_strdup(place) : choose_place(copy, entry, place, error);
    if (!chosen || !find_owner(copy, entry, place, &uid, &gid, error))
        return FALSE;
    g_autoptr(ArchiveEntry) header = archive_entry_new();
    archive_entry_set_pathname(header, chosen + 1);
    archive_entry_set_filetype(header, entry->type);
    archive_entry_set_perm(header, entry->mode);
    archive_entry_set_uid(header, uid);
    archive_entry_set_gid(header, gid);
    archive_entry_set_size(header, (la_int64_t)entry->size);
    if (entry->target)
        archive_entry_set_symlink(header, entry->target);
    if (archive_write_header(archive, header) != ARCHIVE_OK)
        return fail_archive(archive, error);
    return !S_ISREG(entry->type) || write_content(copy, entry, archive, error);
}

static gboolean write_archive(Copy *copy, int fd, GError **error)
{
    g_autoptr(Archive) archive = archive_write_new();
    if (archive_write_set_format_pax_restricted(archive) != ARCHIVE_OK ||
        archive_write_open_fd(archive, fd) != ARCHIVE_OK)
        return fail_archive(archive, error);
    for (guint i = 0; i < copy->tree->entries->len; i++)
        if (!write_entry(copy, copy->tree->entries->pdata[i], archive, error))
            return FALSE;
    return archive_write_close(archive) == ARCHIVE_OK || fail_archive(archive, error);
}

/* A folder that was there keeps owner and mode, unless there is a line for it. */
static gboolean change_folders(const Copy *copy, GError **error)
{
    for (guint i = 0; i < copy->tree->entries->len; i++) {
        guint uid, gid;
        const PifTreeEntry *entry = copy->tree->entries->pdata[i];
        const char *place = g_hash_table_lookup(copy->places, entry->path);
        if (!S_ISDIR(entry->type) || !entry->rule || !*place ||
            g_hash_table_contains(copy->fresh, entry->path))
            continue;
        if (!find_owner(copy, entry, place, &uid, &gid, error) ||
            !pif_guest_make_dir(copy->guest, place, entry->mode, uid, gid, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean place_folders(Copy *copy, GError **error)
{
    g_hash_table_insert(copy->places, g_strdup(""), g_strdup(""));
    for (guint i = 0; i < copy->tree->entries->len; i++) {
        const PifTreeEntry *entry = copy->tree->entries->pdata[i];
        if (S_ISDIR(entry->type) && !place_folder(copy, entry, error))
            return FALSE;
    }
    return TRUE;
}

/* The archive has no name, so that nothing stays behind; beside the disk there is room for it. */
static gboolean copy_tree(const PifGuest *guest, const PifTree *tree, gboolean expands,
                          GError **error)
{
    g_autofree char *folder = g_path_get_dirname(guest->job->disk);
    g_auto(PifFd) fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    g_autofree char *path = g_strdup_printf("/proc/self/fd/%d", fd);
    g_auto(Copy) copy = {
        .guest = guest,
        .tree = tree,
        .places = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free),
        .fresh = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
        .expands = expands,
        .templates = g_ptr_array_new_with_free_func(g_free),
        .plain = g_ptr_array_new_with_free_func(g_free),
    };
    if (fd < 0)
        return pif_error_set_errno(error, errno, "cannot make a temporary file in %s", folder);
    if (!pif_guest_read(guest, "/etc/passwd", &copy.accounts.passwd, error) ||
        !pif_guest_read(guest, "/etc/group", &copy.accounts.group, error) ||
        !place_folders(&copy, error) || !write_archive(&copy, fd, error))
        return FALSE;
    if (guestfs_tar_in(guest->handle, path, "/") < 0)
        return pif_guest_fail(guest, error, "cannot copy %s", tree->path);
    return change_folders(&copy, error) &&
           pif_guest_update_templates(guest, copy.templates, copy.plain, error);
}

static gboolean copy_trees(const PifGuest *guest, const char *key, gboolean expands, GError **error)
{
    g_autoptr(GArray) folders = pif_prepare_job_items(guest->job, key);
    for (guint i = 0; i < folders->len; i++) {
        const PifPrepareItem *folder = &g_array_index(folders, PifPrepareItem, i);
        g_autoptr(PifTree) tree = pif_tree_open(folder->from, error);
        if (!tree)
            return FALSE;
        if (!g_str_equal(tree->sha256, folder->sha256))
            return pif_error_set(error, PIF_ERROR_BUSY,
                                 "%s changed while the image was prepared; try again",
                                 folder->from);
        if (!copy_tree(guest, tree, expands, error))
            return FALSE;
    }
    return TRUE;
}

gboolean pif_step_copy(PifGuest *guest, GError **error)
{
    return copy_trees(guest, "copy", FALSE, error);
}

gboolean pif_step_expand(PifGuest *guest, GError **error)
{
    return copy_trees(guest, "expand", TRUE, error);
}
