// SPDX-License-Identifier: MIT
// The kernel's lists, searched for the device numbers of the disk and of its partitions.
#include "images/export/device-users.h"

#include "pifarm/base/error.h"
#include "pifarm/base/file.h"

#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

enum { MAX_LIST = 16 * 1024 * 1024, MAX_ATTRIBUTE = 4096 };

/* One disk, and its parts as "major:minor". */
typedef struct {
    const char *path;
    GHashTable *numbers;
} Disk;

static char *read_text(const char *folder, const char *name)
{
    char *text = NULL;
    g_autofree char *path = g_build_filename(folder, name, NULL);
    return pif_file_read(path, MAX_ATTRIBUTE, &text, NULL, NULL) ? g_strstrip(text) : NULL;
}

/* The first name in a folder, NULL when it is empty. Free it. */
static char *first_in(const char *folder, const char *name)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    return dir ? g_strdup(g_dir_read_name(dir)) : NULL;
}

/* The disk or a partition: RAID, volume groups and encryption hold what they are made of. */
static gboolean add_part(Disk *disk, const char *folder, GError **error)
{
    g_autofree char *number = read_text(folder, "dev");
    g_autofree char *holder = first_in(folder, "holders");
    if (holder)
        return pif_error_set(error, PIF_ERROR_BUSY,
                             "%s is in use: /dev/%s is made of it (RAID, volume group, "
                             "encryption); stop that first",
                             disk->path, holder);
    if (number)
        g_hash_table_add(disk->numbers, g_steal_pointer(&number));
    return TRUE;
}

static gboolean add_parts(Disk *disk, const char *sysfs, GError **error)
{
    if (!add_part(disk, sysfs, error))
        return FALSE;
    g_autoptr(GDir) dir = g_dir_open(sysfs, 0, NULL);
    for (const char *name; dir && (name = g_dir_read_name(dir));) {
        g_autofree char *folder = g_build_filename(sysfs, name, NULL);
        g_autofree char *partition = read_text(folder, "partition");
        if (partition && !add_part(disk, folder, error))
            return FALSE;
    }
    return TRUE;
}

/* A node in /dev of the disk or one of its partitions. */
static gboolean is_part(const Disk *disk, const char *path)
{
    struct stat status;
    if (stat(path, &status) < 0 || !S_ISBLK(status.st_mode))
        return FALSE;
    g_autofree char *number =
        g_strdup_printf("%u:%u", major(status.st_rdev), minor(status.st_rdev));
    return g_hash_table_contains(disk->numbers, number);
}

/* proc(5): the third word is the device number, the fifth the mount point; the one behind the lone
 * dash and the type is the source, which alone tells with btrfs. */
static gboolean check_mount(const Disk *disk, char **words, GError **error)
{
    guint count = g_strv_length(words);
    guint dash = 6;
    while (dash < count && !g_str_equal(words[dash], "-"))
        dash++;
    if (count < 5)
        return TRUE;
    if (!g_hash_table_contains(disk->numbers, words[2]) &&
        !(dash + 2 < count && is_part(disk, words[dash + 2])))
        return TRUE;
    g_autofree char *mount_point = g_strcompress(words[4]);
    g_autofree char *argument = g_shell_quote(mount_point);
    return pif_error_set(error, PIF_ERROR_BUSY, "%s is mounted on %s; first: umount %s", disk->path,
                         mount_point, argument);
}

static gboolean check_mounts(const Disk *disk, GError **error)
{
    g_autofree char *text = NULL;
    if (!pif_file_read("/proc/self/mountinfo", MAX_LIST, &text, NULL, error))
        return FALSE;
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (char **line = lines; *line; line++) {
        g_auto(GStrv) words = g_strsplit(*line, " ", -1);
        if (!check_mount(disk, words, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean check_swaps(const Disk *disk, GError **error)
{
    g_autofree char *text = NULL;
    if (!pif_file_read("/proc/swaps", MAX_LIST, &text, NULL, NULL))
        return TRUE; /* a kernel without swap */
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (char **line = lines; *line; line++) {
        g_auto(GStrv) words = g_strsplit_set(*line, " \t", 2);
        if (*words && is_part(disk, words[0]))
            return pif_error_set(error, PIF_ERROR_BUSY, "%s is swapped to; first: swapoff %s",
                                 disk->path, words[0]);
    }
    return TRUE;
}

/* The kernel does not count a loop device as a holder of what is behind it. */
static gboolean check_loops(const Disk *disk, GError **error)
{
    g_autoptr(GDir) dir = g_dir_open("/sys/block", 0, NULL);
    for (const char *name; dir && (name = g_dir_read_name(dir));) {
        g_autofree char *folder = g_build_filename("/sys/block", name, NULL);
        g_autofree char *file = read_text(folder, "loop/backing_file");
        if (file && is_part(disk, file))
            return pif_error_set(error, PIF_ERROR_BUSY,
                                 "%s is in use by /dev/%s; first: losetup -d /dev/%s", disk->path,
                                 name, name);
    }
    return TRUE;
}

gboolean pif_device_check_unused(const char *path, const char *sysfs, GError **error)
{
    Disk disk = {path, g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL)};
    gboolean is_ok = add_parts(&disk, sysfs, error) && check_mounts(&disk, error) &&
                     check_swaps(&disk, error) && check_loops(&disk, error);
    g_hash_table_unref(disk.numbers);
    return is_ok;
}
