// SPDX-License-Identifier: MIT
// The entries of folders, with their long names.
#include "pifarm/base/error.h"
#include "pifarm/base/fat.h"
#include "pifarm/base/wire.h"

#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
    ENTRY_SIZE = 32,
    PIECE = 512, /* a cluster is a multiple of it */
    MAX_FOLDER = 65536 * ENTRY_SIZE,
    UNITS_PER_ENTRY = 13, /* UTF-16 units of a long name */
    MAX_LONG_ENTRIES = 20,
    LAST_LONG = 0x40, /* in its number: the end of a name, which comes first */
    ATTRIBUTE_VOLUME = 0x08,
    ATTRIBUTE_FOLDER = 0x10,
    ATTRIBUTE_LONG = 0x0f,
    END = 0x00,
    DELETED = 0xe5,
    SHORT_NAME = 11,
};

/* A long name as far as its entries have come, last part first. */
typedef struct {
    guint16 units[MAX_LONG_ENTRIES * UNITS_PER_ENTRY + 1];
    unsigned missing; /* entries */
    unsigned count;   /* entries in all; 0: there is none */
    guint8 checksum;  /* of the short name that it belongs to */
} LongName;

/* Where in a folder we are. */
typedef struct {
    PifFat *fat;
    guint64 offset; /* of the next piece, in fd */
    guint64 left;   /* in this cluster, or in the root folder of FAT12 and FAT16 */
    guint32 cluster;
    guint64 n_read;
} Walk;

static void add_long_part(LongName *name, PifReader *entry)
{
    static const unsigned parts[][2] = {{1, 5}, {14, 6}, {28, 2}};
    unsigned number = pif_reader_u8(entry);
    pif_reader_seek(entry, 13);
    guint8 checksum = pif_reader_u8(entry);
    unsigned index = number & (LAST_LONG - 1);
    if ((number & LAST_LONG) && index <= MAX_LONG_ENTRIES)
        *name = (LongName){.missing = index, .count = index, .checksum = checksum};
    if (index == 0 || index != name->missing || checksum != name->checksum) {
        name->count = 0;
        return;
    }
    guint16 *unit = name->units + (gsize)--name->missing * UNITS_PER_ENTRY;
    for (size_t part = 0; part < G_N_ELEMENTS(parts); part++) {
        pif_reader_seek(entry, parts[part][0]);
        for (unsigned i = 0; i < parts[part][1]; i++)
            *unit++ = pif_reader_le16(entry);
    }
}

static guint8 checksum_of(const guint8 *short_name)
{
    guint8 sum = 0;
    for (unsigned i = 0; i < SHORT_NAME; i++)
        sum = (guint8)((sum << 7) + (sum >> 1) + short_name[i]);
    return sum;
}

static gboolean has_long_name(const LongName *name, const guint8 *short_name, const char *wanted)
{
    if (name->count == 0 || name->missing > 0 || name->checksum != checksum_of(short_name))
        return FALSE;
    g_autofree char *text = g_utf16_to_utf8(name->units, -1, NULL, NULL, NULL);
    return text && g_ascii_strcasecmp(text, wanted) == 0;
}

static gsize trimmed(const guint8 *bytes, gsize size)
{
    while (size > 0 && bytes[size - 1] == ' ')
        size--;
    return size;
}

static gboolean has_short_name(const guint8 *short_name, const char *wanted)
{
    char text[SHORT_NAME + 2];
    gsize base = trimmed(short_name, 8);
    gsize extension = trimmed(short_name + 8, 3);
    g_snprintf(text, sizeof text, "%.*s%s%.*s", (int)base, (const char *)short_name,
               extension ? "." : "", (int)extension, (const char *)short_name + 8);
    return g_ascii_strcasecmp(text, wanted) == 0;
}

static gint64 time_of(guint16 time, guint16 date)
{
    struct tm tm = {.tm_sec = (time & 31) * 2,
                    .tm_min = time >> 5 & 63,
                    .tm_hour = time >> 11,
                    .tm_mday = date & 31,
                    .tm_mon = (date >> 5 & 15) - 1,
                    .tm_year = (date >> 9) + 80};
    return date ? MAX(timegm(&tm), 0) : 0;
}

static PifFatEntry read_entry(PifReader *entry)
{
    PifFatEntry result = {0};
    pif_reader_seek(entry, SHORT_NAME);
    result.is_folder = (pif_reader_u8(entry) & ATTRIBUTE_FOLDER) != 0;
    pif_reader_seek(entry, 20);
    guint32 high = pif_reader_le16(entry);
    guint16 time = pif_reader_le16(entry);
    result.modified_s = time_of(time, pif_reader_le16(entry));
    result.cluster = high << 16 | pif_reader_le16(entry);
    result.size = pif_reader_le32(entry);
    return result;
}

static gboolean walk_begin(Walk *walk, PifFat *fat, const PifFatEntry *folder, GError **error)
{
    const PifFatLayout *layout = &fat->layout;
    guint32 cluster = folder ? folder->cluster : layout->root_cluster;
    *walk = (Walk){.fat = fat, .cluster = cluster};
    if (!folder && layout->bits != 32) {
        walk->offset = fat->start + layout->root;
        walk->left = layout->root_size;
        return TRUE;
    }
    if (!pif_fat_is_cluster(fat, cluster))
        return pif_error_set(error, PIF_ERROR_PROTOCOL, "a folder of the FAT is damaged");
    walk->offset = pif_fat_cluster_offset(fat, cluster);
    walk->left = layout->cluster_size;
    return TRUE;
}

/* The next piece; size 0 at the end of the folder. */
static gboolean walk_read(Walk *walk, guint8 *piece, gsize *ret_size, GError **error)
{
    *ret_size = 0;
    if (walk->left == 0 && walk->cluster) {
        if (!pif_fat_next_cluster(walk->fat, walk->cluster, &walk->cluster, error))
            return FALSE;
        if (walk->cluster && !pif_fat_is_cluster(walk->fat, walk->cluster))
            return pif_error_set(error, PIF_ERROR_PROTOCOL, "a folder of the FAT is damaged");
        if (walk->cluster) {
            walk->offset = pif_fat_cluster_offset(walk->fat, walk->cluster);
            walk->left = walk->fat->layout.cluster_size;
        }
    }
    if (walk->left == 0 || walk->n_read >= MAX_FOLDER)
        return TRUE;
    ssize_t count = pread(walk->fat->fd, piece, MIN(walk->left, PIECE), (off_t)walk->offset);
    if (count < 0)
        return pif_error_set_errno(error, errno, "cannot read the FAT file system");
    *ret_size = (gsize)count;
    walk->offset += (guint64)count;
    walk->left -= (guint64)count;
    walk->n_read += (guint64)count;
    return TRUE;
}

typedef enum { GO_ON, FOUND, OVER } Step;

static Step look_at(const guint8 *bytes, LongName *long_name, const char *wanted,
                    PifFatEntry *ret_entry)
{
    PifReader entry;
    guint8 attributes = bytes[SHORT_NAME];
    pif_reader_init(&entry, bytes, ENTRY_SIZE);
    if (bytes[0] == END)
        return OVER;
    if ((attributes & 0x3f) == ATTRIBUTE_LONG && bytes[0] != DELETED) {
        add_long_part(long_name, &entry);
        return GO_ON;
    }
    gboolean is_it = bytes[0] != DELETED && !(attributes & ATTRIBUTE_VOLUME) &&
                     (has_long_name(long_name, bytes, wanted) || has_short_name(bytes, wanted));
    long_name->count = 0;
    if (!is_it)
        return GO_ON;
    *ret_entry = read_entry(&entry);
    return FOUND;
}

/* folder NULL: the root. */
static gboolean find_in(PifFat *fat, const PifFatEntry *folder, const char *name,
                        PifFatEntry *ret_entry, GError **error)
{
    Walk walk;
    guint8 piece[PIECE];
    gsize size = 0;
    LongName long_name = {.count = 0};
    if (!walk_begin(&walk, fat, folder, error))
        return FALSE;
    for (Step step = GO_ON; step == GO_ON;) {
        if (!walk_read(&walk, piece, &size, error))
            return FALSE;
        if (size < ENTRY_SIZE)
            break;
        for (gsize at = 0; at + ENTRY_SIZE <= size && step == GO_ON; at += ENTRY_SIZE)
            step = look_at(piece + at, &long_name, name, ret_entry);
        if (step == FOUND)
            return TRUE;
    }
    return pif_error_set(error, PIF_ERROR_NOT_FOUND, "there is no %s in the FAT", name);
}

gboolean pif_fat_find(PifFat *fat, const char *path, PifFatEntry *ret_entry, GError **error)
{
    g_auto(GStrv) names = g_strsplit(path, "/", -1);
    PifFatEntry entry = {.is_folder = TRUE};
    PifFatEntry *folder = NULL;
    gboolean is_named = FALSE;
    for (char **name = names; *name; name++) {
        if (!**name)
            continue;
        if (!entry.is_folder || g_str_equal(*name, ".") || g_str_equal(*name, ".."))
            return pif_error_set(error, PIF_ERROR_NOT_FOUND, "there is no %s in the FAT", path);
        PifFatEntry found;
        if (!find_in(fat, folder, *name, &found, error))
            return FALSE;
        entry = found;
        folder = &entry;
        is_named = TRUE;
    }
    if (!is_named)
        return pif_error_set(error, PIF_ERROR_NOT_FOUND, "no file is named");
    *ret_entry = entry;
    return TRUE;
}
