// SPDX-License-Identifier: MIT
// A walk that opens everything below one descriptor and follows no link.
#include "images/prepare/tree.h"

#include "images/disk/sha256.h"
#include "pifarm/base/error.h"
#include "pifarm/base/fd.h"
#include "pifarm/base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
    MAX_ENTRIES = 100000,
    MAX_DEPTH = 64,
    MAX_RULES_SIZE = 1024 * 1024,
    MAX_TARGET = 4096,
};

static void entry_free(gpointer data)
{
    PifTreeEntry *entry = data;
    g_free(entry->path);
    g_free(entry->target);
    g_free(entry);
}

void pif_tree_free(PifTree *tree)
{
    if (!tree)
        return;
    if (tree->fd >= 0)
        close(tree->fd);
    g_clear_pointer(&tree->entries, g_ptr_array_unref);
    g_clear_pointer(&tree->rules, g_hash_table_unref);
    g_free(tree->path);
    g_free(tree->sha256);
    g_free(tree);
}

static int open_below(int folder, const char *path, int flags)
{
    struct open_how how = {
        .flags = (guint64)(flags | O_RDONLY | O_CLOEXEC | O_NONBLOCK),
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS,
    };
    return (int)syscall(SYS_openat2, folder, path, &how, sizeof how);
}

int pif_tree_open_file(const PifTree *tree, const char *path, GError **error)
{
    int fd = open_below(tree->fd, path, 0);
    if (fd < 0)
        pif_error_set_errno(error, errno, "cannot read %s/%s", tree->path, path);
    return fd;
}

/* From the folder that the link is in, each .. goes up one, and must not go up from the root. An
 * absolute target means the image's root, not ours. */
static gboolean leaves_root(const PifTreeEntry *entry)
{
    g_auto(GStrv) folders = g_strsplit(entry->path, "/", -1);
    g_auto(GStrv) parts = g_strsplit(entry->target, "/", -1);
    int depth = *entry->target == '/' ? 0 : (int)g_strv_length(folders) - 1;
    for (char **part = parts; *part; part++) {
        if (g_str_equal(*part, ".."))
            depth--;
        else if (**part && !g_str_equal(*part, "."))
            depth++;
        if (depth < 0)
            return TRUE;
    }
    return FALSE;
}

static gboolean read_target(const PifTree *tree, int folder, const char *name, PifTreeEntry *entry,
                            GError **error)
{
    char target[MAX_TARGET + 1];
    ssize_t length = readlinkat(folder, name, target, MAX_TARGET);
    if (length < 0)
        return pif_error_set_errno(error, errno, "cannot read the link %s/%s", tree->path,
                                   entry->path);
    entry->target = g_strndup(target, (gsize)length);
    if (!leaves_root(entry))
        return TRUE;
    g_autofree char *shown = g_strescape(entry->target, NULL);
    return pif_error_set(error, PIF_ERROR_USAGE,
                         "%s/%s is a link to '%s', which leaves the folder; make it absolute, as "
                         "it is to be on the card",
                         tree->path, entry->path, shown);
}

/* Names go into lists, messages and an archive, a line each. */
static gboolean check_name(const PifTree *tree, const char *path, GError **error)
{
    if (g_utf8_validate(path, -1, NULL) &&
        !g_regex_match_simple("[[:cntrl:]]", path, G_REGEX_DEFAULT, G_REGEX_MATCH_DEFAULT))
        return TRUE;
    g_autofree char *shown = g_strescape(path, NULL);
    return pif_error_set(error, PIF_ERROR_USAGE,
                         "%s: the name '%s' is not UTF-8 or has control characters in it; rename "
                         "it",
                         tree->path, shown);
}

static const char *kind_of(mode_t mode)
{
    if (S_ISBLK(mode) || S_ISCHR(mode))
        return "a device";
    return S_ISFIFO(mode) ? "a FIFO" : S_ISSOCK(mode) ? "a socket" : NULL;
}

static gboolean add_entry(PifTree *tree, int folder, const char *parent, const char *name,
                          PifTreeEntry **ret_entry, GError **error)
{
    struct stat status;
    PifTreeEntry *entry = g_new0(PifTreeEntry, 1);
    g_ptr_array_add(tree->entries, entry);
    entry->path = *parent ? g_strconcat(parent, "/", name, NULL) : g_strdup(name);
    if (!check_name(tree, entry->path, error))
        return FALSE;
    if (fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) < 0)
        return pif_error_set_errno(error, errno, "cannot read %s/%s", tree->path, entry->path);
    if (kind_of(status.st_mode))
        return pif_error_set(error, PIF_ERROR_USAGE, "%s/%s is %s, which is not copied", tree->path,
                             entry->path, kind_of(status.st_mode));
    if (tree->entries->len > MAX_ENTRIES)
        return pif_error_set(error, PIF_ERROR_USAGE, "%s has more than %d files", tree->path,
                             MAX_ENTRIES);
    entry->type = status.st_mode & S_IFMT;
    entry->size = S_ISREG(entry->type) ? (guint64)status.st_size : 0;
    entry->rule = g_hash_table_lookup(tree->rules, entry->path);
    gboolean is_program = S_ISDIR(entry->type) || (status.st_mode & 0111);
    entry->mode = entry->rule ? entry->rule->mode : is_program ? 0755 : 0644;
    *ret_entry = entry;
    return !S_ISLNK(entry->type) || read_target(tree, folder, name, entry, error);
}

static int compare_names(gconstpointer a, gconstpointer b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Takes fd. */
static GPtrArray *list_names(const PifTree *tree, int fd, GError **error)
{
    DIR *stream = fdopendir(fd);
    if (!stream) {
        close(fd);
        pif_error_set_errno(error, errno, "cannot read the folder %s", tree->path);
        return NULL;
    }
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
    for (struct dirent *entry; (entry = readdir(stream));)
        if (!g_str_equal(entry->d_name, ".") && !g_str_equal(entry->d_name, ".."))
            g_ptr_array_add(names, g_strdup(entry->d_name));
    closedir(stream);
    g_ptr_array_sort(names, compare_names);
    return names;
}

// NOLINTNEXTLINE(misc-no-recursion): MAX_DEPTH ends it
static gboolean walk(PifTree *tree, const char *parent, unsigned depth, GError **error)
{
    g_auto(PifFd) folder = open_below(tree->fd, *parent ? parent : ".", O_DIRECTORY);
    if (folder < 0)
        return pif_error_set_errno(error, errno, "cannot read the folder %s/%s", tree->path,
                                   parent);
    if (depth > MAX_DEPTH)
        return pif_error_set(error, PIF_ERROR_USAGE, "%s/%s is more than %d folders deep",
                             tree->path, parent, MAX_DEPTH);
    g_autoptr(GPtrArray) names = list_names(tree, dup(folder), error);
    for (guint i = 0; names && i < names->len; i++) {
        PifTreeEntry *entry = NULL;
        if (!add_entry(tree, folder, parent, names->pdata[i], &entry, error) ||
            (S_ISDIR(entry->type) && !walk(tree, entry->path, depth + 1, error)))
            return FALSE;
    }
    return names != NULL;
}

static gboolean read_rules(PifTree *tree, GError **error)
{
    g_autofree char *text = NULL;
    g_autofree char *path = g_strconcat(tree->path, ".permissions", NULL);
    gboolean has_rules = g_file_test(path, G_FILE_TEST_EXISTS);
    if (has_rules && !pif_file_read(path, MAX_RULES_SIZE, &text, NULL, error))
        return FALSE;
    tree->rules = pif_permissions_parse(path, has_rules ? text : "", error);
    return tree->rules != NULL;
}

static gboolean check_rules(const PifTree *tree, GError **error)
{
    GHashTableIter iterator;
    gpointer path;
    g_autoptr(GHashTable) left = g_hash_table_new(g_str_hash, g_str_equal);
    for (guint i = 0; i < tree->entries->len; i++) {
        const PifTreeEntry *entry = tree->entries->pdata[i];
        if (entry->rule)
            g_hash_table_add(left, entry->path);
    }
    g_hash_table_iter_init(&iterator, tree->rules);
    while (g_hash_table_iter_next(&iterator, &path, NULL))
        if (!g_hash_table_contains(left, path))
            return pif_error_set(error, PIF_ERROR_CONFIG,
                                 "%s.permissions has a line for '%s', which is not in the folder",
                                 tree->path, (const char *)path);
    return TRUE;
}

static gboolean hash_content(const PifTree *tree, const PifTreeEntry *entry, PifSha256 *hash,
                             GError **error)
{
    char bytes[64 * 1024];
    ssize_t size;
    g_auto(PifFd) fd = pif_tree_open_file(tree, entry->path, error);
    if (fd < 0)
        return FALSE;
    while ((size = read(fd, bytes, sizeof bytes)) > 0)
        pif_sha256_add(hash, bytes, (gsize)size);
    return size == 0 ||
           pif_error_set_errno(error, errno, "cannot read %s/%s", tree->path, entry->path);
}

/* Each entry's facts end with a NUL and tell how long the content behind them is: no two trees are
 * written alike. */
static gboolean hash_tree(PifTree *tree, GError **error)
{
    PifSha256 hash;
    pif_sha256_init(&hash);
    for (guint i = 0; i < tree->entries->len; i++) {
        const PifTreeEntry *entry = tree->entries->pdata[i];
        const PifPermission *rule = entry->rule;
        g_autofree char *facts =
            g_strdup_printf("%s\n%o %o %s:%s %" G_GUINT64_FORMAT " %s", entry->path, entry->type,
                            entry->mode, rule ? rule->owner : "", rule ? rule->group : "",
                            entry->size, entry->target ? entry->target : "");
        pif_sha256_add(&hash, facts, strlen(facts) + 1);
        if (S_ISREG(entry->type) && !hash_content(tree, entry, &hash, error))
            return FALSE;
    }
    tree->sha256 = pif_sha256_finish(&hash);
    return TRUE;
}

PifTree *pif_tree_open(const char *path, GError **error)
{
    g_autoptr(PifTree) tree = g_new0(PifTree, 1);
    tree->path = g_strdup(path);
    while (strlen(tree->path) > 1 && g_str_has_suffix(tree->path, "/"))
        tree->path[strlen(tree->path) - 1] = '\0';
    tree->entries = g_ptr_array_new_with_free_func(entry_free);
    tree->fd = open(tree->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (tree->fd < 0) {
        pif_error_set_errno(error, errno, "cannot copy the folder %s", tree->path);
        return NULL;
    }
    if (!read_rules(tree, error) || !walk(tree, "", 0, error) || !check_rules(tree, error) ||
        !hash_tree(tree, error))
        return NULL;
    return g_steal_pointer(&tree);
}
