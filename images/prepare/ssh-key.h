// SPDX-License-Identifier: MIT
// Public SSH keys: told from private ones and from other files.
#pragma once

#include <glib.h>

/* "ssh-ed25519 AAAA... comment": a known type, and data that says the same (RFC 4253, section 6.6).
 */
gboolean pif_ssh_key_is_public(const char *line);

/* Begins as a public key does, and so is no file name. */
gboolean pif_ssh_key_has_type(const char *line);

/* Adds each key of a file (one a line, # comments) to keys. Fails with the reason when it cannot be
 * read, has anything else in it, or is a private key. */
gboolean pif_ssh_key_read_file(const char *path, GStrvBuilder *keys, GError **error);

/* The file beside FILE.pub that ssh -i takes, if there is one; else NULL. Free it. */
char *pif_ssh_key_find_private(const char *public_path);
