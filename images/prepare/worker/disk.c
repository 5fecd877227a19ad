// SPDX-License-Identifier: MIT
// Steps on the disk as a whole: grow, mount, unmount.
#include "images/prepare/worker/steps.h"
#include "pifarm/base/error.h"

static gboolean check_is_ext(const PifGuest *guest, const char *device, GError **error)
{
    char *type = guestfs_vfs_type(guest->handle, device);
    gboolean is_ext = type && g_str_has_prefix(type, "ext");
    if (!type)
        pif_guest_fail(guest, error, "cannot tell the root file system's type");
    else if (!is_ext)
        pif_error_set(error, PIF_ERROR_CONFIG, "the root file system is %s, not ext4",
                      *type ? type : "of no known type");
    free(type);
    return is_ext;
}

/* Also cleans the file system, whether there is anything to grow or not. */
gboolean pif_step_grow(PifGuest *guest, GError **error)
{
    const PifCardLayout *layout = &guest->layout;
    guint64 root_end = layout->root_offset + layout->root_size;
    g_autofree char *device = pif_guest_partition(layout->root_number);
    if (root_end < layout->end)
        return pif_error_set(error, PIF_ERROR_CONFIG,
                             "partition %u, the root, is not the last on the disk and cannot grow",
                             layout->root_number);
    if (!check_is_ext(guest, device, error))
        return FALSE;
    int64_t last_sector = (int64_t)(guest->disk_size / PIF_SECTOR_SIZE) - 1;
    if (root_end < guest->disk_size &&
        guestfs_part_resize(guest->handle, "/dev/sda", (int)layout->root_number, last_sector) < 0)
        return pif_guest_fail(guest, error, "cannot grow partition %u", layout->root_number);
    if (guestfs_e2fsck(guest->handle, device, GUESTFS_E2FSCK_FORCEALL, 1, -1) < 0)
        return pif_guest_fail(guest, error, "the root file system is damaged");
    if (guestfs_resize2fs(guest->handle, device) < 0)
        return pif_guest_fail(guest, error, "cannot grow the root file system");
    return TRUE;
}

/* Since Debian 12 the boot partition belongs under /boot/firmware, before that under /boot. */
gboolean pif_step_mount(PifGuest *guest, GError **error)
{
    g_autofree char *root = pif_guest_partition(guest->layout.root_number);
    g_autofree char *boot = pif_guest_partition(guest->layout.boot_number);
    if (guestfs_mount(guest->handle, root, "/") < 0)
        return pif_guest_fail(guest, error, "cannot mount the root file system");
    if (!pif_guest_is_dir(guest, "/etc"))
        return pif_error_set(error, PIF_ERROR_CONFIG, "there is no /etc on the root file system");
    if (guest->layout.boot_size && pif_guest_is_dir(guest, "/boot/firmware"))
        guest->boot = "/boot/firmware";
    else if (guest->layout.boot_size && pif_guest_is_dir(guest, "/boot"))
        guest->boot = "/boot";
    if (guest->boot && guestfs_mount(guest->handle, boot, guest->boot) < 0)
        return pif_guest_fail(guest, error, "cannot mount the boot partition");
    return TRUE;
}

gboolean pif_step_finish(PifGuest *guest, GError **error)
{
    if (guestfs_umount_all(guest->handle) < 0 || guestfs_shutdown(guest->handle) < 0)
        return pif_guest_fail(guest, error, "cannot write everything to the disk");
    return TRUE;
}
