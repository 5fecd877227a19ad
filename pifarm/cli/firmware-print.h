// SPDX-License-Identifier: MIT
// A boot plan and all that led to it, for people and for programs.
#pragma once

#include "hw/firmware/qemu.h"

typedef struct {
    const char *subject; /* what was asked about */
    const PifBootPlan *plan;
    const PifQemuBoot *qemu;  /* NULL: it would not boot in QEMU, because of */
    const char *qemu_problem; /* this */
} PifFirmwareReport;

gboolean pif_firmware_print_text(const PifFirmwareReport *report, GError **error);
void pif_firmware_print_json(const PifFirmwareReport *report);
