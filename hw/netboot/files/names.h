// SPDX-License-Identifier: MIT
// Where below the root a client's file may lie: its own tree first, then the one for all.
#pragma once

#include "hw/netboot/files/node-identity.h"

#include <stddef.h>

enum { PIF_SERVED_MAX_NAMES = 8, PIF_SERVED_NAME_SIZE = 600 };

typedef struct {
    unsigned count;
    char names[PIF_SERVED_MAX_NAMES][PIF_SERVED_NAME_SIZE];
} PifServedNames;

/* Names to try, the first that exists wins:
 *
 *     b8-27-eb-12-34-56/FILE   the tree of the client's MAC, in small letters or in capitals
 *     0c36778e/FILE            the tree of its serial, which the ROM only names once it has found
 *                              start.elf there (NETBOOT.md 1.5); in small letters or in capitals
 *     as asked
 *     FILE                     as asked, without a serial or MAC in front: files that all share
 *
 * Slashes at the beginning are taken off. count is 0 for an empty name. */
void pif_served_names_make(const char *asked, const PifNodeIdentity *identity,
                           PifServedNames *ret_names);

/* FILE of the above. */
const char *pif_served_names_shared(const char *asked);
