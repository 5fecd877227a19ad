// SPDX-License-Identifier: MIT
// The steps about packet filters: carried out, and as commands.
#pragma once

#include "netsetup/step.h"

gboolean pif_filter_step_run(const PifNetStep *step, GError **error);
/* Free it. */
char *pif_filter_step_format(const PifNetStep *step);
