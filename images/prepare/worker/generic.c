// SPDX-License-Identifier: MIT
// Steps that take away what one machine has for itself, so that clones do not share it.
#include "images/card/command-line.h"
#include "images/card/identity.h"
#include "images/prepare/worker/steps.h"
#include "pifarm/base/error.h"

gboolean pif_step_hostname(PifGuest *guest, GError **error)
{
    g_autofree char *hosts = NULL;
    const char *hostname = pif_prepare_job_text(guest->job, "hostname");
    g_autofree char *name = g_strconcat(hostname, "\n", NULL);
    if (!pif_guest_read(guest, "/etc/hosts", &hosts, error))
        return FALSE;
    g_autofree char *edited = pif_identity_edit_hosts(hosts, hostname);
    return pif_guest_put(guest, "/etc/hostname", name, 0644, 0, 0, error) &&
           pif_guest_put(guest, "/etc/hosts", edited, 0644, 0, 0, error);
}

/* machine-id(5): empty, so that the first boot makes one, without being a "first boot" to systemd.
 * The random seed would be the same in all clones, too. */
gboolean pif_step_machine_id(PifGuest *guest, GError **error)
{
    static const char bus_id[] = "/var/lib/dbus/machine-id";
    if (pif_guest_exists(guest, "/etc/machine-id") &&
        !pif_guest_put(guest, "/etc/machine-id", "", 0444, 0, 0, error))
        return FALSE;
    if (guestfs_is_file(guest->handle, bus_id) == 1 &&
        !pif_guest_link(guest, "/etc/machine-id", bus_id, error))
        return FALSE;
    return pif_guest_remove(guest, "/var/lib/systemd/random-seed", error);
}

/* raspberrypi-sys-mods: regenerate_ssh_host_keys.service removes and makes host keys on the first
 * boot, and so would take away those that a clone gets from us. */
gboolean pif_step_host_keys(PifGuest *guest, GError **error)
{
    static const char *const patterns[] = {
        "/etc/ssh/ssh_host_*_key",
        "/etc/ssh/ssh_host_*_key.pub",
        "/etc/dropbear/dropbear_*_host_key",
        "/etc/systemd/system/*.wants/regenerate_ssh_host_keys.service",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(patterns); i++)
        if (!pif_guest_remove(guest, patterns[i], error))
            return FALSE;
    return TRUE;
}

/* Raspberry Pi OS' first boot grows the root, makes host keys, does what custom.toml says and boots
 * again. That is done, all but custom.toml: to drop that unsaid would lose somebody's settings. */
gboolean pif_step_first_boot(PifGuest *guest, GError **error)
{
    g_autofree char *path = g_build_filename(guest->boot, "cmdline.txt", NULL);
    g_autofree char *custom = g_build_filename(guest->boot, "custom.toml", NULL);
    g_autofree char *before = NULL;
    if (!pif_guest_read(guest, path, &before, error))
        return FALSE;
    g_autofree char *after = pif_command_line_drop_first_boot(before ? before : "");
    if (!before || g_str_equal(before, after))
        return TRUE;
    if (pif_guest_exists(guest, custom))
        return pif_error_set(error, PIF_ERROR_CONFIG,
                             "there is a custom.toml on the boot partition, for a first boot that "
                             "prepared images do not have; remove it from the image, and give what "
                             "it says as steps (--hostname, --user, --wifi, --locale, ...)");
    pif_guest_note(guest,
                   "Raspberry Pi OS: its first boot, which makes host keys and boots again, is "
                   "switched off");
    return pif_guest_write(guest, path, after, error);
}
