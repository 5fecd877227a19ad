// SPDX-License-Identifier: MIT
// The files of a root file system that make a computer this one and no other: no two may share what
// is in them.
#pragma once

#include <glib.h>

typedef enum {
    PIF_TRAIT_MATCH,   /* what the pattern's first group matches, wherever it does */
    PIF_TRAIT_HASH,    /* a hash of the content, which is secret or binary */
    PIF_TRAIT_SSH_KEY, /* an SSH private key's type and fingerprint */
} PifTraitForm;

typedef struct {
    const char *what; /* "machine-id", as people call it */
    const char *folder;
    const char *name; /* regular expression of the whole file name */
    PifTraitForm form;
    gboolean is_made_anew; /* a computer without it makes its own: a new clone starts so */
    const char *pattern;   /* of PIF_TRAIT_MATCH, over many lines */
} PifTraitFile;

extern const PifTraitFile pif_trait_files[];
extern const gsize pif_n_trait_files;

/* The row's folder and name. NULL: no row. path: absolute. */
const PifTraitFile *pif_trait_file_find(const char *path, gsize first);

/* Of an SSH server, private or public, of OpenSSH or dropbear. */
gboolean pif_trait_file_is_host_key(const char *path);

/* The folders of all rows, each once; NULL-terminated; the strings are the table's. Free it. */
const char **pif_trait_folders(void);
