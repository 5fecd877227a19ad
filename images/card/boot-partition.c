// SPDX-License-Identifier: MIT
// The FAT with the boot files, read by mtools.
#include "images/card/boot-partition.h"

#include "images/card/card-layout.h"
#include "images/card/kernel.h"
#include "pifarm/base/command.h"
#include "pifarm/base/error.h"
#include "pifarm/base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

/* A guest can write anything into its boot partition: what we take from there has limits. */
enum {
    MAX_CPU_S = 5, /* all files of Raspberry Pi OS take well under a tenth */
    TIMEOUT_MS = 30 * 1000,
};

void pif_boot_partition_clear(PifBootPartition *boot)
{
    g_free(boot->drive);
    g_strfreev(boot->paths);
}

/* Where the FAT is: the first of them, or that of the number. */
static gboolean locate(const PifCard *card, unsigned number, PifBootPartition *boot, GError **error)
{
    PifCardLayout layout;
    guint64 offset = 0;
    if (!pif_card_layout_read(pif_card_raw_path(card), &layout, error))
        return FALSE;
    if (number) {
        offset = number <= PIF_CARD_PARTITIONS ? layout.fat_offsets[number - 1] : 0;
    } else {
        offset = layout.boot_offset;
        number = layout.boot_number;
    }
    if (!offset)
        return pif_error_set(error, PIF_ERROR_CONFIG, "no FAT partition to boot from");
    boot->number = number;
    boot->drive = g_strdup_printf("%s@@%" G_GUINT64_FORMAT, pif_card_raw_path(card), offset);
    return TRUE;
}

/* One of the mtools, the same whatever the user's own configuration of them says. */
static gboolean run_mtool(const PifBootPartition *boot, const char *const *arguments,
                          char **ret_output, GError **error)
{
    g_autoptr(PifCommand) command = pif_command_new(arguments[0], "-i", boot->drive, NULL);
    pif_command_set_limits(command, PIF_BOOT_FILE_MAX_SIZE, MAX_CPU_S);
    pif_command_add_vector(command, arguments + 1);
    pif_command_set_environment(command, "MTOOLSRC", "/dev/null");
    pif_command_set_environment(command, "MTOOLS_SKIP_CHECK", "1");
    pif_command_set_environment(command, "LC_ALL", "C.UTF-8");
    pif_command_set_timeout_ms(command, TIMEOUT_MS);
    return pif_command_run(command, ret_output, error);
}

/* `mdir -b -/` prints "::/overlays/README" and, for folders, "::/overlays/"; of a FAT without files
 * it says that there is not even the root folder. */
static gboolean list_paths(PifBootPartition *boot, GError **error)
{
    g_autofree char *listing = NULL;
    GError *failure = NULL;
    const char *const arguments[] = {"mdir", "-a", "-b", "-/", "::", NULL};
    if (!run_mtool(boot, arguments, &listing, &failure)) {
        gboolean is_empty = strstr(failure->message, "File \"::\" not found") != NULL;
        if (is_empty)
            pif_error_set(error, PIF_ERROR_CONFIG, "the boot partition is empty: no kernel in it");
        else
            pif_error_set(error, PIF_ERROR_CONFIG, "the FAT of the boot partition is damaged: %s",
                          failure->message);
        g_error_free(failure);
        return FALSE;
    }
    g_auto(GStrv) lines = g_strsplit(listing, "\n", -1);
    g_autoptr(GStrvBuilder) paths = g_strv_builder_new();
    for (char **line = lines; *line; line++)
        if (g_str_has_prefix(*line, "::/") && !g_str_has_suffix(*line, "/"))
            g_strv_builder_add(paths, *line + strlen("::/"));
    boot->paths = g_strv_builder_end(paths);
    return TRUE;
}

static gboolean open_partition(const PifCard *card, const char *directory, unsigned number,
                               PifBootPartition *ret_boot, GError **error)
{
    g_auto(PifBootPartition) boot = {.directory = directory};
    if (!locate(card, number, &boot, error) || !list_paths(&boot, error))
        return FALSE;
    *ret_boot = boot;
    boot = (PifBootPartition){0};
    return TRUE;
}

gboolean pif_boot_partition_open(const PifCard *card, const char *directory,
                                 PifBootPartition *ret_boot, GError **error)
{
    return open_partition(card, directory, 0, ret_boot, error);
}

gboolean pif_boot_partition_open_number(const PifCard *card, const char *directory, unsigned number,
                                        PifBootPartition *ret_boot, GError **error)
{
    return open_partition(card, directory, number, ret_boot, error);
}

gboolean pif_boot_partition_copy(const PifBootPartition *boot, const char *path,
                                 const char *copy_name, char **ret_copy, GError **error)
{
    g_autofree char *source = g_strconcat("::/", path, NULL);
    g_autofree char *copy = g_build_filename(boot->directory, copy_name, NULL);
    GError *failure = NULL;
    if (!run_mtool(boot, (const char *const[]){"mcopy", "-n", "-o", source, copy, NULL}, NULL,
                   &failure)) {
        pif_error_take(error, failure, "cannot read '%s' from the boot partition", path);
        return FALSE;
    }
    *ret_copy = g_steal_pointer(&copy);
    return TRUE;
}

const char *pif_boot_partition_find(const PifBootPartition *boot, const char *path)
{
    for (char **candidate = boot->paths; *candidate; candidate++)
        if (g_ascii_strcasecmp(*candidate, path) == 0)
            return *candidate;
    return NULL;
}

gboolean pif_boot_partition_copy_kernel(const PifBootPartition *boot, const char *path,
                                        char **ret_copy, GError **error)
{
    g_autofree char *copy = NULL;
    guint8 head[PIF_KERNEL_HEAD_SIZE];
    if (!pif_boot_partition_copy(boot, path, "kernel", &copy, error))
        return FALSE;
    g_auto(PifFd) fd = open(copy, O_RDONLY | O_CLOEXEC);
    ssize_t head_size = fd < 0 ? -1 : pread(fd, head, sizeof head, 0);
    off_t size = fd < 0 ? -1 : lseek(fd, 0, SEEK_END);
    if (head_size < 0 || size < 0)
        return pif_error_set_errno(error, errno, "cannot read %s", copy);
    GError *failure = NULL;
    if (!pif_kernel_check(head, (gsize)head_size, (guint64)size, &failure)) {
        pif_error_set(error, PIF_ERROR_CONFIG, "the kernel '%s' %s", path, failure->message);
        g_error_free(failure);
        return FALSE;
    }
    *ret_copy = g_steal_pointer(&copy);
    return TRUE;
}
