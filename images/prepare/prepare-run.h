// SPDX-License-Identifier: MIT
// One run of pifarm-prepare: watched, timed, ended when it hangs, tried again.
#pragma once

#include "images/prepare/prepare-job.h"

/* Prepares the job's raw disk in place; chooses the accelerator itself. TIMEOUT when the appliance
 * hangs each time; what the step said when one fails. The disk is of no use then. */
gboolean pif_prepare_run(PifPrepareJob *job, const PifPrepareOptions *options, GError **error);
