// SPDX-License-Identifier: MIT
// The parts of a preparation that run the image's own programs: packages and commands.
#pragma once

#include "images/prepare/prepare.h"

/* Before anything is made: that they can be run here, if there are any. */
gboolean pif_prepare_check_commands(const PifPrepareSpec *spec, const PifPrepareOptions *options,
                                    GError **error);
/* After all else: packages, commands, commands of a booted system; then takes away what one machine
 * has for itself and they have made. */
gboolean pif_prepare_run_commands(const PifPrepareSpec *spec, const char *disk,
                                  const PifPrepareOptions *options, GError **error);
/* Appends name and text of each such part. */
void pif_prepare_list_commands(const PifPrepareSpec *spec, GPtrArray *steps);
