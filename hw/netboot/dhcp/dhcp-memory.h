// SPDX-License-Identifier: MIT
// Verdicts that still hold, at most so many; the oldest goes first.
#pragma once

#include "hw/netboot/dhcp/dhcp-verdict.h"

/* A client's boot ROM and its system are asked about apart. */
typedef struct {
    uint8_t mac[PIF_DHCP_MAC_SIZE];
    uint8_t is_boot_rom;
} PifDhcpClientKey;

PifDhcpClientKey pif_dhcp_client_key(const uint8_t *mac, bool is_boot_rom);
guint pif_dhcp_client_key_hash(gconstpointer key);
gboolean pif_dhcp_client_key_equal(gconstpointer a, gconstpointer b);

enum { PIF_DHCP_MAX_REMEMBERED = 4096 };

typedef struct PifDhcpMemory PifDhcpMemory;

PifDhcpMemory *pif_dhcp_memory_new(void);
void pif_dhcp_memory_free(PifDhcpMemory *memory);

void pif_dhcp_memory_add(PifDhcpMemory *memory, const PifDhcpClientKey *key,
                         const PifDhcpHearsay *hearsay, int64_t expires_us);
/* NULL when there is none, or its time is over. */
const PifDhcpHearsay *pif_dhcp_memory_find(const PifDhcpMemory *memory, const PifDhcpClientKey *key,
                                           int64_t now_us);
