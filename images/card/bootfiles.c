// SPDX-License-Identifier: MIT
// What the firmware would load, copied out of a card's boot partition.
#include "images/card/boot-partition.h"
#include "images/card/bootfiles-choose.h"
#include "images/card/card.h"
#include "pifarm/base/error.h"
#include "pifarm/base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

/* Appends the file to the descriptor. */
static gboolean append_file(int to, const char *path, GError **error)
{
    g_auto(PifFd) from = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t copied = from < 0 ? -1 : 1;
    while (copied > 0)
        copied = copy_file_range(from, NULL, to, NULL, PIF_BOOT_FILE_MAX_SIZE, 0);
    if (copied < 0)
        return pif_error_set_errno(error, errno, "cannot append %s", path);
    return TRUE;
}

/* The firmware loads several one behind the other, so their copy is one file. */
static gboolean copy_initramfs(const PifBootPartition *boot, char *const *paths, char **ret_copy,
                               GError **error)
{
    g_autofree char *copy = NULL;
    if (!*paths)
        return TRUE;
    if (!pif_boot_partition_copy(boot, *paths, "initramfs", &copy, error))
        return FALSE;
    g_auto(PifFd) to = open(copy, O_WRONLY | O_CLOEXEC);
    if (to < 0 || lseek(to, 0, SEEK_END) < 0)
        return pif_error_set_errno(error, errno, "cannot open %s", copy);
    for (paths++; *paths; paths++) {
        g_autofree char *part = NULL;
        if (!pif_boot_partition_copy(boot, *paths, "initramfs.part", &part, error) ||
            !append_file(to, part, error))
            return FALSE;
        unlink(part);
    }
    *ret_copy = g_steal_pointer(&copy);
    return TRUE;
}

/* The first line is the command line, as for the firmware. */
static gboolean read_command_line(const PifBootPartition *boot, const char *path, char **ret_line,
                                  GError **error)
{
    g_autofree char *text = NULL;
    if (!pif_boot_partition_read_text(boot, path, "cmdline.txt", &text, error))
        return FALSE;
    text[strcspn(text, "\r\n")] = '\0';
    g_strstrip(text);
    if (!*text)
        return pif_error_set(error, PIF_ERROR_CONFIG, "the kernel's command line '%s' is empty",
                             path);
    gboolean is_text = g_utf8_validate(text, -1, NULL);
    for (const char *c = text; *c && is_text; c++)
        is_text = !g_ascii_iscntrl(*c) || *c == '\t';
    if (!is_text)
        return pif_error_set(error, PIF_ERROR_CONFIG,
                             "the kernel's command line '%s' has control characters in it", path);
    *ret_line = g_steal_pointer(&text);
    return TRUE;
}

static gboolean read_boot_files(PifCard *card, const char *directory, PifBootFiles *files,
                                GError **error)
{
    g_auto(PifBootPartition) boot = {0};
    g_autoptr(PifConfigTxt) config = NULL;
    g_auto(PifBootNames) names = {0};
    return pif_boot_partition_open(card, directory, &boot, error) &&
           pif_boot_partition_read_config(&boot, &files->config, &config, error) &&
           pif_boot_names_choose(config, (const char *const *)boot.paths, &names, error) &&
           pif_boot_partition_copy_kernel(&boot, names.kernel, &files->kernel, error) &&
           pif_boot_partition_copy(&boot, names.device_tree, "device-tree.dtb", &files->device_tree,
                                   error) &&
           copy_initramfs(&boot, names.initramfs, &files->initramfs, error) &&
           read_command_line(&boot, names.command_line, &files->command_line, error);
}

gboolean pif_card_read_boot_files(PifCard *card, const char *directory, PifBootFiles **ret_files,
                                  GError **error)
{
    g_autoptr(PifBootFiles) files = g_new0(PifBootFiles, 1);
    GError *failure = NULL;
    if (!read_boot_files(card, directory, files, &failure))
        return pif_error_take(error, failure, "card %s", pif_card_path(card));
    *ret_files = g_steal_pointer(&files);
    return TRUE;
}

void pif_boot_files_free(PifBootFiles *files)
{
    if (!files)
        return;
    g_free(files->kernel);
    g_free(files->initramfs);
    g_free(files->device_tree);
    g_free(files->command_line);
    g_free(files->config);
    g_free(files);
}
