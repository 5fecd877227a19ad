// SPDX-License-Identifier: MIT
// The served tree as the options describe it.
#pragma once

#include "hw/netboot/files/served-tree.h"
#include "hw/netboot/server/serve-options.h"

/* Opens all that is named: folders, raw disks, qcow2 disks by way of a program. server may be NULL.
 * USAGE, NOT_FOUND or PROTOCOL with the option that is to blame. */
PifServedTree *pif_tree_setup(const PifServeOptions *options, const char *server, GError **error);

/* The first folder among the roots, or NULL. */
const char *pif_tree_setup_folder(const PifServeOptions *options);
