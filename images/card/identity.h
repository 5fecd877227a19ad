// SPDX-License-Identifier: MIT
// The pieces of a node's identity (see PifIdentity in card.h), made.
#pragma once

#include "images/card/card.h"

enum { PIF_IDENTITY_COMMENT_MAX = 255 };
/* A new ed25519 pair in OpenSSH's formats, as sshd's host key, in less than a millisecond. comment:
 * one line of at most PIF_IDENTITY_COMMENT_MAX bytes. Free both. */
gboolean pif_identity_make_host_key(const char *comment, char **ret_private, char **ret_public,
                                    GError **error);

/* The same private key as a file of dropbear's. NULL when it is not one that the above makes. */
GBytes *pif_identity_to_dropbear(const char *private_key);

/* Writes given, with a machine ID and a host key made for it. *ret_public_key: the line for
 * known_hosts. Free it. Errors as of pif_card_write_identity. */
gboolean pif_card_give_identity(PifCard *card, const PifIdentity *given, char **ret_public_key,
                                GError **error);

/* 32 random hex digits, a version 4 UUID as machine-id(5) wants it. Free it. */
char *pif_identity_make_machine_id(void);

/* The text of /etc/hosts with its 127.0.1.1 line naming hostname: replaced where it is, else
 * appended; all other lines as they are. hosts NULL: there is no such file yet. Pure. Free it. */
char *pif_identity_edit_hosts(const char *hosts, const char *hostname);
