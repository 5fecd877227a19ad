// SPDX-License-Identifier: MIT
// The steps of a preparation, in the order in which they are done.
#pragma once

#include "images/prepare/worker/guest.h"

typedef struct {
    const char *name;                           /* in messages: "step 'grow': ..." */
    const char *text;                           /* while it is done, for people */
    const char *key;                            /* of the plan, without which it is not done */
    gboolean (*applies)(const PifGuest *guest); /* NULL: always; by what is on the card, once
                                                   there is a handle to see it */
    gboolean (*run)(PifGuest *guest, GError **error);
} PifStep;

/* Ends with a nameless one. */
extern const PifStep pif_steps[];

/* disk.c */
gboolean pif_step_check(PifGuest *guest, GError **error);
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
/* wifi.c */
gboolean pif_step_wifi(PifGuest *guest, GError **error);
/* regional.c */
gboolean pif_step_locale(PifGuest *guest, GError **error);
gboolean pif_step_timezone(PifGuest *guest, GError **error);
gboolean pif_step_keyboard(PifGuest *guest, GError **error);
/* copy.c */
gboolean pif_step_copy(PifGuest *guest, GError **error);
gboolean pif_step_expand(PifGuest *guest, GError **error);
/* units.c */
gboolean pif_step_unit(PifGuest *guest, GError **error);
gboolean pif_step_firstboot(PifGuest *guest, GError **error);
/* cloud.c */
gboolean pif_cloud_is_used(const PifGuest *guest);
gboolean pif_step_cloud_init(PifGuest *guest, GError **error);
