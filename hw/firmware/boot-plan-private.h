// SPDX-License-Identifier: MIT
// What the steps of a boot plan share.
#pragma once

#include "hw/firmware/boot-plan.h"

typedef struct {
    PifBootSource *source;
    PifBootPlan *plan;
    const PifBootConfig *config; /* the plan's */
} PifPlanner;

/* line: that made the decision, or NULL. why_format may be NULL. */
void pif_plan_decide(PifPlanner *planner, const char *what, const char *value,
                     const PifConfigLine *line, const char *why_format, ...) G_GNUC_PRINTF(5, 6);
/* The first problem stays. */
void pif_plan_fail(PifPlanner *planner, const char *format, ...) G_GNUC_PRINTF(2, 3);
/* The path, prefix in front, as the source spells it; NULL: not there. A name that begins with a
 * slash takes no prefix. Free it. */
char *pif_plan_find(PifPlanner *planner, const char *prefix, const char *name);

/* boot-plan-config.c: autoboot.txt, then config.txt or tryboot.txt. */
void pif_plan_read_config(PifPlanner *planner);
/* boot-plan-files.c: kernel, device tree, initramfs, with os_prefix. */
void pif_plan_choose_files(PifPlanner *planner);
/* boot-plan-overlays.c: what config.txt says of overlays and parameters. */
void pif_plan_list_overlays(PifPlanner *planner);
PifBootOverlay *pif_boot_overlay_add(PifBootPlan *plan, const char *name,
                                     const PifConfigLine *line);
/* boot-tree.c: the device tree made ready. */
void pif_plan_make_tree(PifPlanner *planner);
/* boot-plan-command-line.c: finds and reads cmdline.txt; NULL when there is none to go by. Free it.
 */
char *pif_plan_read_command_line(PifPlanner *planner);
/* The whole command line: of_tree are the device tree's bootargs; serial are the ttys of serial0
 * and serial1. */
void pif_plan_make_command_line(PifPlanner *planner, const char *of_tree, const char *own,
                                const char *const serial[2]);
