// SPDX-License-Identifier: MIT
// Who uses a disk, or a partition of it: mounts, swap, RAID and volume groups, loop devices.
#pragma once

#include <glib.h>

/* path: for messages; sysfs: its folder there. BUSY names the user and what to do. */
gboolean pif_device_check_unused(const char *path, const char *sysfs, GError **error);
