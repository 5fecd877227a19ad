// SPDX-License-Identifier: MIT
// Answers of the daemon that go on: logs and events.
#pragma once

#include "pifarm/cli/client.h"

/* Prints what comes at that path until it ends, or until nobody reads us any more. print NULL: the
 * bytes as they are; else it is given each line, without its end. */
gboolean pif_follow(PifClient *client, const char *path, void (*print)(char *line), GError **error);
