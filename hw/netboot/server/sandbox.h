// SPDX-License-Identifier: MIT
// The rights the server gives up once its sockets and folders are open.
#pragma once

#include <glib.h>

/* As root: makes folder the root of all paths and becomes that user. In any case no new rights from
 * here on, and only the system calls that the server makes. folder "":
 * an empty one. */
gboolean pif_sandbox_enter(const char *folder, const char *user, GError **error);
