// SPDX-License-Identifier: MIT
// The rules of dhcp-access.h.
#include "hw/netboot/dhcp/dhcp-access.h"

#include "pifarm/base/error.h"

enum { MAC_BITS = 48 };

static bool is_closer(const PifDhcpRule *rule, unsigned n_bits)
{
    return rule->match.n_bits > n_bits || (rule->match.n_bits == n_bits && !rule->is_allowed);
}

PifDhcpStanding pif_dhcp_access_of(const PifDhcpAccess *access, const uint8_t *mac,
                                   const uint8_t *uuid, bool has_own_address)
{
    PifDhcpStanding standing = has_own_address ? PIF_DHCP_KNOWN : PIF_DHCP_STRANGER;
    unsigned n_bits = has_own_address ? MAC_BITS : 0;
    for (unsigned i = 0; i < access->n_rules; i++) {
        const PifDhcpRule *rule = &access->rules[i];
        if (!is_closer(rule, n_bits) || !pif_dhcp_match_test(&rule->match, mac, uuid))
            continue;
        n_bits = rule->match.n_bits;
        standing = rule->is_allowed ? PIF_DHCP_KNOWN : PIF_DHCP_DENIED;
    }
    return standing;
}

gboolean pif_dhcp_unknown_parse(const char *text, PifDhcpUnknown *ret_unknown, GError **error)
{
    static const char *const names[] = {[PIF_DHCP_UNKNOWN_OFFER] = "offer",
                                        [PIF_DHCP_UNKNOWN_IGNORE] = "ignore",
                                        [PIF_DHCP_UNKNOWN_ADOPT] = "adopt"};
    for (unsigned i = 0; i < G_N_ELEMENTS(names); i++) {
        if (!g_str_equal(text, names[i]))
            continue;
        *ret_unknown = (PifDhcpUnknown)i;
        return TRUE;
    }
    return pif_error_set(error, PIF_ERROR_USAGE, "'%s' is none of ignore, offer and adopt", text);
}
