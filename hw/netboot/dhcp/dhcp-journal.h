// SPDX-License-Identifier: MIT
// Leases in a file that is only appended to: what an ACK promises is on the disk before it is sent.
#pragma once

#include "hw/netboot/dhcp/dhcp-pool.h"

typedef struct PifDhcpJournal PifDhcpJournal;

/* Reads what is there into the pool, writes it anew without what is over, opens it for appending.
 * A last line that was cut off, and leases that the pool no longer has room for, are passed over.
 */
PifDhcpJournal *pif_dhcp_journal_open(const char *path, PifDhcpPool *pool, int64_t now_s,
                                      GError **error);
void pif_dhcp_journal_free(PifDhcpJournal *journal);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PifDhcpJournal, pif_dhcp_journal_free)

/* The leases in the file that are not over, for somebody other than its writer: an array of
 * PifDhcpLease by address, empty when there is no file. */
GArray *pif_dhcp_journal_read(const char *path, int64_t now_s, GError **error);

/* Puts a lease down as it is now. */
void pif_dhcp_journal_add(PifDhcpJournal *journal, const PifDhcpLease *lease);
/* All that was put down is on the disk, by one write for all of it; nothing to do is success. */
gboolean pif_dhcp_journal_commit(PifDhcpJournal *journal, GError **error);
