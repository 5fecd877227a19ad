// SPDX-License-Identifier: MIT
// What the libguestfs appliance needs of the host: a kernel to boot, and hardware acceleration.
#pragma once

#include "pifarm/base/command.h"

/* Sets the environment by which supermin finds a kernel: SUPERMIN_KERNEL where the user has set it;
 * else the folder PIFARM_APPLIANCE_KERNEL, or appliance-kernel in our cache or state folder (made
 * by examples/appliance-kernel; boot/vmlinuz-VERSION and lib/modules/VERSION in it); else the
 * host's /boot. NOT_FOUND, with what to do, when there is none. */
gboolean pif_appliance_set_kernel(PifCommand *command, GError **error);

/* Whether to try KVM: /dev/kvm opens, this is no virtual machine itself, and KVM has not failed the
 * appliance since the host booted. Inside a virtual machine KVM may hang for minutes or abort QEMU
 * (IMAGES.md section 1), so there TCG it is; LIBGUESTFS_BACKEND_SETTINGS overrides all of this. */
gboolean pif_appliance_may_use_kvm(void);
/* Remembers, until the host reboots, that it failed. */
void pif_appliance_set_kvm_failed(void);
