// SPDX-License-Identifier: MIT
// A stopped node's card seen as a raw disk: boot files read from its FAT, identity written into its
// root.
#pragma once

#include "images/card/static-address.h"

/* A clone (qcow2) or raw image exposed as a raw file by qemu-storage-daemon over FUSE, for as long
 * as this lives. A raw image opened read-only is used as it is. BUSY when QEMU has the clone open.
 * Nothing of it stays behind, even when we are killed: the export is in no folder. Must be freed in
 * the thread that opened it; the export ends with that thread. */
typedef struct PifCard PifCard;

gboolean pif_card_open(const char *path, gboolean is_writable, PifCard **ret_card, GError **error);
/* The same, to write, of a new clone, which is good for nothing before pif_card_close: only that
 * waits for the disk. */
gboolean pif_card_open_new(const char *path, PifCard **ret_card, GError **error);
/* The same, read-only, of a clone that QEMU may have open: what is on it at the moment, with what
 * QEMU and the guest have not written yet missing. */
gboolean pif_card_open_in_use(const char *path, PifCard **ret_card, GError **error);
/* The same, to write, of an overlay on a clone that QEMU may have open. */
gboolean pif_card_open_over_in_use(const char *path, const char *clone, PifCard **ret_card,
                                   GError **error);
/* A part of a card that is open to write, as a raw file of its own, to write: for programs that
 * know no offset, or forget it. offset and size in bytes. Close it before the card. */
gboolean pif_card_open_part(const PifCard *card, guint64 offset, guint64 size, PifCard **ret_part,
                            GError **error);
/* Flushes and ends the export; only here are errors of the flush seen. The card still is to be
 * freed, and good for nothing else. */
gboolean pif_card_close(PifCard *card, GError **error);
void pif_card_free(PifCard *card);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PifCard, pif_card_free)
/* For other programs to open while the card is open: /proc/<our pid>/fd/<n>. */
const char *pif_card_raw_path(const PifCard *card);
/* The path given to pif_card_open, for messages. */
const char *pif_card_path(const PifCard *card);

/* What makes one clone differ from the next. NULL members are left as they are on the card. */
typedef struct {
    const char *hostname; /* /etc/hostname and the 127.0.1.1 line of /etc/hosts */
    const char
        *machine_id; /* 32 hex digits: /etc/machine-id (and /var/lib/dbus/machine-id if a file) */
    const char
        *host_key; /* OpenSSH ed25519 private key: /etc/ssh/ssh_host_ed25519_key, 0600, and .pub */
    const char *host_key_public;
    const char *node_env; /* text of /etc/pifarm/node.env: NAME=VALUE lines for units and scripts,
                             also for {name} in the card's templates (template.h) */
    const PifStaticAddress *address; /* NULL: by DHCP, as the system on the card has it */
    GPtrArray *notes; /* may be NULL; gets what was chosen: char *, a sentence each */
} PifIdentity;

/* Writes it with debugfs in one go, tens of milliseconds. What else on the card would make it the
 * same computer as its base goes when machine_id is given: random seeds, DHCP DUIDs (trait-file.c)
 * and, when host_key is given, other SSH host keys and what would replace it at the first boot. The
 * file system must be clean, and the system one that can have such an address (CONFIG otherwise).
 */
gboolean pif_card_write_identity(PifCard *card, const PifIdentity *identity, GError **error);
