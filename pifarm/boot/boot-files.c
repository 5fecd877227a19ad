// SPDX-License-Identifier: MIT
// The files of a boot plan, copied out of a card's boot partition.
#include "pifarm/boot/boot-files.h"

#include "hw/firmware/boot-planner.h"
#include "hw/firmware/qemu.h"
#include "pifarm/base/error.h"
#include "pifarm/base/fd.h"
#include "pifarm/boot/card-source.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/random.h>

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

/* Nothing waits for the disk: it is made anew at every start. */
static gboolean write_device_tree(const char *directory, GBytes *tree, char **ret_path,
                                  GError **error)
{
    gsize size;
    const char *blob = g_bytes_get_data(tree, &size);
    GError *failure = NULL;
    g_autofree char *path = g_build_filename(directory, "device-tree.dtb", NULL);
    if (!g_file_set_contents_full(path, blob, (gssize)size, G_FILE_SET_CONTENTS_NONE, 0644,
                                  &failure))
        return pif_error_take(error, failure, "cannot write the device tree");
    *ret_path = g_steal_pointer(&path);
    return TRUE;
}

static gboolean copy_files(const PifBootPartition *boot, const PifBootPlan *plan,
                           PifBootFiles *files, GError **error)
{
    g_autoptr(PifQemuBoot) qemu = pif_qemu_boot_new(plan, error);
    if (!qemu)
        return FALSE;
    files->command_line = g_strdup(qemu->command_line);
    return pif_boot_partition_copy_kernel(boot, plan->kernel, &files->kernel, error) &&
           copy_initramfs(boot, plan->initramfs, &files->initramfs, error) &&
           write_device_tree(boot->directory, qemu->tree, &files->device_tree, error);
}

static PifBootPlan *make_plan(const PifCard *card, const PifBoard *of_node, PifBootPartition *boot,
                              GError **error)
{
    guint8 seed[PIF_BOARD_SEED_SIZE];
    PifBoard board = *of_node;
    g_autoptr(PifBootSource) source = pif_boot_source_new_card(card, boot);
    board.boot_partition = boot->number;
    if (getrandom(seed, sizeof seed, 0) == (ssize_t)sizeof seed)
        board.seed = seed;
    PifBootPlan *plan = pif_boot_plan_make(source, &board, error);
    if (plan)
        plan->board.seed = NULL; /* which lies on our stack */
    return plan;
}

static gboolean read_boot_files(const PifCard *card, const PifBoard *board, const char *directory,
                                PifBootFiles *files, GError **error)
{
    g_auto(PifBootPartition) boot = {0};
    if (!pif_boot_partition_open(card, directory, &boot, error))
        return FALSE;
    g_autoptr(PifBootPlan) plan = make_plan(card, board, &boot, error);
    return plan && copy_files(&boot, plan, files, error);
}

gboolean pif_boot_files_read(const PifCard *card, const PifBoard *board, const char *directory,
                             PifBootFiles **ret_files, GError **error)
{
    g_autoptr(PifBootFiles) files = g_new0(PifBootFiles, 1);
    GError *failure = NULL;
    if (!read_boot_files(card, board, directory, files, &failure))
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
    g_free(files);
}
