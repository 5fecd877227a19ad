// SPDX-License-Identifier: MIT
// Clients that ask again and again though they are answered, and get no further.
#pragma once

#include "hw/netboot/dhcp/dhcp-message.h"

#include <glib.h>

/* A boot ROM asks five times before it gives up (NETBOOT.md 1.4); after a pause it is another try.
 */
enum { PIF_DHCP_PATIENCE = 5, PIF_DHCP_PAUSE_S = 120, PIF_DHCP_MAX_IMPATIENT = 4096 };

typedef struct PifDhcpPatience PifDhcpPatience;

PifDhcpPatience *pif_dhcp_patience_new(void);
void pif_dhcp_patience_free(PifDhcpPatience *patience);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PifDhcpPatience, pif_dhcp_patience_free)

/* It was made an offer. True, once, when that was one too many. */
bool pif_dhcp_patience_offered(PifDhcpPatience *patience, const uint8_t *mac, int64_t now_us);
/* It took the offer, or fetches files: all is well. */
void pif_dhcp_patience_went_on(PifDhcpPatience *patience, const uint8_t *mac);
