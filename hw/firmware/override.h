// SPDX-License-Identifier: MIT
// Parameters of a device tree or overlay: what its __overrides__ node makes of a name and a value.
#pragma once

#include "hw/firmware/device-tree.h"

/* Sets the parameter wherever its declaration says (configuration/device-tree.adoc, part 2.2).
 * NOT_FOUND: the tree has no such parameter. CONFIG: its declaration cannot be followed, or not
 * with this value; what was set before that stays set, as on a Pi. */
gboolean pif_override_apply(PifDeviceTree *tree, const char *name, const char *value,
                            GError **error);
