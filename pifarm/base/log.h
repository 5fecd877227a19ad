// SPDX-License-Identifier: MIT
// Messages: to the journal when started by systemd, else to standard error, with one word for the
// level.
#pragma once

#include <glib.h>

/* Levels: g_warning, g_message, g_info, g_debug. verbosity 0 shows warnings and worse, 1 adds
 * messages, 2 info, 3 debug. First thing in main; may be called again with another verbosity. */
void pif_log_init(const char *program, int verbosity);

/* Prints "program: message" of an error that ends the program, the only way the program reports
 * one; a message of several lines (mistakes in a file, each with its place) as it is. */
void pif_log_error(const GError *error);
