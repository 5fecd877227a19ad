// SPDX-License-Identifier: MIT
// debugfs, driven by scripts and checked by reading back.
#include "images/card/card-root.h"

#include "images/card/card-layout.h"
#include "images/card/superblock.h"
#include "images/disk/scratch.h"
#include "pifarm/base/command.h"
#include "pifarm/base/error.h"
#include "pifarm/base/fd.h"
#include "pifarm/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

enum {
    MAX_FILE_SIZE = 1024 * 1024,
    TIMEOUT_MS = 30 * 1000,
};

struct PifCardRoot {
    PifScratch scratch; /* debugfs finds its script and the files there, by names without spaces */
    char *drive;        /* as e2fsprogs want it: FILE?offset=N */
};

static gboolean check_superblock(const guint8 *block, gboolean may_be_unclean, GError **error)
{
    PifExt4State state = pif_ext4_state(block);
    if (state == PIF_EXT4_NONE)
        return pif_error_set(error, PIF_ERROR_CONFIG, "no ext4 file system in the root partition");
    if (state == PIF_EXT4_UNCLEAN && !may_be_unclean)
        return pif_error_set(error, PIF_ERROR_CONFIG,
                             "the root file system was not shut down cleanly; prepare the image "
                             "(pifarm image prepare), or boot it and power it off from inside");
    return TRUE;
}

static gboolean find_root(const char *raw_path, gboolean may_be_unclean, PifCardRoot *root,
                          GError **error)
{
    PifCardLayout layout;
    guint8 superblock[PIF_EXT4_SUPERBLOCK_SIZE] = {0};
    if (!pif_card_layout_read(raw_path, &layout, error))
        return FALSE;
    if (!layout.root_size)
        return pif_error_set(error, PIF_ERROR_CONFIG, "no Linux partition (type 83) for a root");
    g_auto(PifFd) fd = open(raw_path, O_RDONLY | O_CLOEXEC);
    off_t offset = (off_t)layout.root_offset + PIF_EXT4_SUPERBLOCK_OFFSET;
    if (fd < 0 || pread(fd, superblock, sizeof superblock, offset) < 0)
        return pif_error_set_errno(error, errno, "cannot read the root partition");
    root->drive = g_strdup_printf("%s?offset=%" G_GUINT64_FORMAT, raw_path, layout.root_offset);
    return check_superblock(superblock, may_be_unclean, error);
}

static gboolean open_root(const PifCard *card, gboolean may_be_unclean, PifCardRoot **ret_root,
                          GError **error)
{
    g_autoptr(PifCardRoot) root = g_new0(PifCardRoot, 1);
    if (!pif_scratch_make(&root->scratch, error) ||
        !find_root(pif_card_raw_path(card), may_be_unclean, root, error))
        return FALSE;
    *ret_root = g_steal_pointer(&root);
    return TRUE;
}

gboolean pif_card_root_open(const PifCard *card, PifCardRoot **ret_root, GError **error)
{
    return open_root(card, FALSE, ret_root, error);
}

gboolean pif_card_root_open_unclean(const PifCard *card, PifCardRoot **ret_root, GError **error)
{
    return open_root(card, TRUE, ret_root, error);
}

void pif_card_root_free(PifCardRoot *root)
{
    if (!root)
        return;
    pif_scratch_clear(&root->scratch);
    g_free(root->drive);
    g_free(root);
}

/* A file for debugfs, gone in a moment: unlike pif_file_write, which waits for the disk. */
static gboolean write_temporary(const PifCardRoot *root, const char *name, const void *content,
                                size_t size, GError **error)
{
    g_autofree char *path = pif_scratch_path(&root->scratch, name);
    g_auto(PifFd) fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0 || write(fd, content, size) != (ssize_t)size)
        return pif_error_set_errno(error, errno, "cannot write %s", path);
    return TRUE;
}

/* debugfs tells of failed commands on standard error, goes on and ends with status 0: what came of
 * a script must be looked at afterwards. What is read is limited in size; what is written cannot
 * be, as debugfs then writes far into the card's file. */
static gboolean run_script(const PifCardRoot *root, gboolean is_writing, const GString *script,
                           char **ret_output, GError **error)
{
    if (!write_temporary(root, "script", script->str, script->len, error))
        return FALSE;
    g_autoptr(PifCommand) command =
        pif_command_new("debugfs", is_writing ? "-w" : "-c", "-f", "script", root->drive, NULL);
    pif_command_set_limits(command, is_writing ? 0 : MAX_FILE_SIZE, 0);
    pif_command_set_directory(command, root->scratch.folder);
    pif_command_set_timeout_ms(command, TIMEOUT_MS);
    return pif_command_run(command, ret_output, error);
}

/* Lines of `ls -p` are /inode/mode/uid/gid/name/size/, after one with the command itself. */
static GHashTable *parse_listings(const char *output)
{
    static const char echo[] = "debugfs: ls -p ";
    const char *folder = "";
    GHashTable *entries = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    g_auto(GStrv) lines = g_strsplit(output, "\n", -1);
    for (char **line = lines; *line; line++) {
        if (g_str_has_prefix(*line, echo))
            folder = *line + strlen(echo);
        g_auto(GStrv) fields = g_strsplit(*line, "/", -1);
        if (g_strv_length(fields) != 8 || *fields[0])
            continue;
        PifCardEntry entry = {
            .mode = (guint)g_ascii_strtoull(fields[2], NULL, 8),
            .uid = (guint)g_ascii_strtoull(fields[3], NULL, 10),
            .gid = (guint)g_ascii_strtoull(fields[4], NULL, 10),
        };
        g_hash_table_replace(entries, g_strdup_printf("%s/%s", folder, fields[5]),
                             g_memdup2(&entry, sizeof entry));
    }
    return entries;
}

static void append_listings(GString *script, const char *const *folders)
{
    for (; *folders; folders++)
        g_string_append_printf(script, "ls -p %s\n", *folders);
}

gboolean pif_card_root_list(PifCardRoot *root, const char *const *folders, GHashTable **ret_entries,
                            GError **error)
{
    g_autofree char *output = NULL;
    g_autoptr(GString) script = g_string_new(NULL);
    append_listings(script, folders);
    if (!run_script(root, FALSE, script, &output, error))
        return FALSE;
    *ret_entries = parse_listings(output);
    return TRUE;
}

char **pif_card_root_join(const char *const *first, ...)
{
    va_list more;
    g_autoptr(GStrvBuilder) all = g_strv_builder_new();
    va_start(more, first);
    for (const char *const *list = first; list; list = va_arg(more, const char *const *))
        g_strv_builder_addv(all, (const char **)list);
    va_end(more);
    return g_strv_builder_end(all);
}

/* debugfs would take a space or a newline in a path for more arguments or commands. */
gboolean pif_card_root_is_plain(const char *path)
{
    return g_regex_match_simple("^[A-Za-z0-9._/@:+,=-]+\\z", path, G_REGEX_DEFAULT,
                                G_REGEX_MATCH_DEFAULT);
}

/* What debugfs has copied out under the number; nothing when there is no such file. */
static gboolean take_copy(const PifCardRoot *root, guint number, GBytes **ret_content,
                          GError **error)
{
    g_autofree char *name = g_strdup_printf("%u.back", number);
    g_autofree char *copy = pif_scratch_path(&root->scratch, name);
    char *content = NULL;
    gsize size = 0;
    if (!g_file_test(copy, G_FILE_TEST_EXISTS))
        return TRUE;
    if (!pif_file_read(copy, MAX_FILE_SIZE, &content, &size, error))
        return FALSE;
    *ret_content = g_bytes_new_take(content, size);
    unlink(copy);
    return TRUE;
}

static gboolean take_copies(const PifCardRoot *root, const char *const *paths, GHashTable *contents,
                            GError **error)
{
    for (guint i = 0; paths[i]; i++) {
        GBytes *content = NULL;
        if (!take_copy(root, i, &content, error))
            return FALSE;
        if (content)
            g_hash_table_replace(contents, g_strdup(paths[i]), content);
    }
    return TRUE;
}

gboolean pif_card_root_survey(PifCardRoot *root, const char *const *folders,
                              const char *const *paths, GHashTable **ret_entries,
                              GHashTable **ret_contents, GError **error)
{
    g_autofree char *output = NULL;
    g_autoptr(GString) script = g_string_new(NULL);
    g_autoptr(GHashTable) contents =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_bytes_unref);
    append_listings(script, folders);
    for (guint i = 0; paths[i]; i++)
        if (pif_card_root_is_plain(paths[i]))
            g_string_append_printf(script, "dump %s %u.back\n", paths[i], i);
    if (!run_script(root, FALSE, script, &output, error) ||
        !take_copies(root, paths, contents, error))
        return FALSE;
    *ret_entries = parse_listings(output);
    *ret_contents = g_steal_pointer(&contents);
    return TRUE;
}

gboolean pif_card_root_read(PifCardRoot *root, const char *path, char **ret_text, GError **error)
{
    g_autofree char *copy = pif_scratch_path(&root->scratch, "read");
    g_autoptr(GString) script = g_string_new(NULL);
    g_string_append_printf(script, "dump %s read\n", path);
    unlink(copy);
    if (!run_script(root, FALSE, script, NULL, error))
        return FALSE;
    if (!g_file_test(copy, G_FILE_TEST_EXISTS))
        return pif_error_set(error, PIF_ERROR_NOT_FOUND, "there is no %s on the card", path);
    return pif_file_read(copy, MAX_FILE_SIZE, ret_text, NULL, error);
}

void pif_card_change_free(PifCardChange *change)
{
    if (!change)
        return;
    g_free(change->path);
    g_clear_pointer(&change->content, g_bytes_unref);
    g_free(change);
}

PifCardChange *pif_card_change_add_bytes(GPtrArray *changes, const char *path, GBytes *content,
                                         guint mode)
{
    PifCardChange *change = g_new0(PifCardChange, 1);
    change->path = g_strdup(path);
    change->content = g_bytes_ref(content);
    change->mode = mode;
    g_ptr_array_add(changes, change);
    return change;
}

PifCardChange *pif_card_change_add(GPtrArray *changes, const char *path, const char *text,
                                   guint mode)
{
    g_autoptr(GBytes) content = g_bytes_new(text, text ? strlen(text) : 0);
    return pif_card_change_add_bytes(changes, path, content, mode);
}

/* A `rm` of what is not there only leaves a line on standard error. A `mkdir` of what is there
 * would leave an inode in no folder. */
static gboolean append_change(const PifCardRoot *root, GString *script, const PifCardChange *change,
                              guint number, GError **error)
{
    g_return_val_if_fail(pif_card_root_is_plain(change->path), FALSE);
    g_string_append_printf(script, "%s %s\n", S_ISDIR(change->mode) ? "mkdir" : "rm", change->path);
    if (S_ISREG(change->mode)) {
        g_autofree char *name = g_strdup_printf("%u", number);
        gsize size;
        const void *content = g_bytes_get_data(change->content, &size);
        if (!write_temporary(root, name, content, size, error))
            return FALSE;
        g_string_append_printf(script, "write %s %s\n", name, change->path);
        g_string_append_printf(script, "sif %s mode 0%o\n", change->path, change->mode);
        g_string_append_printf(script, "sif %s uid %u\nsif %s gid %u\n", change->path, change->uid,
                               change->path, change->gid);
        g_string_append_printf(script, "dump %s %u.back\n", change->path, number);
    }
    return TRUE;
}

static gboolean has_arrived(const PifCardRoot *root, const PifCardChange *change, guint number,
                            GHashTable *entries)
{
    g_autoptr(GBytes) content = NULL;
    const PifCardEntry *entry = g_hash_table_lookup(entries, change->path);
    if (!change->mode)
        return !entry;
    if (S_ISDIR(change->mode))
        return entry && S_ISDIR(entry->mode);
    return entry && entry->mode == change->mode && entry->uid == change->uid &&
           entry->gid == change->gid && take_copy(root, number, &content, NULL) && content &&
           g_bytes_equal(content, change->content);
}

/* The folders that the changes are in; NULL-terminated, free it. */
static char **find_folders(const GPtrArray *changes)
{
    g_autoptr(GStrvBuilder) folders = g_strv_builder_new();
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (guint i = 0; i < changes->len; i++) {
        char *folder = g_path_get_dirname(((PifCardChange *)changes->pdata[i])->path);
        if (!g_hash_table_contains(seen, folder))
            g_strv_builder_add(folders, folder);
        g_hash_table_add(seen, folder);
    }
    return g_strv_builder_end(folders);
}

gboolean pif_card_root_change(PifCardRoot *root, const GPtrArray *changes, GError **error)
{
    g_autofree char *output = NULL;
    g_autoptr(GString) script = g_string_new(NULL);
    g_auto(GStrv) folders = find_folders(changes);
    for (guint i = 0; i < changes->len; i++)
        if (!append_change(root, script, changes->pdata[i], i, error))
            return FALSE;
    append_listings(script, (const char *const *)folders);
    if (!run_script(root, TRUE, script, &output, error))
        return FALSE;
    g_autoptr(GHashTable) entries = parse_listings(output);
    for (guint i = 0; i < changes->len; i++) {
        const PifCardChange *change = changes->pdata[i];
        if (!has_arrived(root, change, i, entries))
            return pif_error_set(error, PIF_ERROR_EXTERNAL,
                                 "debugfs could not %s %s (is the file system full?)",
                                 change->mode ? "write" : "remove", change->path);
    }
    return TRUE;
}
