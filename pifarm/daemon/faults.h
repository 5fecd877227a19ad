// SPDX-License-Identifier: MIT
// What is wrong with the nodes' cables: kept while a node is off, and set again when it is on.
#pragma once

#include "pifarm/daemon/daemon.h"

/* Sets what is wrong with the node's cable, in the words of netsetup/fault.h, instead of what was
 * before; "": nothing. After a failure all is as it was. */
gboolean pif_faults_set(PifDaemon *daemon, const PifNode *node, const char *text, GError **error);
/* "": nothing. Free it. */
char *pif_faults_get(PifDaemon *daemon, const PifNode *node);
/* For a node that has just got its cable. */
gboolean pif_faults_restore(PifDaemon *daemon, const PifNode *node, GError **error);
