// SPDX-License-Identifier: MIT
// All that is served: filters, sources in order, and which names are tried in each for whom.
#pragma once

#include "hw/netboot/files/filter.h"
#include "hw/netboot/files/names.h"
#include "hw/netboot/files/source.h"

typedef struct PifServedTree PifServedTree;

/* server (may be NULL) is our address, for filters. */
PifServedTree *pif_served_tree_new(const char *server);
/* All its files must have been released. */
void pif_served_tree_free(PifServedTree *tree);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PifServedTree, pif_served_tree_free)

/* Takes source; it is asked after those that were added before. */
void pif_served_tree_add(PifServedTree *tree, PifServedSource *source);
/* The same, for the node with that MAC or serial (what is set in owner) only; it comes before those
 * for all. */
void pif_served_tree_add_for(PifServedTree *tree, const PifNodeIdentity *owner,
                             PifServedSource *source);
/* Takes filter; the first that leads somewhere counts, and no source is asked for that name. */
void pif_served_tree_add_filter(PifServedTree *tree, PifFilter *filter);

/* The file that this node gets for that name. NULL with NOT_FOUND, BUSY or DENIED as a source says.
 * ret_path is its name in its source; free it. Release the file. */
PifServedFile *pif_served_tree_get(PifServedTree *tree, const char *asked,
                                   const PifNodeIdentity *identity, char **ret_path,
                                   GError **error);
