// SPDX-License-Identifier: MIT
// One run of pifarm-prepare: watched, timed, ended when it hangs, tried again.
#pragma once

#include "images/prepare/prepare.h"

/* Prepares the raw disk in place. TIMEOUT when the appliance hangs each time; what the step said
 * when one fails. The disk is of no use then. */
gboolean pif_prepare_run(const PifPrepareSpec *spec, const char *disk,
                         const PifPrepareOptions *options, GError **error);
