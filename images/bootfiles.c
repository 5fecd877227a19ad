// SPDX-License-Identifier: MIT
// Boot files out of a card's FAT partition, by mtools.
#include "images/bootfiles-choose.h"
#include "images/bootfiles-kernel.h"
#include "images/card-layout.h"
#include "images/card.h"
#include "pifarm/base/command.h"
#include "pifarm/base/error.h"
#include "pifarm/base/fd.h"
#include "pifarm/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

/* A guest can write anything into its boot partition: what we take from there has limits. */
enum {
    MAX_FILE_SIZE = 512 * 1024 * 1024,
    MAX_TEXT_SIZE = 64 * 1024,
    MAX_CPU_S = 5, /* all files of Raspberry Pi OS take well under a tenth */
    TIMEOUT_MS = 30 * 1000,
};

/* The boot partition, and the folder that gets the copies. */
typedef struct {
    const char *directory;
    char *drive; /* as mtools wants it: FILE@@OFFSET */
    char **paths;
} BootPartition;

static void boot_partition_clear(BootPartition *boot)
{
    g_free(boot->drive);
    g_strfreev(boot->paths);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(BootPartition, boot_partition_clear)

static gboolean find_boot_partition(const PifCard *card, BootPartition *boot, GError **error)
{
    PifCardLayout layout;
    if (!pif_card_layout_read(pif_card_raw_path(card), &layout, error))
        return FALSE;
    if (!layout.boot_size)
        return pif_error_set(error, PIF_ERROR_CONFIG, "no FAT partition to boot from");
    boot->drive =
        g_strdup_printf("%s@@%" G_GUINT64_FORMAT, pif_card_raw_path(card), layout.boot_offset);
    return TRUE;
}

/* One of the mtools, the same whatever the user's own configuration of them says. */
static gboolean run_mtool(const BootPartition *boot, const char *const *arguments,
                          char **ret_output, GError **error)
{
    g_autoptr(PifCommand) command = pif_command_new("prlimit", NULL);
    pif_command_add_format(command, "--fsize=%d", MAX_FILE_SIZE);
    pif_command_add_format(command, "--cpu=%d", MAX_CPU_S);
    pif_command_add(command, arguments[0]);
    pif_command_add_vector(command, (const char *const[]){"-i", boot->drive, NULL});
    pif_command_add_vector(command, arguments + 1);
    pif_command_set_environment(command, "MTOOLSRC", "/dev/null");
    pif_command_set_environment(command, "MTOOLS_SKIP_CHECK", "1");
    pif_command_set_environment(command, "LC_ALL", "C.UTF-8");
    pif_command_set_timeout_ms(command, TIMEOUT_MS);
    return pif_command_run(command, ret_output, error);
}

/* `mdir -b -/` prints "::/overlays/README" and, for folders, "::/overlays/". */
static gboolean list_paths(BootPartition *boot, GError **error)
{
    g_autofree char *listing = NULL;
    GError *failure = NULL;
    const char *const arguments[] = {"mdir", "-a", "-b", "-/", "::", NULL};
    if (!run_mtool(boot, arguments, &listing, &failure)) {
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

/* The copy gets a name of ours, so that what a guest calls its files decides nothing here. */
static gboolean copy_out(const BootPartition *boot, const char *path, const char *copy_name,
                         char **ret_copy, GError **error)
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

static gboolean read_text(const BootPartition *boot, const char *path, const char *copy_name,
                          char **ret_text, GError **error)
{
    g_autofree char *copy = NULL;
    return copy_out(boot, path, copy_name, &copy, error) &&
           pif_file_read(copy, MAX_TEXT_SIZE, ret_text, NULL, error);
}

static const char *find_path(const BootPartition *boot, const char *path)
{
    for (char **candidate = boot->paths; *candidate; candidate++)
        if (g_ascii_strcasecmp(*candidate, path) == 0)
            return *candidate;
    return NULL;
}

static char *read_included(const char *name, gpointer data)
{
    const BootPartition *boot = data;
    const char *path = find_path(boot, name);
    char *text = NULL;
    if (path)
        read_text(boot, path, "included.txt", &text, NULL);
    return text;
}

/* A card without config.txt boots with the defaults. */
static gboolean read_config(BootPartition *boot, char **ret_text, PifConfigTxt **ret_config,
                            GError **error)
{
    const char *path = find_path(boot, "config.txt");
    g_autofree char *text = path ? NULL : g_strdup("");
    if (path && !read_text(boot, path, "config.txt", &text, error))
        return FALSE;
    *ret_config = pif_config_txt_parse(text, read_included, boot);
    *ret_text = g_steal_pointer(&text);
    return TRUE;
}

static gboolean copy_kernel(const BootPartition *boot, const char *path, char **ret_copy,
                            GError **error)
{
    g_autofree char *copy = NULL;
    guint8 head[PIF_KERNEL_HEAD_SIZE];
    if (!copy_out(boot, path, "kernel", &copy, error))
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

/* Appends the file to the descriptor. */
static gboolean append_file(int to, const char *path, GError **error)
{
    g_auto(PifFd) from = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t copied = from < 0 ? -1 : 1;
    while (copied > 0)
        copied = copy_file_range(from, NULL, to, NULL, MAX_FILE_SIZE, 0);
    if (copied < 0)
        return pif_error_set_errno(error, errno, "cannot append %s", path);
    return TRUE;
}

/* The firmware loads several one behind the other, so their copy is one file. */
static gboolean copy_initramfs(const BootPartition *boot, char *const *paths, char **ret_copy,
                               GError **error)
{
    g_autofree char *copy = NULL;
    if (!*paths)
        return TRUE;
    if (!copy_out(boot, *paths, "initramfs", &copy, error))
        return FALSE;
    g_auto(PifFd) to = open(copy, O_WRONLY | O_CLOEXEC);
    if (to < 0 || lseek(to, 0, SEEK_END) < 0)
        return pif_error_set_errno(error, errno, "cannot open %s", copy);
    for (paths++; *paths; paths++) {
        g_autofree char *part = NULL;
        if (!copy_out(boot, *paths, "initramfs.part", &part, error) ||
            !append_file(to, part, error))
            return FALSE;
        unlink(part);
    }
    *ret_copy = g_steal_pointer(&copy);
    return TRUE;
}

/* The first line is the command line, as for the firmware. */
static gboolean read_command_line(const BootPartition *boot, const char *path, char **ret_line,
                                  GError **error)
{
    g_autofree char *text = NULL;
    if (!read_text(boot, path, "cmdline.txt", &text, error))
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
    g_auto(BootPartition) boot = {.directory = directory};
    g_autoptr(PifConfigTxt) config = NULL;
    g_auto(PifBootNames) names = {0};
    return find_boot_partition(card, &boot, error) && list_paths(&boot, error) &&
           read_config(&boot, &files->config, &config, error) &&
           pif_boot_names_choose(config, (const char *const *)boot.paths, &names, error) &&
           copy_kernel(&boot, names.kernel, &files->kernel, error) &&
           copy_out(&boot, names.device_tree, "device-tree.dtb", &files->device_tree, error) &&
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
