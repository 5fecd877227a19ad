// SPDX-License-Identifier: MIT
// The table of steps.
#include "images/prepare/worker/steps.h"

static gboolean has_boot(const PifGuest *guest)
{
    return guest->boot != NULL;
}

static gboolean has_scripts(const PifGuest *guest)
{
    return guest->makes_locale || pif_prepare_job_has(guest->job, "firstboot");
}

const PifStep pif_steps[] = {
    {"check", "looking at the partitions", NULL, NULL, pif_step_check},
    {PIF_PREPARE_LAUNCH, "starting the appliance", NULL, NULL, pif_guest_launch},
    {"grow", "growing the root file system", NULL, NULL, pif_step_grow},
    {"mount", "opening the file systems", NULL, NULL, pif_step_mount},
    {"hostname", "setting the host name", "hostname", NULL, pif_step_hostname},
    {"user", "making the user", "user", NULL, pif_step_user},
    {"ssh-keys", "adding the SSH keys", "ssh-keys", NULL, pif_step_ssh_keys},
    {"ssh-enable", "switching the SSH server on", "ssh-enable", NULL, pif_step_enable_ssh},
    {"wifi", "setting the wireless network", "wifi", NULL, pif_step_wifi},
    {"locale", "setting the locale", "locale", NULL, pif_step_locale},
    {"timezone", "setting the time zone", "timezone", NULL, pif_step_timezone},
    {"keyboard", "setting the keyboard layout", "keyboard", NULL, pif_step_keyboard},
    {"copy", "copying files", "copy", NULL, pif_step_copy},
    {"expand", "copying files that are different on each node", "expand", NULL, pif_step_expand},
    {"unit", "installing systemd units", "unit", NULL, pif_step_unit},
    {"firstboot", "installing what the first boot runs", NULL, has_scripts, pif_step_firstboot},
    {"cloud-init", "keeping cloud-init from undoing it", NULL, pif_cloud_is_used,
     pif_step_cloud_init},
    {"machine-id", "emptying the machine ID", NULL, NULL, pif_step_machine_id},
    {"host-keys", "removing the SSH host keys", NULL, NULL, pif_step_host_keys},
    {"first-boot", "taking back what the first boot would do", NULL, has_boot, pif_step_first_boot},
    {"finish", "writing everything to the disk", NULL, NULL, pif_step_finish},
    {0},
};
