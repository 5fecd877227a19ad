// SPDX-License-Identifier: MIT
// config.txt and the files beside it -> boot plan, as the firmware of a Pi 3 goes about it.
#pragma once

#include "hw/firmware/boot-plan.h"

/* The plan of a source that a Pi cannot boot from has a `problem`, and all that was decided before.
 * An error is a source that cannot be read. */
PifBootPlan *pif_boot_plan_make(PifBootSource *source, const PifBoard *board, GError **error);
