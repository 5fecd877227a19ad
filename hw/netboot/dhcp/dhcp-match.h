// SPDX-License-Identifier: MIT
// Clients named by their MAC, by the beginning of one, or by their UUID.
#pragma once

#include "hw/netboot/dhcp/dhcp-message.h"

#include <glib.h>

enum { PIF_DHCP_UUID_SIZE = 16 };

typedef enum { PIF_DHCP_MATCH_MAC, PIF_DHCP_MATCH_UUID } PifDhcpMatchKind;

/* Those whose first bits are these. */
typedef struct {
    PifDhcpMatchKind kind;
    unsigned n_bits; /* the more, the closer it describes a client */
    uint8_t bytes[PIF_DHCP_UUID_SIZE];
} PifDhcpMatch;

/* "b8:27:eb:12:34:56", "b8-27-eb" (all MACs that begin so), "b8:27:eb:40:00:00/26" (of which that
 * many bits count), "7d246455-7d24-6455-7d24-64557d246455", "7d246455-.../32". A UUID is written in
 * the order in which its bytes are sent. USAGE when it is none of them. */
gboolean pif_dhcp_match_parse(const char *text, PifDhcpMatch *ret_match, GError **error);

/* uuid may be NULL: it is not known. */
bool pif_dhcp_match_test(const PifDhcpMatch *match, const uint8_t *mac, const uint8_t *uuid);
