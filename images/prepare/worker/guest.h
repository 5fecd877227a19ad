// SPDX-License-Identifier: MIT
// The card's file systems as the steps of a preparation see them: libguestfs with our errors.
#pragma once

#include "images/card/card-layout.h"
#include "images/prepare/accounts.h"
#include "images/prepare/prepare-job.h"

#include <guestfs.h>

typedef struct {
    const PifPrepareJob *job;
    guestfs_h *handle;
    PifCardLayout layout; /* as the disk was given to us; of pif_step_check */
    guint64 disk_size;
    const char *boot;               /* where the boot partition is mounted; NULL: nowhere */
    PifAccount account;             /* of the job's user, once that is made */
    gboolean makes_locale;          /* the first boot is to */
    void (*note)(const char *text); /* says what was found and chosen */
} PifGuest;

/* Starts the appliance with the job's disk in it. */
gboolean pif_guest_launch(PifGuest *guest, GError **error);
/* Ends it, if it runs. */
void pif_guest_clear(PifGuest *guest);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(PifGuest, pif_guest_clear)

/* "/dev/sda2". Free it. */
char *pif_guest_partition(unsigned number);

/* Sets an EXTERNAL error with libguestfs' own words behind ours. Returns FALSE. */
gboolean pif_guest_fail(const PifGuest *guest, GError **error, const char *format, ...)
    G_GNUC_PRINTF(3, 4);

/* Says what was found on the card, or chosen because of it. */
void pif_guest_note(const PifGuest *guest, const char *format, ...) G_GNUC_PRINTF(2, 3);

gboolean pif_guest_exists(const PifGuest *guest, const char *path);
gboolean pif_guest_is_dir(const PifGuest *guest, const char *path);

/* Whether any of the paths, NULL-terminated, is there. */
gboolean pif_guest_has_any(const PifGuest *guest, const char *const *paths);

/* A small text file; *ret_text is NULL, and that is no error, when there is none. */
gboolean pif_guest_read(const PifGuest *guest, const char *path, char **ret_text, GError **error);
/* Replaces the content; owner and mode of a file that is there stay. */
gboolean pif_guest_write(const PifGuest *guest, const char *path, const char *text, GError **error);
/* A file with this content, owner and mode, whether it was there or not. */
gboolean pif_guest_put(const PifGuest *guest, const char *path, const char *text, unsigned mode,
                       unsigned uid, unsigned gid, GError **error);
/* The same in a folder that is made, as root's, if it is missing. */
gboolean pif_guest_put_new(const PifGuest *guest, const char *path, const char *text, unsigned mode,
                           GError **error);
/* Makes the folder if it is missing, and sets owner and mode. */
gboolean pif_guest_make_dir(const PifGuest *guest, const char *path, unsigned mode, unsigned uid,
                            unsigned gid, GError **error);
/* A symbolic link, in place of what was there. */
gboolean pif_guest_link(const PifGuest *guest, const char *target, const char *path,
                        GError **error);
/* Removes the files that match; there may be none. */
gboolean pif_guest_remove(const PifGuest *guest, const char *pattern, GError **error);
