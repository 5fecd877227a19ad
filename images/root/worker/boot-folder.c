// SPDX-License-Identifier: MIT
// mtools, for the copy and for the way back.
#include "images/root/worker/boot-folder.h"

#include "pifarm/base/command.h"
#include "pifarm/base/error.h"
#include "pifarm/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>

enum { TIMEOUT_MS = 5 * 60 * 1000, MAX_FSTAB = 64 * 1024 };

/* The same whatever the user's own configuration of mtools says. */
static gboolean run_mtool(const PifPlace *place, const char *const *arguments, GError **error)
{
    g_autoptr(PifCommand) command = pif_command_new(arguments[0], "-i", NULL);
    pif_command_add_format(command, "%s@@%" G_GUINT64_FORMAT, place->job->disk,
                           place->layout.boot_offset);
    pif_command_add_vector(command, arguments + 1);
    pif_command_set_environment(command, "MTOOLSRC", "/dev/null");
    pif_command_set_environment(command, "MTOOLS_SKIP_CHECK", "1");
    pif_command_set_environment(command, "LC_ALL", "C.UTF-8");
    pif_command_set_timeout_ms(command, TIMEOUT_MS);
    return pif_command_run(command, NULL, error);
}

static gboolean read_fstab(const PifPlace *place, char **ret_text)
{
    g_auto(PifFd) fd = pif_place_open(place, "/etc/fstab", O_RDONLY, 0);
    g_autofree char *path = g_strdup_printf("/proc/self/fd/%d", fd);
    return fd >= 0 && pif_file_read(path, MAX_FSTAB, ret_text, NULL, NULL);
}

/* The mount point of the line with a vfat below /boot; NULL: none. Free it. */
static char *find_in_fstab(const char *text)
{
    g_autoptr(GRegex) regex =
        g_regex_new("^\\s*[^#\\s]\\S*\\s+(/boot[A-Za-z0-9._/-]*)\\s+(vfat|msdos|auto)\\s",
                    G_REGEX_MULTILINE, G_REGEX_MATCH_DEFAULT, NULL);
    g_autoptr(GMatchInfo) match = NULL;
    return g_regex_match(regex, text, G_REGEX_MATCH_DEFAULT, &match) ? g_match_info_fetch(match, 1)
                                                                     : NULL;
}

static gboolean is_folder(const PifPlace *place, const char *path)
{
    g_auto(PifFd) fd = pif_place_open(place, path, O_PATH | O_DIRECTORY, 0);
    return fd >= 0;
}

/* As the image's fstab says; else the first that is there. */
static char *find_mount_point(const PifPlace *place)
{
    static const char *const usual[] = {"/boot/firmware", "/boot"};
    g_autofree char *fstab = NULL;
    char *found = read_fstab(place, &fstab) ? find_in_fstab(fstab) : NULL;
    if (found && is_folder(place, found))
        return found;
    g_free(found);
    for (size_t i = 0; i < G_N_ELEMENTS(usual); i++)
        if (is_folder(place, usual[i]))
            return g_strdup(usual[i]);
    return NULL;
}

static gboolean mount_memory(const PifPlace *place, GError **error)
{
    g_auto(PifFd) point = pif_place_open(place, place->boot_point, O_PATH | O_DIRECTORY, 0);
    g_autofree char *target = g_strdup_printf("/proc/self/fd/%d", point);
    g_autofree char *options =
        g_strdup_printf("mode=755,size=%" G_GUINT64_FORMAT, place->layout.boot_size);
    if (mkdir(place->boot, 0755) < 0 ||
        mount("tmpfs", place->boot, "tmpfs", MS_NOSUID | MS_NODEV, options) < 0 ||
        mount(place->boot, target, NULL, MS_BIND, NULL) < 0)
        return pif_error_set_errno(error, errno, "cannot put the boot partition on %s of the image",
                                   place->boot_point);
    return TRUE;
}

/* mcopy does not take an empty FAT's "*". */
static gboolean copy_out(const PifPlace *place, GError **error)
{
    GError *failure = NULL;
    if (run_mtool(place, (const char *const[]){"mcopy", "-s", "-n", "-m", "::", place->boot, NULL},
                  &failure))
        return TRUE;
    return pif_error_take(error, failure, "cannot read the boot partition");
}

gboolean pif_boot_folder_open(PifPlace *place, GError **error)
{
    if (!place->layout.boot_size || !(place->boot_point = find_mount_point(place)))
        return TRUE;
    place->boot = g_build_filename(place->job->folder, "boot", NULL);
    if (!mount_memory(place, error) || !copy_out(place, error))
        return FALSE;
    place->before = pif_boot_folder_list(place->boot, error);
    return place->before != NULL;
}

/* mtools takes [ for the begin of a set of characters, in names that it looks for on the disk. */
static char *quote(const char *path)
{
    g_auto(GStrv) parts = g_strsplit(path, "[", -1);
    g_autofree char *quoted = g_strjoinv("[[]", parts);
    return g_strconcat("::", quoted, NULL);
}

static gboolean remove_one(const PifPlace *place, const char *path, GError **error)
{
    g_autofree char *target = quote(path);
    const PifBootEntry *entry = g_hash_table_lookup(place->before, path);
    return run_mtool(
        place, (const char *const[]){S_ISDIR(entry->mode) ? "mrd" : "mdel", target, NULL}, error);
}

static gboolean make_folder(const PifPlace *place, const char *path, GError **error)
{
    g_autofree char *target = g_strconcat("::", path, NULL);
    return run_mtool(place, (const char *const[]){"mmd", target, NULL}, error);
}

static gboolean write_file(const PifPlace *place, const char *path, GError **error)
{
    g_autofree char *source = g_strconcat(place->boot, path, NULL);
    g_autofree char *target = g_strconcat("::", path, NULL);
    return run_mtool(place, (const char *const[]){"mcopy", "-o", "-m", source, target, NULL},
                     error);
}

static gboolean apply(const PifPlace *place, const GPtrArray *paths,
                      gboolean (*change)(const PifPlace *, const char *, GError **), GError **error)
{
    for (guint i = 0; i < paths->len; i++) {
        GError *failure = NULL;
        if (!change(place, paths->pdata[i], &failure))
            return pif_error_take(error, failure,
                                  "cannot write %s back to the boot partition (is it full?)",
                                  (const char *)paths->pdata[i]);
    }
    return TRUE;
}

gboolean pif_boot_folder_write_back(PifPlace *place, GError **error)
{
    g_auto(PifBootChanges) changes = {0};
    if (!place->before)
        return TRUE;
    g_autoptr(GHashTable) after = pif_boot_folder_list(place->boot, error);
    return after && pif_boot_changes_find(place->before, after, &changes, error) &&
           apply(place, changes.removed, remove_one, error) &&
           apply(place, changes.folders, make_folder, error) &&
           apply(place, changes.files, write_file, error);
}
