// SPDX-License-Identifier: MIT
// What a card says of the computer that it is in: all that two nodes must not share.
#pragma once

#include "images/card/card.h"

/* What a file is that was made of a template with a node's own values (template.h). */
#define PIF_TRAIT_TEMPLATE "file of a template"

typedef struct {
    const char *what; /* "machine-id", "SSH host key", ...: of pif_trait_files, or the above */
    char *value;      /* as it is, or a fingerprint of what is secret; printable, no newlines */
    char *path;       /* on the card */
} PifTrait;

void pif_trait_free(PifTrait *trait);

/* Array of PifTrait*, by path. The card may be in use, or not have been shut down cleanly: then it
 * is what can be seen of it. CONFIG when there is no ext4 root. */
gboolean pif_card_read_traits(PifCard *card, GPtrArray **ret_traits, GError **error);

/* "ssh-ed25519 SHA256:..." as ssh-keygen -l has it, of "ssh-ed25519 AAAA... comment"; NULL when
 * that is no public key. Pure. Free it. */
char *pif_trait_ssh_public_key(const char *line);
/* The same of a private key, OpenSSH's or PEM (which gives a hash of the file). Pure. Free it. */
char *pif_trait_ssh_private_key(const char *text, gsize size);
