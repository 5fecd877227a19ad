// SPDX-License-Identifier: MIT
// pifarm-boot: boots a raw card image once on a machine of its own, till it powers off; what its
// console says goes to standard output.
#include "images/card/card.h"
#include "images/disk/scratch.h"
#include "pifarm/base/command.h"
#include "pifarm/base/error.h"
#include "pifarm/base/log.h"
#include "pifarm/boot/boot-files.h"

#include <stdio.h>
#include <string.h>

/* QEMU stays who we are, in a sandbox: one that became another user (-runas) would lose its death
 * with us (PR_SET_PDEATHSIG). Its user-mode network needs no rights and reaches what the host
 * reaches; the MAC is one of Raspberry Pi's, so that the interface is eth0. A guest that boots
 * again ends, as one that powers off. */
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

/* QEMU's options are lists with commas between; one in a path is written twice. Free it. */
static char *escape(const char *path)
{
    g_auto(GStrv) parts = g_strsplit(path, ",", -1);
    return g_strjoinv(",,", parts);
}

/* What a crash leaves is of no use anyway, so nothing waits for the disk. */
static PifCommand *make_command(const char *disk, const PifBootFiles *files)
{
    g_autofree char *escaped = escape(disk);
    PifCommand *command = pif_command_new("qemu-system-aarch64", NULL);
    pif_command_add_vector(command, arguments);
    pif_command_add(command, "-drive");
    pif_command_add_format(command, "if=sd,format=raw,cache=unsafe,file=%s", escaped);
    pif_command_add_vector(command, (const char *const[]){"-kernel", files->kernel, "-dtb",
                                                          files->device_tree, "-append",
                                                          files->command_line, NULL});
    if (files->initramfs)
        pif_command_add_vector(command, (const char *const[]){"-initrd", files->initramfs, NULL});
    return command;
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

static gboolean boot(const char *disk, GError **error)
{
    g_auto(PifScratch) scratch = {0};
    g_autoptr(PifBootFiles) files = NULL;
    if (!pif_scratch_make(&scratch, error) || !read_boot_files(disk, scratch.folder, &files, error))
        return FALSE;
    g_autoptr(PifCommand) command = make_command(disk, files);
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
