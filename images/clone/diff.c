// SPDX-License-Identifier: MIT
// Comparing two roots entry by entry; what the inodes say is the same is not read.
#include "images/clone/diff.h"

#include "images/card/card-files.h"
#include "images/clone/diff-boot.h"

#include <string.h>
#include <sys/stat.h>

static const char *const kind_names[] = {"added", "removed", "type",   "content",
                                         "mode",  "owner",   "target", "device"};

char *pif_change_format(PifChangeKinds kinds)
{
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < G_N_ELEMENTS(kind_names); i++)
        if (kinds & 1U << i)
            g_string_append_printf(text, "%s%s", text->len ? "," : "", kind_names[i]);
    return g_string_free(text, FALSE);
}

static void free_change(gpointer data)
{
    PifFileChange *change = data;
    g_free(change->path);
    g_free(change);
}

typedef struct {
    const PifCardFiles *before;
    const PifCardFiles *after;
    const GArray *written; /* NULL: anything may be */
    GPtrArray *changes;
} Comparison;

static void add(const Comparison *comparison, const char *path, PifChangeKinds kinds,
                const PifCardFile *before, const PifCardFile *after)
{
    PifFileChange *change = g_new0(PifFileChange, 1);
    change->path = g_strdup(path);
    change->kinds = kinds;
    change->old_size = before ? before->size : 0;
    change->new_size = after ? after->size : 0;
    g_ptr_array_add(comparison->changes, change);
}

static gboolean compare_content(const Comparison *comparison, const PifCardFile *before,
                                const PifCardFile *after, PifChangeKinds *kinds, GError **error)
{
    gboolean is_same = FALSE;
    if (before->size == after->size &&
        !pif_card_files_compare(comparison->before, before, comparison->after, after, &is_same,
                                error))
        return FALSE;
    *kinds |= is_same ? 0 : PIF_CHANGE_CONTENT;
    return TRUE;
}

static gboolean compare_target(const Comparison *comparison, const PifCardFile *before,
                               const PifCardFile *after, PifChangeKinds *kinds, GError **error)
{
    g_autofree char *old = NULL;
    g_autofree char *new = NULL;
    if (!pif_card_files_read_link(comparison->before, before, &old, error) ||
        !pif_card_files_read_link(comparison->after, after, &new, error))
        return FALSE;
    *kinds |= g_str_equal(old, new) ? 0 : PIF_CHANGE_TARGET;
    return TRUE;
}

/* Equal inodes alone prove nothing: the same tool in the same second makes the same inode of other
 * content on two cards. */
static gboolean is_untouched(const Comparison *comparison, const PifCardFile *before,
                             const PifCardFile *after)
{
    gboolean has_blocks = S_ISREG(before->mode) || S_ISLNK(before->mode);
    return before->number == after->number && g_bytes_equal(before->inode, after->inode) &&
           (!has_blocks || (comparison->written &&
                            !pif_card_files_touch(comparison->after, after, comparison->written)));
}

static gboolean compare_entry(const Comparison *comparison, const PifCardFile *before,
                              const PifCardFile *after, PifChangeKinds *kinds, GError **error)
{
    *kinds = 0;
    if (is_untouched(comparison, before, after))
        return TRUE;
    if (((before->mode ^ after->mode) & S_IFMT) != 0) {
        *kinds = PIF_CHANGE_TYPE;
        return TRUE;
    }
    *kinds |= before->mode != after->mode ? PIF_CHANGE_MODE : 0;
    *kinds |= before->uid != after->uid || before->gid != after->gid ? PIF_CHANGE_OWNER : 0;
    if (S_ISREG(before->mode))
        return compare_content(comparison, before, after, kinds, error);
    if (S_ISLNK(before->mode))
        return compare_target(comparison, before, after, kinds, error);
    if ((S_ISBLK(before->mode) || S_ISCHR(before->mode)) &&
        memcmp(before->device, after->device, sizeof before->device) != 0)
        *kinds |= PIF_CHANGE_DEVICE;
    return TRUE;
}

static gboolean compare_roots(const Comparison *comparison, GError **error)
{
    GHashTable *old = pif_card_files_table(comparison->before);
    GHashTable *new = pif_card_files_table(comparison->after);
    GHashTableIter iter;
    gpointer path;
    gpointer entry;
    g_hash_table_iter_init(&iter, old);
    while (g_hash_table_iter_next(&iter, &path, &entry)) {
        PifChangeKinds kinds = PIF_CHANGE_REMOVED;
        const PifCardFile *after = g_hash_table_lookup(new, path);
        if (after && !compare_entry(comparison, entry, after, &kinds, error))
            return FALSE;
        if (kinds)
            add(comparison, path, kinds, entry, after);
    }
    g_hash_table_iter_init(&iter, new);
    while (g_hash_table_iter_next(&iter, &path, &entry))
        if (!g_hash_table_contains(old, path))
            add(comparison, path, PIF_CHANGE_ADDED, NULL, entry);
    return TRUE;
}

static gint compare_paths(gconstpointer a, gconstpointer b)
{
    const PifFileChange *one = *(PifFileChange *const *)a;
    const PifFileChange *two = *(PifFileChange *const *)b;
    return one->is_boot != two->is_boot ? two->is_boot - one->is_boot
                                        : strcmp(one->path, two->path);
}

GPtrArray *pif_card_diff(const PifCard *before, const PifCard *after, const GArray *written,
                         GError **error)
{
    g_autoptr(GPtrArray) changes = g_ptr_array_new_with_free_func(free_change);
    g_autoptr(PifCardFiles) old = NULL;
    g_autoptr(PifCardFiles) new = NULL;
    if (!pif_card_files_open(before, &old, error) || !pif_card_files_open(after, &new, error))
        return NULL;
    const Comparison comparison = {old, new, written, changes};
    if (!compare_roots(&comparison, error) ||
        !pif_boot_diff(before, after, written, changes, error))
        return NULL;
    g_ptr_array_sort(changes, compare_paths);
    return g_steal_pointer(&changes);
}
