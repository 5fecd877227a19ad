// SPDX-License-Identifier: MIT
// A farm's names in a file as hosts(5) has it, between two marks.
#pragma once

#include "netsetup/net.h"

/* A line a node: "10.77.0.11 n1.lab n1". Free it. */
char *pif_hosts_format(const PifNetSpec *spec);

/* The text with these lines for the farm, or none (NULL), instead of those it has. What others
 * wrote stays as it is. Pure. Free it. */
char *pif_hosts_replace(const char *text, const char *farm, const char *lines);

/* The same in a file. It is not touched when nothing changes. */
gboolean pif_hosts_write(const char *path, const char *farm, const char *lines, GError **error);
