// SPDX-License-Identifier: MIT
// The table of steps.
#include "images/prepare/worker/steps.h"

static gboolean wants_hostname(const PifGuest *guest)
{
    return guest->job->hostname != NULL;
}

static gboolean wants_user(const PifGuest *guest)
{
    return guest->job->user != NULL;
}

static gboolean wants_ssh_keys(const PifGuest *guest)
{
    return *guest->job->ssh_keys != NULL;
}

static gboolean wants_ssh(const PifGuest *guest)
{
    return guest->job->enable_ssh;
}

static gboolean has_boot(const PifGuest *guest)
{
    return guest->boot != NULL;
}

const PifStep pif_steps[] = {
    {PIF_PREPARE_LAUNCH, "starting the appliance", NULL, pif_guest_launch},
    {"grow", "growing the root file system", NULL, pif_step_grow},
    {"mount", "opening the file systems", NULL, pif_step_mount},
    {"hostname", "setting the host name", wants_hostname, pif_step_hostname},
    {"user", "making the user", wants_user, pif_step_user},
    {"ssh-keys", "adding the SSH keys", wants_ssh_keys, pif_step_ssh_keys},
    {"enable-ssh", "switching the SSH server on", wants_ssh, pif_step_enable_ssh},
    {"machine-id", "emptying the machine ID", NULL, pif_step_machine_id},
    {"host-keys", "removing the SSH host keys", NULL, pif_step_host_keys},
    {"first-boot", "taking back what the first boot would do", has_boot, pif_step_first_boot},
    {"finish", "writing everything to the disk", NULL, pif_step_finish},
    {0},
};
