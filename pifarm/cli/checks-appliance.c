// SPDX-License-Identifier: MIT
// Checks of what libguestfs needs to prepare images: its appliance's kernel and its speed.
#include "images/prepare/appliance.h"
#include "pifarm/cli/checks.h"

PifFinding pif_check_appliance_kernel(const PifDoctor *doctor)
{
    (void)doctor;
    g_autoptr(GError) error = NULL;
    g_autoptr(PifCommand) command = pif_command_new("true", NULL);
    if (pif_appliance_set_kernel(command, &error))
        return pif_finding_ok("libguestfs has a kernel to prepare images with");
    return pif_finding_fail(
        "examples/appliance-kernel (or: sudo apt install linux-image-cloud-amd64)", "%s",
        error->message);
}

PifFinding pif_check_appliance_speed(const PifDoctor *doctor)
{
    (void)doctor;
    if (pif_appliance_may_use_kvm())
        return pif_finding_ok("images are prepared with it");
    return pif_finding_ok("not usable here: preparing an image takes some seconds more");
}
