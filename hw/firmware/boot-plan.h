// SPDX-License-Identifier: MIT
// What the firmware of a Pi 3 hands to the ARM cores, and why: config.txt -> boot plan.
#pragma once

#include "hw/firmware/boot-config.h"
#include "hw/firmware/boot-source.h"

/* One choice of the firmware. */
typedef struct {
    const char *what; /* "kernel" */
    char *value;      /* "kernel8.img" */
    char *file;       /* of the line that made it; NULL: nothing said so */
    unsigned line;
    char *why; /* or NULL */
} PifBootDecision;

/* An overlay or, with a NULL name, the base device tree; and what is to be set in it. */
typedef struct {
    char *name;
    const PifConfigLine *line; /* NULL: the firmware's own idea */
    GPtrArray *parameters;     /* PifBootParameter* */
} PifBootOverlay;

typedef struct {
    char *name;
    char *value; /* "on" when the line gives none */
    const PifConfigLine *line;
} PifBootParameter;

/* Paths are as the source spells them. */
typedef struct {
    PifBoard board;        /* with boot_partition set */
    PifBootConfig *config; /* of config.txt, or of tryboot.txt */
    char *config_name;     /* "config.txt"; NULL: there is none */
    char *start_file;      /* "start.elf" */
    char *fixup_file;
    char *os_prefix;      /* "" unless it counts */
    char *overlay_prefix; /* with os_prefix where that counts for overlays, too */
    char *kernel;
    gboolean is_64bit;
    guint64 kernel_address;
    char **initramfs;    /* NULL-terminated: loaded one behind the other; empty: none */
    char *device_tree;   /* NULL: ATAGs */
    GBytes *tree;        /* that with overlays, parameters and the firmware's own properties */
    GPtrArray *overlays; /* PifBootOverlay*, as config.txt asks for them */
    char *command_line_file;
    char *command_line; /* whole, as the kernel gets it */
    unsigned total_memory_mib;
    unsigned arm_memory_mib; /* without the GPU's */
    gboolean has_uart;       /* enable_uart */
    GPtrArray *decisions;    /* PifBootDecision*, in the order in which they were made */
    char *problem;           /* why nothing boots from this, NULL when it does */
} PifBootPlan;

/* Nothing is decided yet. */
PifBootPlan *pif_boot_plan_new(const PifBoard *board);
void pif_boot_plan_free(PifBootPlan *plan);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PifBootPlan, pif_boot_plan_free)

/* CONFIG with the problem, if there is one. */
gboolean pif_boot_plan_check(const PifBootPlan *plan, GError **error);
