// SPDX-License-Identifier: MIT
// The folder in which libvirt's embedded driver keeps everything, made ready for it.
#pragma once

#include "pifarm/machine/qemu_user.h"

typedef struct {
    char *root;     /* the folder, by a path short enough for the sockets in it */
    char *uri;      /* "qemu:///embed?root=..." */
    char *emulator; /* pifarm-qemu, where QEMU's user can run it */
} PifEmbedded;

/* Makes the folder, qemu.conf and the emulator in it, and has libvirt log into it. DENIED when
 * QEMU's user cannot pass to it. */
PifEmbedded *pif_embedded_prepare(const char *directory, const PifQemuUser *user, GError **error);
void pif_embedded_free(PifEmbedded *embedded);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PifEmbedded, pif_embedded_free)

/* Process ID of a running domain's QEMU; 0 when there is none. */
gint64 pif_embedded_read_pid(const PifEmbedded *embedded, const char *domain_name);

/* The last of what the domain's QEMU wrote on standard error, tidied; empty when nothing. Free it.
 */
char *pif_embedded_read_words(const PifEmbedded *embedded, const char *domain_name);

/* libvirt only ever adds to its own log and to the domain's: of one above 1 MiB the last quarter of
 * that is kept beside it as .old, and it begins anew. Good at any time, also while they are written
 * to. */
void pif_embedded_bound_logs(const PifEmbedded *embedded, const char *domain_name);
