// SPDX-License-Identifier: MIT
// pifarm-boot: boots a raw card image once on a machine of its own, till it powers off; what its
// console says goes to standard output.
#include "images/card/card.h"
#include "images/disk/scratch.h"
#include "pifarm/base/command.h"
#include "pifarm/base/drop-root.h"
#include "pifarm/base/error.h"
#include "pifarm/base/log.h"
#include "pifarm/boot/boot-files.h"
#include "pifarm/machine/qemu_user.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

/* QEMU is a user without rights, and in a sandbox; it dies with us, for we are that user before it
 * is started (one that becomes another user by -runas loses PR_SET_PDEATHSIG). Its user-mode
 * network needs no rights and reaches what the host reaches; the MAC is one of Raspberry Pi's, so
 * that the interface is eth0. A guest that boots again ends, as one that powers off. */
static const char *const arguments[] = {
    "-M",          "raspi3b",
    "-accel",      "tcg,thread=single,tb-size=128",
    "-nodefaults", "-no-reboot",
    "-display",    "none",
    "-monitor",    "none",
    "-serial",     "null",
    "-serial",     "stdio",
    "-netdev",     "user,id=net",
    "-device",     "usb-net,netdev=net,mac=b8:27:eb:00:00:01",
    "-sandbox",    "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny",
    NULL,
};

/* Files that QEMU gets open, as it could not open them itself. */
enum { DISK_FD = 3, DISK_TO_READ_FD, KERNEL_FD, DEVICE_TREE_FD, INITRAMFS_FD };

/* QEMU opens what is no disk by a name: as its own. Files of ours in a folder of ours. */
static gboolean pass_file(PifCommand *command, const PifQemuUser *user, const char *path,
                          int target, const char *option, GError **error)
{
    if (!path)
        return TRUE;
    if (!pif_qemu_user_give(user, path, error))
        return FALSE;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return pif_error_set_errno(error, errno, "cannot open %s", path);
    pif_command_take_fd(command, fd, target);
    pif_command_add(command, option);
    pif_command_add_format(command, "/proc/self/fd/%d", target);
    return TRUE;
}

static gboolean pass_disk_fd(PifCommand *command, const char *disk, int flags, int target,
                             GError **error)
{
    int fd = open(disk, flags | O_CLOEXEC);
    if (fd < 0)
        return pif_error_set_errno(error, errno, "cannot open %s", disk);
    pif_command_take_fd(command, fd, target);
    pif_command_add(command, "-add-fd");
    pif_command_add_format(command, "fd=%d,set=1", target);
    return TRUE;
}

/* A set has a descriptor for each way in which QEMU opens the file: it looks at the disk before it
 * writes. What a crash leaves is of no use anyway, so nothing waits for the disk. */
static gboolean pass_disk(PifCommand *command, const char *disk, GError **error)
{
    static const char *const drive[] = {"-drive", "if=sd,format=raw,cache=unsafe,file=/dev/fdset/1",
                                        NULL};
    if (!pass_disk_fd(command, disk, O_RDWR, DISK_FD, error) ||
        !pass_disk_fd(command, disk, O_RDONLY, DISK_TO_READ_FD, error))
        return FALSE;
    pif_command_add_vector(command, drive);
    return TRUE;
}

static PifCommand *make_command(const char *disk, const PifBootFiles *files,
                                const PifQemuUser *user, GError **error)
{
    g_autoptr(PifCommand) command = pif_command_new("qemu-system-aarch64", NULL);
    pif_command_add_vector(command, arguments);
    pif_command_add_vector(command, (const char *const[]){"-append", files->command_line, NULL});
    pif_command_set_directory(command, "/");
    if (!pass_disk(command, disk, error) ||
        !pass_file(command, user, files->kernel, KERNEL_FD, "-kernel", error) ||
        !pass_file(command, user, files->device_tree, DEVICE_TREE_FD, "-dtb", error) ||
        !pass_file(command, user, files->initramfs, INITRAMFS_FD, "-initrd", error))
        return NULL;
    return g_steal_pointer(&command);
}

static gboolean read_boot_files(const char *disk, const char *folder, PifBootFiles **ret_files,
                                GError **error)
{
    enum { SERIAL = 1 }; /* of which the MAC above is made */
    g_autoptr(PifCard) card = NULL;
    PifBoard board = pif_board_new(SERIAL);
    return pif_card_open(disk, FALSE, &card, error) &&
           pif_boot_files_read(card, &board, folder, ret_files, error);
}

/* All that needs our rights. */
static PifCommand *prepare(const char *disk, const PifQemuUser *user, GError **error)
{
    g_auto(PifScratch) scratch = {0};
    g_autoptr(PifBootFiles) files = NULL;
    if (!pif_scratch_make(&scratch, error) || !read_boot_files(disk, scratch.folder, &files, error))
        return NULL;
    if (files->device_tree)
        return make_command(disk, files, user, error);
    pif_error_set(error, PIF_ERROR_CONFIG, "the image has no device tree for a Pi 3");
    return NULL;
}

static gboolean boot(const char *disk, GError **error)
{
    g_autoptr(PifQemuUser) user = pif_qemu_user_find_any();
    if (!user)
        return pif_error_set(error, PIF_ERROR_NOT_FOUND,
                             "there is no user 'libvirt-qemu' or 'nobody' for QEMU to run as");
    g_autoptr(PifCommand) command = prepare(disk, user, error);
    if (!command || !pif_drop_root(NULL, user->name, error))
        return FALSE;
    g_autoptr(GSubprocess) machine = pif_command_start(command, error);
    if (!machine)
        return FALSE;
    if (!g_subprocess_wait_check(machine, NULL, NULL))
        return pif_error_set(error, PIF_ERROR_EXTERNAL, "QEMU failed; its words are above");
    return TRUE;
}

int main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    pif_log_init("pifarm-boot", 0);
    if (argc != 2) {
        fprintf(stderr, "Usage: pifarm-boot DISK\n");
        return PIF_ERROR_USAGE;
    }
    if (!boot(argv[1], &error))
        pif_log_error(error);
    return pif_error_exit_status(error);
}
