// SPDX-License-Identifier: MIT
// libext2fs: folder after folder, inode after inode.
#include "images/card/card-files.h"

#include "images/card/ext4.h"
#include "pifarm/base/error.h"

#include <string.h>
#include <sys/stat.h>

enum {
    MAX_ENTRIES = 4 * 1000 * 1000, /* a 64 GiB card of Raspberry Pi OS has room for as many */
    MAX_TARGET = 4096,             /* Linux, PATH_MAX */
    BLOCK = 64 * 1024,
    SCAN_BLOCKS = 256, /* of inodes, read at once */
};

struct PifCardFiles {
    PifExt4 fs;
    guint64 offset; /* of its partition, bytes */
    GHashTable *entries;
};

/* A folder still to be read. */
typedef struct {
    char *path; /* "" is the root */
    ext2_ino_t number;
} Folder;

typedef struct {
    PifCardFiles *files;
    GHashTable *inodes; /* number -> PifCardFile*, each inode in use */
    GQueue folders;     /* Folder* */
    GHashTable *seen;   /* numbers of folders: a damaged one may be in itself */
    const char *path;   /* of the folder being read */
    GError *error;
} Walk;

static void free_folder(gpointer data)
{
    Folder *folder = data;
    g_free(folder->path);
    g_free(folder);
}

static void free_entry(gpointer data)
{
    PifCardFile *entry = data;
    g_bytes_unref(entry->inode);
    g_free(entry);
}

void pif_card_files_free(PifCardFiles *files)
{
    if (!files)
        return;
    g_clear_pointer(&files->entries, g_hash_table_unref);
    if (files->fs)
        ext2fs_free(files->fs);
    g_free(files);
}

GHashTable *pif_card_files_table(const PifCardFiles *files)
{
    return files->entries;
}

/* Reading a file changes its inode, but not the file. */
static GBytes *copy_inode(const struct ext2_inode_large *inode)
{
    struct ext2_inode_large copy = *inode;
    copy.i_atime = copy.i_atime_extra = 0;
    copy.osd2.linux2.l_i_checksum_lo = copy.i_checksum_hi = 0;
    return g_bytes_new(&copy, sizeof copy);
}

static PifCardFile *new_entry(const struct ext2_inode_large *inode, ext2_ino_t number)
{
    const struct ext2_inode *small = (const struct ext2_inode *)inode;
    PifCardFile *entry = g_new0(PifCardFile, 1);
    entry->mode = inode->i_mode;
    entry->uid = inode_uid(*inode);
    entry->gid = inode_gid(*inode);
    entry->size = S_ISREG(inode->i_mode) ? EXT2_I_SIZE(small) : 0;
    entry->device[0] = inode->i_block[0];
    entry->device[1] = inode->i_block[1];
    entry->number = number;
    entry->inode = copy_inode(inode);
    return entry;
}

static gboolean set_damaged(Walk *walk, errcode_t code)
{
    return pif_ext4_set_error(&walk->error, code, "cannot read the folder %s/", walk->path);
}

static gboolean set_too_many(Walk *walk)
{
    return pif_error_set(&walk->error, PIF_ERROR_CONFIG, "there are more than %d files on the card",
                         MAX_ENTRIES);
}

static PifCardFile *copy_entry(const PifCardFile *entry)
{
    PifCardFile *copy = g_memdup2(entry, sizeof *entry);
    g_bytes_ref(copy->inode);
    return copy;
}

static gboolean add_entry(Walk *walk, const char *name, ext2_ino_t number)
{
    GHashTable *entries = walk->files->entries;
    const PifCardFile *entry = g_hash_table_lookup(walk->inodes, GUINT_TO_POINTER(number));
    if (!entry)
        return pif_error_set(&walk->error, PIF_ERROR_CONFIG,
                             "%s/%s on the card has no inode: its file system is damaged",
                             walk->path, name);
    if (g_hash_table_size(entries) >= MAX_ENTRIES)
        return set_too_many(walk);
    char *path = g_strconcat(walk->path, "/", name, NULL);
    g_hash_table_replace(entries, path, copy_entry(entry));
    if (S_ISDIR(entry->mode) && g_hash_table_add(walk->seen, GUINT_TO_POINTER(number))) {
        Folder *folder = g_new(Folder, 1);
        *folder = (Folder){g_strdup(path), number};
        g_queue_push_tail(&walk->folders, folder);
    }
    return TRUE;
}

static int on_name(ext2_ino_t folder, int kind, struct ext2_dir_entry *dirent, int offset,
                   int block_size, char *block, void *data)
{
    (void)folder, (void)offset, (void)block_size, (void)block;
    g_autofree char *name = g_strndup(dirent->name, (gsize)ext2fs_dirent_name_len(dirent));
    if (kind != DIRENT_OTHER_FILE || strchr(name, '/') || !*name)
        return 0;
    return add_entry(data, name, dirent->inode) ? 0 : DIRENT_ABORT;
}

static gboolean scan(Walk *walk, ext2_inode_scan inodes)
{
    for (;;) {
        struct ext2_inode_large inode = {0};
        ext2_ino_t number = 0;
        errcode_t code =
            ext2fs_get_next_inode_full(inodes, &number, (struct ext2_inode *)&inode, sizeof inode);
        if (code != 0)
            return set_damaged(walk, code);
        if (number == 0)
            return TRUE;
        if (inode.i_links_count == 0)
            continue;
        if (g_hash_table_size(walk->inodes) >= MAX_ENTRIES)
            return set_too_many(walk);
        g_hash_table_replace(walk->inodes, GUINT_TO_POINTER(number), new_entry(&inode, number));
    }
}

/* All in their order on the disk: one by one each would be a round trip through FUSE. */
static gboolean read_inodes(Walk *walk)
{
    ext2_inode_scan inodes = NULL;
    errcode_t code = ext2fs_open_inode_scan(walk->files->fs, SCAN_BLOCKS, &inodes);
    if (code != 0)
        return set_damaged(walk, code);
    gboolean is_ok = scan(walk, inodes);
    ext2fs_close_inode_scan(inodes);
    return is_ok;
}

static gboolean read_folders(Walk *walk)
{
    Folder *folder;
    while (!walk->error && (folder = g_queue_pop_head(&walk->folders))) {
        walk->path = folder->path;
        errcode_t code =
            ext2fs_dir_iterate2(walk->files->fs, folder->number, 0, NULL, on_name, walk);
        if (code != 0 && !walk->error)
            set_damaged(walk, code);
        free_folder(folder);
    }
    return walk->error == NULL;
}

static gboolean read_tree(PifCardFiles *files, GError **error)
{
    Walk walk = {
        .files = files,
        .inodes = g_hash_table_new_full(NULL, NULL, NULL, free_entry),
        .seen = g_hash_table_new(NULL, NULL),
        .path = "",
    };
    Folder *root = g_new(Folder, 1);
    *root = (Folder){g_strdup(""), EXT2_ROOT_INO};
    g_queue_push_tail(&walk.folders, root);
    g_hash_table_add(walk.seen, GUINT_TO_POINTER(EXT2_ROOT_INO));
    gboolean is_ok = read_inodes(&walk) && read_folders(&walk);
    g_queue_clear_full(&walk.folders, free_folder);
    g_hash_table_unref(walk.inodes);
    g_hash_table_unref(walk.seen);
    if (!is_ok)
        g_propagate_error(error, walk.error);
    return is_ok;
}

gboolean pif_card_files_open(const PifCard *card, PifCardFiles **ret_files, GError **error)
{
    g_autoptr(PifCardFiles) files = g_new0(PifCardFiles, 1);
    files->entries = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, free_entry);
    if (!pif_ext4_open(card, &files->fs, &files->offset, error))
        return FALSE;
    if (!files->fs)
        return pif_error_set(error, PIF_ERROR_CONFIG, "it has no ext4 root");
    if (!read_tree(files, error))
        return FALSE;
    *ret_files = g_steal_pointer(&files);
    return TRUE;
}

static gboolean open_file(const PifCardFiles *files, const PifCardFile *entry,
                          ext2_file_t *ret_file, GError **error)
{
    errcode_t code = ext2fs_file_open(files->fs, entry->number, 0, ret_file);
    return code == 0 || pif_ext4_set_error(error, code, "cannot read a file of the card");
}

/* Short only at the end of the file. */
static gboolean read_block(ext2_file_t file, guint8 *data, unsigned *ret_got, GError **error)
{
    unsigned got = 0;
    *ret_got = 0;
    do {
        errcode_t code = ext2fs_file_read(file, data + *ret_got, BLOCK - *ret_got, &got);
        if (code != 0)
            return pif_ext4_set_error(error, code, "cannot read a file of the card");
        *ret_got += got;
    } while (got > 0 && *ret_got < BLOCK);
    return TRUE;
}

gboolean pif_card_files_read_link(const PifCardFiles *files, const PifCardFile *entry,
                                  char **ret_target, GError **error)
{
    const struct ext2_inode *inode = g_bytes_get_data(entry->inode, NULL);
    unsigned got = 0;
    ext2_file_t file = NULL;
    if (ext2fs_is_fast_symlink((struct ext2_inode *)inode)) {
        *ret_target = g_strndup((const char *)inode->i_block, sizeof inode->i_block);
        return TRUE;
    }
    g_autofree guint8 *data = g_malloc(BLOCK);
    if (!open_file(files, entry, &file, error))
        return FALSE;
    gboolean is_ok = read_block(file, data, &got, error);
    ext2fs_file_close(file);
    if (is_ok)
        *ret_target = g_strndup((const char *)data, MIN(got, (unsigned)MAX_TARGET));
    return is_ok;
}

static gboolean compare_files(ext2_file_t one, ext2_file_t other, gboolean *ret_is_same,
                              GError **error)
{
    g_autofree guint8 *data = g_malloc(BLOCK);
    g_autofree guint8 *other_data = g_malloc(BLOCK);
    unsigned got = 0;
    unsigned other_got = 0;
    do {
        if (!read_block(one, data, &got, error) ||
            !read_block(other, other_data, &other_got, error))
            return FALSE;
        *ret_is_same = got == other_got && memcmp(data, other_data, got) == 0;
    } while (*ret_is_same && got > 0);
    return TRUE;
}

gboolean pif_card_files_compare(const PifCardFiles *files, const PifCardFile *entry,
                                const PifCardFiles *other, const PifCardFile *other_entry,
                                gboolean *ret_is_same, GError **error)
{
    ext2_file_t one = NULL;
    ext2_file_t two = NULL;
    gboolean is_ok = open_file(files, entry, &one, error) &&
                     open_file(other, other_entry, &two, error) &&
                     compare_files(one, two, ret_is_same, error);
    if (one)
        ext2fs_file_close(one);
    if (two)
        ext2fs_file_close(two);
    return is_ok;
}

typedef struct {
    const PifCardFiles *files;
    const GArray *ranges;
    gboolean is_touched;
} Search;

static int on_block(ext2_filsys fs, blk64_t *block, e2_blkcnt_t count, blk64_t reference,
                    int reference_offset, void *data)
{
    (void)count, (void)reference, (void)reference_offset;
    Search *search = data;
    guint64 start = search->files->offset + *block * fs->blocksize;
    search->is_touched = pif_ranges_touch(search->ranges, start, start + fs->blocksize);
    return search->is_touched ? BLOCK_ABORT : 0;
}

gboolean pif_card_files_touch(const PifCardFiles *files, const PifCardFile *file,
                              const GArray *ranges)
{
    Search search = {files, ranges, FALSE};
    const struct ext2_inode *inode = g_bytes_get_data(file->inode, NULL);
    if (inode->i_flags & EXT4_INLINE_DATA_FL)
        return TRUE;
    if (!ext2fs_inode_has_valid_blocks2(files->fs, (struct ext2_inode *)inode))
        return FALSE; /* all of it is in the inode */
    errcode_t code = ext2fs_block_iterate3(files->fs, file->number, BLOCK_FLAG_READ_ONLY, NULL,
                                           on_block, &search);
    return code != 0 || search.is_touched;
}
