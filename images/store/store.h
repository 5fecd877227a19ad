// SPDX-License-Identifier: MIT
// The image store: read-only raw base disk images, named by their SHA-256, found by name.
#pragma once

#include "images/disk/disk.h"
#include "pifarm/base/progress.h"

#include <glib.h>

/* One folder, used by several processes at a time (flock). Layout: <sha256>.img (0444), and beside
 * it what goes with it: .json (names, origin, sources), .users/ (a symbolic link to each clone),
 * .<size>.qcow2 (see clone.h). The .img alone says whether an image is there; without it the others
 * are leftovers. tmp/ has a folder, locked, for each process that builds an image. Leftovers of
 * dead processes are cleared at open. */
typedef struct PifStore PifStore;

typedef struct {
    char *sha256;      /* 64 hex digits: of the raw disk's content */
    char **names;      /* NULL-terminated; may be empty */
    char *path;        /* of the raw file */
    guint64 size;      /* of the disk, bytes */
    guint64 allocated; /* on our disk, bytes */
    char *origin;      /* what it was imported or prepared from, for people */
    char *recipe;      /* SHA-256 of base + preparation steps when it was prepared, else NULL */
    gint64 created_s;  /* seconds since the epoch */
} PifImage;

void pif_image_free(PifImage *image);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PifImage, pif_image_free)

/* Names are 1 to 64 letters, digits and ._-, the first a letter or digit, and no SHA-256. USAGE
 * with the rule otherwise. */
gboolean pif_image_check_name(const char *name, GError **error);

typedef struct {
    const char *name;   /* NULL: no name; the image is found by SHA-256 only */
    const char *sha256; /* expected hash of the *source file* as downloaded, or of the raw disk;
                           NULL: any */
    const char *disk_sha256; /* expected hash of the raw disk, besides; NULL: any */
    guint64 disk_size;       /* expected size of the raw disk; 0: any */
    guint64 max_size;        /* bytes of the raw disk; 0: 64 GiB */
    gboolean replace_name;   /* take the name away from the image that has it (else EXISTS) */
    PifProgress *progress;   /* may be NULL; counts bytes of FILE */
    const char *origin;      /* what FILE is to people (a URL); NULL: FILE itself */
    const char *url;         /* where FILE was downloaded, for pif_store_find_url; may be NULL */
    const char *validator;   /* what its server calls this version of it (ETag); may be NULL */
} PifImportOptions;

/* directory is made when missing. */
PifStore *pif_store_open(const char *directory, GError **error);
/* The same, but what dead processes have left stays for pif_store_list_leftovers. */
PifStore *pif_store_open_as_is(const char *directory, GError **error);
void pif_store_free(PifStore *store);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PifStore, pif_store_free)
const char *pif_store_directory(const PifStore *store);

/* Takes in FILE: raw, .xz, .zst, .gz, .zip or .tar (one disk image in it) or qcow2, recognised by
 * content. Sparse; size limit and checksum verified before anything is named; nothing stays on
 * failure. Importing what is there adds the name; at once when FILE has not changed since. options
 * may be NULL. PROTOCOL when FILE is damaged, cut off, no disk, or has another checksum. */
gboolean pif_store_import(PifStore *store, const char *file, const PifImportOptions *options,
                          PifImage **ret_image, GError **error);

/* The same for a file that need not be fetched, because the image made from it is there: sha256 is
 * the file's, or the disk's. *ret_image NULL when it is not there, or has been changed. */
gboolean pif_store_import_known(PifStore *store, const char *sha256,
                                const PifImportOptions *options, PifImage **ret_image,
                                GError **error);

/* Array of PifImage*, by name. */
GPtrArray *pif_store_list(PifStore *store, GError **error);
/* By name, SHA-256, or an unambiguous prefix of it (at least 6 digits). */
gboolean pif_store_find(PifStore *store, const char *name, PifImage **ret_image, GError **error);
/* Before a long work: whether its result may have that name. USAGE when it is none, EXISTS when
 * another image has it. */
gboolean pif_store_check_name_is_free(PifStore *store, const char *name, GError **error);
/* The image made by that recipe (see prepare.h), if there is one; else NOT_FOUND. */
gboolean pif_store_find_recipe(PifStore *store, const char *recipe, PifImage **ret_image,
                               GError **error);
/* The image imported from a source file with this SHA-256 (remembered at import); else NOT_FOUND.
 */
gboolean pif_store_find_source(PifStore *store, const char *source_sha256, PifImage **ret_image,
                               GError **error);

/* The image imported from this very file (path, size, times and inode are as they were then); else
 * NOT_FOUND. Does not read the file. */
gboolean pif_store_find_unchanged_file(PifStore *store, const char *file, PifImage **ret_image,
                                       GError **error);

/* The image last imported from this URL; else NOT_FOUND. *ret_validator (may be NULL): that of
 * PifImportOptions, may be NULL. */
gboolean pif_store_find_url(PifStore *store, const char *url, char **ret_validator,
                            PifImage **ret_image, GError **error);

/* Whether the image's file is as it was when it was hashed: a look at its size, times and inode.
 * Where these differ it is hashed again; CONFIG when it is no longer the same disk. */
gboolean pif_store_check(PifStore *store, const char *sha256, GError **error);
/* The same, hashed in any case; progress may be NULL. */
gboolean pif_store_verify(PifStore *store, const char *sha256, PifProgress *progress,
                          GError **error);

/* A temporary file in the store's file system to build an image in, and its adoption: hashed, made
 * read-only, synced, renamed. adopt removes the temporary file on failure. */
char *pif_store_new_temporary(PifStore *store, GError **error);
gboolean pif_store_adopt(PifStore *store, const char *temporary, const char *name,
                         const char *origin, const char *recipe, PifImage **ret_image,
                         GError **error);

/* The same of a file that was hashed, and synced, while it was written. */
gboolean pif_store_adopt_hashed(PifStore *store, const char *temporary, const PifDisk *disk,
                                const char *name, const char *origin, PifImage **ret_image,
                                GError **error);

/* Removes the name, and the image with its last name; by SHA-256, or a prefix of it, the image with
 * all its names. BUSY while clones (see clone.h) use an image that would go; the message lists
 * them. */
gboolean pif_store_remove(PifStore *store, const char *name, GError **error);
/* Clones register here so that rm can refuse; a user whose file is gone, or has become a clone of
 * another image, no longer counts. Register before making the clone, else rm may come between. */
gboolean pif_store_add_user(PifStore *store, const char *sha256, const char *clone_path,
                            GError **error);
gboolean pif_store_remove_user(PifStore *store, const char *sha256, const char *clone_path,
                               GError **error);
/* How many clones use the image. */
gboolean pif_store_count_users(PifStore *store, const char *sha256, guint *ret_count,
                               GError **error);

/* Paths (char*) of what dead processes have left. NULL on failure. */
GPtrArray *pif_store_list_leftovers(PifStore *store, GError **error);
gboolean pif_store_remove_leftovers(PifStore *store, GError **error);
