// SPDX-License-Identifier: MIT
// Who is served.
#pragma once

#include "hw/netboot/dhcp/dhcp-match.h"

typedef struct {
    PifDhcpMatch match;
    bool is_allowed;
} PifDhcpRule;

/* What becomes of those whom no rule speaks of, and who have no address of their own. */
typedef enum {
    PIF_DHCP_UNKNOWN_OFFER,
    PIF_DHCP_UNKNOWN_IGNORE,
    PIF_DHCP_UNKNOWN_ADOPT, /* offer; a Pi keeps what it gets for good */
} PifDhcpUnknown;

typedef struct {
    const PifDhcpRule *rules;
    unsigned n_rules;
    PifDhcpUnknown unknown;
} PifDhcpAccess;

typedef enum {
    PIF_DHCP_KNOWN,
    PIF_DHCP_STRANGER,
    PIF_DHCP_DENIED,
} PifDhcpStanding;

/* The rule that describes it most closely decides; of two that do so equally, the one that denies.
 * An address of its own counts as a rule that allows its MAC. uuid may be NULL. */
PifDhcpStanding pif_dhcp_access_of(const PifDhcpAccess *access, const uint8_t *mac,
                                   const uint8_t *uuid, bool has_own_address);

/* "ignore", "offer", "adopt"; USAGE for anything else. */
gboolean pif_dhcp_unknown_parse(const char *text, PifDhcpUnknown *ret_unknown, GError **error);
