// SPDX-License-Identifier: MIT
// Commands run in an image while it is booted as a machine that is thrown away.
#pragma once

#include "images/prepare/prepare.h"

enum { PIF_BOOT_ONCE_TIMEOUT_S = 600 }; /* where nobody says otherwise */

/* A PifPrepareBoot; data: int *, the seconds that all of it may take. The commands run when
 * the system is up, in order till one fails; then it is powered off. CONFIG when the system has no
 * init that can do that; TIMEOUT with the console's last lines; EXTERNAL with the last lines of the
 * command that failed. */
gboolean pif_boot_once(const char *disk, char *const *commands, PifProgress *progress,
                       gpointer data, GError **error);
