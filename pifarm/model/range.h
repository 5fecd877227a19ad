// SPDX-License-Identifier: MIT
// Ranges in names: n[1-4] is n1 n2 n3 n4, n[01-16] keeps the zeros, n[1,3-5] skips one.
#pragma once

#include <glib.h>

/* More than any farm has nodes. */
#define PIF_RANGE_MAX 256

/* The texts that a pattern with at most one [...] stands for: at least one. On a mistake NULL, and
 * *ret_problem says what it is. */
char **pif_range_expand(const char *pattern, const char **ret_problem);
