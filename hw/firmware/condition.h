// SPDX-License-Identifier: MIT
// The sections of config.txt: which of them hold on a board, and how they combine. Pure.
#pragma once

#include "hw/firmware/board.h"

/* Sections of different kinds must all hold; a new one replaces the old one of its kind. */
typedef enum {
    PIF_CONDITION_MODEL, /* [pi3], [none] */
    PIF_CONDITION_BOARD, /* [board-type=0xd] */
    PIF_CONDITION_SERIAL,
    PIF_CONDITION_GPIO,
    PIF_CONDITION_DISPLAY, /* [EDID=...], [HDMI:0] */
    PIF_CONDITION_TRYBOOT,
    PIF_CONDITION_EXPRESSION, /* [boot_partition=2], [bootvar0&0x10] */
    PIF_CONDITION_UNKNOWN,
    PIF_N_CONDITIONS,
} PifConditionKind;

/* Which files know which sections. */
typedef enum {
    PIF_CONDITION_CONFIG,   /* config.txt, tryboot.txt and what they include */
    PIF_CONDITION_AUTOBOOT, /* autoboot.txt: [all], [none], [tryboot] only */
} PifConditionSet;

typedef struct {
    const PifBoard *board;
    PifConditionSet set;
    /* Of each kind the section that does not hold, NULL when none stands in the way. */
    char *unmet[PIF_N_CONDITIONS];
} PifConditions;

void pif_conditions_init(PifConditions *conditions, const PifBoard *board, PifConditionSet set);
void pif_conditions_clear(PifConditions *conditions);

/* section: what is between the brackets. Whether it holds, whatever others say; *ret_kind is
 * UNKNOWN for one that no firmware of a Pi 3 has. */
gboolean pif_conditions_enter(PifConditions *conditions, const char *section,
                              PifConditionKind *ret_kind);

/* The first section that keeps lines from counting; NULL: they count. */
const char *pif_conditions_unmet(const PifConditions *conditions);
