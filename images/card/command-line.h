// SPDX-License-Identifier: MIT
// The kernel's command line in cmdline.txt. Pure.
#pragma once

#include <glib.h>

/* Without the words by which Raspberry Pi OS starts its first-boot scripts, which grow the root,
 * make host keys and boot again. All else stays as it is. Free it. */
char *pif_command_line_drop_first_boot(const char *command_line);

/* The first line with the word `name=value` in place of one of that name, or behind all others.
 * Free it. */
char *pif_command_line_set(const char *command_line, const char *name, const char *value);
