// SPDX-License-Identifier: MIT
// All that is served: its sources in order, and which names are tried in each for whom.
#pragma once

#include "hw/netboot/files/names.h"
#include "hw/netboot/files/source.h"

typedef struct PifServedTree PifServedTree;

PifServedTree *pif_served_tree_new(void);
/* All its files must have been released. */
void pif_served_tree_free(PifServedTree *tree);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PifServedTree, pif_served_tree_free)

/* Takes source; it is asked after those that were added before. */
void pif_served_tree_add(PifServedTree *tree, PifServedSource *source);

/* The file that this node gets for that name. NULL with NOT_FOUND, BUSY or DENIED as a source says.
 * ret_path is its name in its source; free it. Release the file. */
PifServedFile *pif_served_tree_get(PifServedTree *tree, const char *asked,
                                   const PifNodeIdentity *identity, char **ret_path,
                                   GError **error);
