// SPDX-License-Identifier: MIT
// What the firmware itself writes into the device tree, and reads out of it.
#pragma once

#include "hw/firmware/boot-plan-private.h"
#include "hw/firmware/device-tree.h"

/* Whether the alias ("serial0") leads to a PL011. */
gboolean pif_device_tree_is_pl011(const PifDeviceTree *tree, const char *alias);

/* Serial number, revision, MAC, memory, command line and what /chosen has to say of the boot, each
 * a decision of the plan. Less than 0: libfdt's error. Where the initramfs will lie, who loads it
 * writes. */
int pif_device_tree_write_properties(PifPlanner *planner, PifDeviceTree *tree);
