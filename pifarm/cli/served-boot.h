// SPDX-License-Identifier: MIT
// A served tree as a board's firmware meets it: what it looks for, and what it gets.
#pragma once

#include "hw/firmware/boot-source.h"
#include "hw/netboot/files/node-identity.h"

typedef struct {
    char *file; /* as the board names it */
    char *path; /* in the tree; NULL: missing */
    guint64 size;
} PifServedLookup;

/* Files of the folder, as the netboot server gives them to that board. lookups gets a
 * PifServedLookup of each file that is looked for, in the order of the first time. */
PifBootSource *pif_served_boot_open(const char *folder, const PifNodeIdentity *identity,
                                    GPtrArray *lookups, GError **error);

/* An empty array for it. */
GPtrArray *pif_served_lookups_new(void);
