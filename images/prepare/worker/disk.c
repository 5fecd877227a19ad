// SPDX-License-Identifier: MIT
// Steps on the disk as a whole: grow, mount, unmount.
#include "images/disk/partition.h"
#include "images/prepare/worker/steps.h"
#include "pifarm/base/error.h"
#include "pifarm/base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

/* ELF, System V ABI: class at 4, machine at 18, in the file's byte order. */
enum {
    ELF_HEADER = 20,
    ELF_MACHINE = 18,
    EM_386 = 3,
    EM_ARM = 40,
    EM_X86_64 = 62,
    EM_AARCH64 = 183,
};

static gboolean check_is_ext(const PifPartition *root, GError **error)
{
    if (g_strcmp0(root->filesystem, "crypto_LUKS") == 0)
        return pif_error_set(error, PIF_ERROR_CONFIG,
                             "partition %u, the root, is encrypted (LUKS) and cannot be prepared",
                             root->number);
    return (root->filesystem && g_str_has_prefix(root->filesystem, "ext")) ||
           pif_error_set(error, PIF_ERROR_CONFIG, "partition %u, the root, has %s, not ext4",
                         root->number,
                         root->filesystem ? root->filesystem : "no file system that we know");
}

static gboolean check_apart(const PifPartition *one, const PifPartition *other, GError **error)
{
    return one->start + one->size <= other->start || other->start + other->size <= one->start ||
           pif_error_set(error, PIF_ERROR_CONFIG, "partitions %u and %u overlap", one->number,
                         other->number);
}

static gboolean check_partitions(const PifGuest *guest, const GPtrArray *partitions, GError **error)
{
    for (guint i = 0; i < partitions->len; i++) {
        const PifPartition *partition = partitions->pdata[i];
        if (partition->number == guest->layout.root_number && !check_is_ext(partition, error))
            return FALSE;
        for (guint k = 0; k < i; k++)
            if (!check_apart(partitions->pdata[k], partition, error))
                return FALSE;
    }
    return TRUE;
}

static gboolean is_root_last(const PifGuest *guest)
{
    const PifCardLayout *layout = &guest->layout;
    return layout->root_offset + layout->root_size >= layout->end;
}

static gboolean check_growth(const PifGuest *guest, GError **error)
{
    return is_root_last(guest) || !guest->job->must_grow ||
           pif_error_set(error, PIF_ERROR_CONFIG,
                         "partition %u, the root, is not the last on the disk and cannot grow; "
                         "prepare the image without a size, or move the other partition",
                         guest->layout.root_number);
}

/* All that needs no appliance to be seen. */
gboolean pif_step_check(PifGuest *guest, GError **error)
{
    g_autofree char *table = NULL;
    g_auto(PifFd) disk = open(guest->job->disk, O_RDONLY | O_CLOEXEC);
    if (disk < 0)
        return pif_error_set_errno(error, errno, "cannot open the disk");
    guest->disk_size = (guint64)lseek(disk, 0, SEEK_END);
    if (!pif_card_layout_read(guest->job->disk, &guest->layout, error))
        return FALSE;
    if (!guest->layout.root_size)
        return pif_error_set(error, PIF_ERROR_CONFIG,
                             "no primary partition is a Linux one (type 83), for the root");
    g_autoptr(GPtrArray) partitions = pif_partitions_read(disk, &table, error);
    return partitions && check_partitions(guest, partitions, error) && check_growth(guest, error);
}

static gboolean grow_partition(const PifGuest *guest, GError **error)
{
    const PifCardLayout *layout = &guest->layout;
    int64_t last_sector = (int64_t)(guest->disk_size / PIF_SECTOR_SIZE) - 1;
    return layout->root_offset + layout->root_size >= guest->disk_size ||
           guestfs_part_resize(guest->handle, "/dev/sda", (int)layout->root_number, last_sector) ==
               0 ||
           pif_guest_fail(guest, error, "cannot grow partition %u", layout->root_number);
}

/* Checks the file system first, whether there is anything to grow or not: a journal is played back,
 * what e2fsck(8) thinks safe is mended. */
gboolean pif_step_grow(PifGuest *guest, GError **error)
{
    gboolean is_last = is_root_last(guest);
    g_autofree char *device = pif_guest_partition(guest->layout.root_number);
    if (is_last && !grow_partition(guest, error))
        return FALSE;
    if (guestfs_e2fsck(guest->handle, device, GUESTFS_E2FSCK_CORRECT, 1, -1) < 0)
        return pif_guest_fail(guest, error,
                              "the root file system is damaged (e2fsck -f on the card mends it)");
    if (!is_last)
        pif_guest_note(guest, "partition %u, the root, is not the last on the disk: not grown",
                       guest->layout.root_number);
    return !is_last || guestfs_resize2fs(guest->handle, device) == 0 ||
           pif_guest_fail(guest, error, "cannot grow the root file system");
}

/* fsck(8): 1 and 2 say that something was mended. */
static gboolean check_boot(const PifGuest *guest, const char *device, GError **error)
{
    int status = guestfs_fsck(guest->handle, "vfat", device);
    if (status < 0)
        return pif_guest_fail(guest, error, "cannot check the boot partition");
    return status < 4 ||
           pif_error_set(error, PIF_ERROR_CONFIG, "the boot partition's file system is damaged");
}

/* Since Debian 12 the boot partition belongs under /boot/firmware, before that under /boot. */
static gboolean mount_boot(PifGuest *guest, GError **error)
{
    g_autofree char *boot = pif_guest_partition(guest->layout.boot_number);
    if (guest->layout.boot_size && pif_guest_is_dir(guest, "/boot/firmware"))
        guest->boot = "/boot/firmware";
    else if (guest->layout.boot_size && pif_guest_is_dir(guest, "/boot"))
        guest->boot = "/boot";
    if (!guest->boot)
        return TRUE;
    if (!check_boot(guest, boot, error))
        return FALSE;
    if (guestfs_mount(guest->handle, boot, guest->boot) < 0)
        return pif_guest_fail(guest, error, "cannot mount the boot partition");
    pif_guest_note(guest, "the boot partition is %s", guest->boot);
    return TRUE;
}

/* The machine that the system's programs are for; 0: there is none to tell by. */
static int read_machine(const PifGuest *guest)
{
    size_t size = 0;
    int machine = 0;
    char *path = guestfs_realpath(guest->handle, "/bin/sh");
    char *header = path ? guestfs_pread(guest->handle, path, ELF_HEADER, 0, &size) : NULL;
    if (header && size == ELF_HEADER && memcmp(header, "\177ELF", 4) == 0)
        machine = (guchar)header[ELF_MACHINE] | (guchar)header[ELF_MACHINE + 1] << 8;
    free(header);
    free(path);
    return machine;
}

/* 32-bit programs run on a 64-bit kernel, so both must be missing. */
static gboolean check_machine(const PifGuest *guest, GError **error)
{
    int machine = read_machine(guest);
    g_autofree char *kernel =
        g_build_filename(guest->boot ? guest->boot : "/boot", "kernel8.img", NULL);
    g_autofree char *vmlinuz =
        g_build_filename(guest->boot ? guest->boot : "/boot", "vmlinuz", NULL);
    const char *const kernels[] = {kernel, vmlinuz, NULL};
    if (machine == 0 || machine == EM_AARCH64)
        return TRUE;
    if (machine == EM_ARM && pif_guest_has_any(guest, kernels))
        return TRUE;
    return pif_error_set(error, PIF_ERROR_CONFIG,
                         "it is an image for %s; nodes need one for 64-bit ARM (arm64, aarch64)",
                         machine == EM_ARM                           ? "32-bit ARM (armhf) only"
                         : machine == EM_X86_64 || machine == EM_386 ? "PCs"
                                                                     : "another processor");
}

gboolean pif_step_mount(PifGuest *guest, GError **error)
{
    g_autofree char *root = pif_guest_partition(guest->layout.root_number);
    if (guestfs_mount(guest->handle, root, "/") < 0)
        return pif_guest_fail(guest, error, "cannot mount the root file system");
    if (!pif_guest_is_dir(guest, "/etc"))
        return pif_error_set(error, PIF_ERROR_CONFIG, "there is no /etc on the root file system");
    return mount_boot(guest, error) && check_machine(guest, error);
}

gboolean pif_step_finish(PifGuest *guest, GError **error)
{
    if (guestfs_umount_all(guest->handle) < 0 || guestfs_shutdown(guest->handle) < 0)
        return pif_guest_fail(guest, error, "cannot write everything to the disk");
    return TRUE;
}
