// SPDX-License-Identifier: MIT
// A served tree as a board's firmware meets it: what it looks for, and what it gets.
#pragma once

#include "hw/firmware/boot-source.h"
#include "hw/netboot/files/served-tree.h"

typedef struct {
    char *file; /* as the board names it */
    char *path; /* in the tree; NULL: missing */
    guint64 size;
} PifServedLookup;

/* What the tree gives to that board; takes the tree. place: for messages. lookups gets a
 * PifServedLookup of each file that is looked for, in the order of the first time. */
PifBootSource *pif_served_boot_new(PifServedTree *tree, const PifNodeIdentity *identity,
                                   const char *place, GPtrArray *lookups);

/* An empty array for it. */
GPtrArray *pif_served_lookups_new(void);
