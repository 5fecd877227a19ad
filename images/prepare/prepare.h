// SPDX-License-Identifier: MIT
// Preparation: a new image from an image, grown and enrolled in one libguestfs appliance launch.
#pragma once

#include "images/store/store.h"

/* What is to be done, in the words of images/prepare/fields.c, which has a row for each member.
 * NULL, 0, FALSE: leave that as it is. Paths are absolute; the content of what they name is part of
 * the recipe. */
typedef struct {
    guint64 size; /* bytes, grown to the next power of two at least; 0: next power of two of the
                     image */
    const char *hostname;
    const char *user; /* the login user to have; NULL: none. Made when missing (uid 1000), in sudo
                         etc. as RaspiOS' pi */
    const char *password_hash; /* crypt(3) string; NULL: no password, key only */
    char **ssh_keys; /* public keys (text) for the user (and root if user is "root"); NULL: none */
    gboolean enable_ssh;      /* sshd enabled; RaspiOS: the `ssh` file on bootfs / the unit */
    const char *wifi;         /* SSID of the network to join */
    const char *wifi_psk;     /* its passphrase, or 64 hex digits; NULL: an open network */
    const char *wifi_country; /* "DE": where the radio is */
    const char *locale;       /* "de_DE.UTF-8" */
    const char *timezone;     /* "Europe/Berlin" */
    const char *keyboard;     /* XKB layout, and after a colon its variant: "de:nodeadkeys" */
    char **copies;      /* folders whose content is put into the image's root; beside each there
                           may be FOLDER.permissions (images/prepare/permissions.h) */
    char **expansions;  /* the same, whose texts may have {node} and such in them
                           (images/card/node-values.h), as units and firstboots may */
    char **units;       /* systemd unit files, installed and enabled */
    char **firstboots;  /* scripts that run once, when a card boots for the first time */
    char **packages;    /* Debian packages, installed from where the image's apt takes them, in the
                           versions of that day; needs root, see images/root/root.h */
    char **runs;        /* commands run in the image after all that, by qemu-user; needs root */
    char **booted_runs; /* commands run after those in the image, booted; needs root */
} PifPrepareSpec;

/* Boots the raw disk as a machine, runs the commands in it, shuts it down; images/ knows no
 * machines. The disk is of no use after a failure. */
typedef gboolean (*PifPrepareBoot)(const char *disk, char *const *commands, PifProgress *progress,
                                   gpointer data, GError **error);

typedef struct {
    PifProgress *progress; /* may be NULL */
    int launch_timeout_ms; /* 0: 60 s; a launch that hangs is killed and tried again, three times in
                              all */
    const char *name;      /* name of the new image; NULL: "<name>-<first 8 of recipe>" */
    GPtrArray *notes;      /* may be NULL; gets what was found on the image and so chosen: char *, a
                              sentence each */
    gboolean is_again;     /* make the image though there is one of that recipe, which loses its
                              name to it */
    PifPrepareBoot boot;   /* NULL: booted_runs are refused */
    gpointer boot_data;
} PifPrepareOptions;

/* USAGE, with the value and the rule, when something in the specification cannot be right. */
gboolean pif_prepare_spec_check(const PifPrepareSpec *spec, GError **error);

/* Hash of base image, spec and the content of the files that it names: the same input gives the
 * same image, so it is made once. Free it. NULL: a file cannot be read. */
char *pif_prepare_recipe(const PifImage *base, const PifPrepareSpec *spec, GError **error);

/* Always also: machine-id emptied, SSH host keys removed (made per node), file system checked and
 * grown. The base is not touched. Returns at once when the store has an image of that recipe. The
 * appliance runs in a child process (pifarm-prepare) with hardware acceleration where it works,
 * else TCG. */
gboolean pif_image_prepare(PifStore *store, const PifImage *base, const PifPrepareSpec *spec,
                           const PifPrepareOptions *options, PifImage **ret_image, GError **error);

/* Names and texts of the steps that such a preparation would do, in their order: char *, in pairs;
 * those that depend on what is found on the image too. */
gboolean pif_prepare_list_steps(const PifPrepareSpec *spec, GPtrArray *steps, GError **error);
