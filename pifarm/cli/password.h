// SPDX-License-Identifier: MIT
// A password as somebody types or pipes it, turned into the hash that goes on a card.
#pragma once

#include <glib.h>

/* Reads a line of standard input, without echo (and with a prompt) on a terminal. SHA-512 crypt,
 * which every login of every card image knows. Free it. */
gboolean pif_password_read_hash(char **ret_hash, GError **error);
