// SPDX-License-Identifier: MIT
// What QEMU's raspi3b needs on top of a boot plan: the one place where a virtual board is treated
// otherwise than a box.
#pragma once

#include "hw/firmware/boot-plan.h"

/* One change. */
typedef struct {
    const char *what; /* "argument" */
    char *value;
    char *why;
} PifQemuChange;

typedef struct {
    char *command_line;
    GBytes *tree;
    GPtrArray *changes; /* PifQemuChange*, in the order in which they were made */
} PifQemuBoot;

/* CONFIG when the plan has a problem, or is for 32-bit cores: with QEMU's own loader the board
 * starts 64-bit kernels only. */
PifQemuBoot *pif_qemu_boot_new(const PifBootPlan *plan, GError **error);
void pif_qemu_boot_free(PifQemuBoot *boot);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PifQemuBoot, pif_qemu_boot_free)

/* The command line for QEMU: a console on ttyS1, watchdog and dwc_otg traps, cdc_subset kept off
 * usb-net. Never written to the card. Free it. */
char *pif_qemu_command_line(const char *of_plan);
/* What that puts at the end, by index, and why. FALSE behind the last. */
gboolean pif_qemu_argument(guint index, const char **ret_argument, const char **ret_why);
