// SPDX-License-Identifier: MIT
// The steps of a preparation, in the order in which they are done.
#pragma once

#include "images/prepare/worker/guest.h"

typedef struct {
    const char *name;                           /* in messages: "step 'grow': ..." */
    const char *text;                           /* while it is done, for people */
    gboolean (*applies)(const PifGuest *guest); /* NULL: always */
    gboolean (*run)(PifGuest *guest, GError **error);
} PifStep;

/* Ends with a nameless one. */
extern const PifStep pif_steps[];

/* disk.c */
gboolean pif_step_grow(PifGuest *guest, GError **error);
gboolean pif_step_mount(PifGuest *guest, GError **error);
gboolean pif_step_finish(PifGuest *guest, GError **error);
/* generic.c: what the clones must not share */
gboolean pif_step_hostname(PifGuest *guest, GError **error);
gboolean pif_step_machine_id(PifGuest *guest, GError **error);
gboolean pif_step_host_keys(PifGuest *guest, GError **error);
gboolean pif_step_first_boot(PifGuest *guest, GError **error);
/* login.c */
gboolean pif_step_user(PifGuest *guest, GError **error);
gboolean pif_step_ssh_keys(PifGuest *guest, GError **error);
gboolean pif_step_enable_ssh(PifGuest *guest, GError **error);
