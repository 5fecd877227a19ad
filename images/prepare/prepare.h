// SPDX-License-Identifier: MIT
// Preparation: a new image from an image, grown and enrolled in one libguestfs appliance launch.
#pragma once

#include "images/store/store.h"

typedef struct {
    guint64 size; /* bytes, grown to the next power of two at least; 0: next power of two of the
                     image */
    const char *hostname; /* NULL: leave */
    const char *user; /* the login user to have; NULL: none. Made when missing (uid 1000), in sudo
                         etc. as RaspiOS' pi */
    const char *password_hash; /* crypt(3) string; NULL: no password, key only */
    char **ssh_keys; /* public keys (text) for the user (and root if user is "root"); NULL: none */
    gboolean enable_ssh; /* sshd enabled; RaspiOS: the `ssh` file on bootfs / the unit */
} PifPrepareSpec;

typedef struct {
    PifProgress *progress; /* may be NULL */
    int launch_timeout_ms; /* 0: 60 s; a launch that hangs is killed and tried again, three times in
                              all */
    const char *name;      /* name of the new image; NULL: "<name>-<first 8 of recipe>" */
} PifPrepareOptions;

/* Hash of base image + spec: the same input gives the same image, so it is made once. Free it. */
char *pif_prepare_recipe(const PifImage *base, const PifPrepareSpec *spec);

/* Always also: machine-id emptied, SSH host keys removed (made per node), file system grown, clean.
 * The base is not touched. Returns at once when the store has an image of that recipe. The
 * appliance runs in a child process (pifarm-prepare) with hardware acceleration where it works,
 * else TCG. */
gboolean pif_image_prepare(PifStore *store, const PifImage *base, const PifPrepareSpec *spec,
                           const PifPrepareOptions *options, PifImage **ret_image, GError **error);
