// SPDX-License-Identifier: MIT
// What the files of the store share with one another and with clones.
#pragma once

#include "images/disk/disk.h"
#include "images/store/store.h"
#include "pifarm/base/fd.h"

#include <jansson.h>
#include <sys/stat.h>

struct PifStore {
    char *directory;      /* absolute */
    char *workplace;      /* our folder in tmp/ */
    PifFd workplace_lock; /* its lock, held as long as the store is open */
};

G_DEFINE_AUTOPTR_CLEANUP_FUNC(json_t, json_decref)

/* The lock on names, records and users; held for moments, never while an image is read or written.
 * It ends with *ret_lock. Functions below whose comment says so want it held. */
gboolean pif_store_lock(PifStore *store, gboolean is_exclusive, PifFd *ret_lock, GError **error);

/* <directory>/<sha256><suffix>. Free it. */
char *pif_store_path(const PifStore *store, const char *sha256, const char *suffix);
gboolean pif_store_has(const PifStore *store, const char *sha256);

/* The record beside an image: {"names": [], "origin", "recipes": [], "created", "sources":
 * [{"sha256", "path", "size", "inode", "mtime_ns", "ctime_ns"} or {"sha256", "url", "validator"}],
 * "file": {"size", "inode", "mtime_ns", "ctime_ns"}}. CONFIG when it is not readable as such. */
gboolean pif_record_load(const PifStore *store, const char *sha256, json_t **ret_record,
                         GError **error);
/* Wants the exclusive lock. */
gboolean pif_record_save(const PifStore *store, const char *sha256, json_t *record, GError **error);
json_t *pif_record_new(const char *origin);
/* list: "names" or "recipes"; a set of strings. */
gboolean pif_record_has(const json_t *record, const char *list, const char *text);
void pif_record_add(json_t *record, const char *list, const char *text);
void pif_record_remove(json_t *record, const char *list, const char *text);
gboolean pif_record_has_source(const json_t *record, const char *sha256);
/* The hash of this very file, NULL when it was never imported or has changed since. */
const char *pif_record_find_file(const json_t *record, const char *file, const struct stat *status);
/* Remembers a source file; of many the oldest are forgotten. */
void pif_record_add_source(json_t *record, const char *sha256, const char *file,
                           const struct stat *status);
/* The same for what was downloaded; validator may be NULL. */
void pif_record_add_url(json_t *record, const char *sha256, const char *url, const char *validator);
/* That source; NULL when nothing was imported from the URL. */
const json_t *pif_record_find_url(const json_t *record, const char *url);
/* What the image's own file was like when it was last known to have its hash. */
void pif_record_set_stamp(json_t *record, const struct stat *status);
gboolean pif_record_has_stamp(const json_t *record, const struct stat *status);
gboolean pif_record_to_image(const PifStore *store, const char *sha256, const json_t *record,
                             PifImage **ret_image, GError **error);

/* Calls visit with each image's record until it returns TRUE. Wants a lock. *ret_sha256 is that
 * image's (free it), NULL when none was wanted. */
typedef gboolean (*PifRecordVisit)(json_t *record, gconstpointer wanted);
gboolean pif_store_search(PifStore *store, PifRecordVisit visit, gconstpointer wanted,
                          char **ret_sha256, GError **error);
/* The image of that name; wants a lock. *ret_sha256 NULL when there is none. */
gboolean pif_store_find_name(PifStore *store, const char *name, char **ret_sha256, GError **error);
/* Whether the image is there, its file untouched since it was hashed; wants a lock. */
gboolean pif_store_is_untouched(PifStore *store, const char *sha256);
/* As pif_store_find; wants a lock. */
gboolean pif_store_resolve(PifStore *store, const char *name, char **ret_sha256, GError **error);

/* Our folder in tmp/. Wants the exclusive lock, so that no sweep comes between making and locking.
 */
gboolean pif_store_make_workplace(PifStore *store, GError **error);
/* Removes what dead processes left. Wants the exclusive lock. */
gboolean pif_store_sweep(PifStore *store, GError **error);
/* Removes what goes with an image, whose .img is gone already. */
gboolean pif_store_remove_companions(PifStore *store, const char *sha256, GError **error);

/* Paths of the clones that use the image, NULL-terminated; others are dropped from the register.
 * Wants the exclusive lock. */
gboolean pif_store_list_users(PifStore *store, const char *sha256, char ***ret_users,
                              GError **error);
/* As pif_store_add_user; wants the exclusive lock. */
gboolean pif_store_register(PifStore *store, const char *sha256, const char *clone_path,
                            GError **error);

/* A new image on its way into the store. */
typedef struct {
    const char *temporary; /* complete, hashed, synced; of no account when the image is there */
    const PifDisk *disk;
    const char *name; /* may be NULL */
    gboolean replace_name;
    const char *origin;
    const char *recipe;        /* may be NULL */
    const char *source_sha256; /* may be NULL, with the two below */
    const char *source_file;
    const struct stat *source_status;
    const char *source_url; /* instead of these two; may be NULL */
    const char *source_validator;
} PifArrival;

/* Takes the image in, if it is not there yet, and records what is known of it. EXISTS when another
 * image has the name. Wants the exclusive lock. */
gboolean pif_store_settle(PifStore *store, const PifArrival *arrival, PifImage **ret_image,
                          GError **error);
