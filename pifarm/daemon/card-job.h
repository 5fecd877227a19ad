// SPDX-License-Identifier: MIT
// Runs pifarm-card for one node, without waiting for it.
#pragma once

#include "pifarm/model/node-identity.h"

#include <gio/gio.h>

typedef struct {
    const char *store;
    const char *image; /* SHA-256 */
    const char *clone;
    guint64 size;
    const char *boot; /* folder for the boot files */
    guint32 serial;   /* of the node's board */
    const guint8 *mac;
    const PifNodeIdentity *identity;
} PifCardJob;

typedef struct {
    char *kernel;
    char *initramfs; /* or NULL */
    char *device_tree;
    char *command_line;
    gboolean is_new; /* the card has just been made */
    char **notes;    /* what was chosen or done to it, a sentence each */
} PifCardResult;

void pif_card_result_free(PifCardResult *result);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PifCardResult, pif_card_result_free)

void pif_card_job_run(const PifCardJob *job, GCancellable *cancellable,
                      GAsyncReadyCallback callback, gpointer data);
/* NULL with error set when it failed or was cancelled (G_IO_ERROR_CANCELLED: then nobody wants to
 * hear of it). */
PifCardResult *pif_card_job_finish(GAsyncResult *result, GError **error);
