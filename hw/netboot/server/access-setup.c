// SPDX-License-Identifier: MIT
// Access rules from the command line.
#include "hw/netboot/server/access-setup.h"

static gboolean add_rules(GArray *rules, char **texts, bool is_allowed, const char *option,
                          GError **error)
{
    for (char **text = texts; text && *text; text++) {
        PifDhcpRule rule = {.is_allowed = is_allowed};
        if (!pif_dhcp_match_parse(*text, &rule.match, error)) {
            g_prefix_error(error, "%s: ", option);
            return FALSE;
        }
        g_array_append_val(rules, rule);
    }
    return TRUE;
}

/* Who names some to allow means no others. */
static gboolean choose_unknown(const PifServeOptions *options, PifDhcpUnknown *ret_unknown,
                               GError **error)
{
    *ret_unknown = options->allow ? PIF_DHCP_UNKNOWN_IGNORE : PIF_DHCP_UNKNOWN_OFFER;
    if (!options->unknown || pif_dhcp_unknown_parse(options->unknown, ret_unknown, error))
        return TRUE;
    g_prefix_error(error, "--unknown: ");
    return FALSE;
}

gboolean pif_access_setup(const PifServeOptions *options, PifDhcpAccess *ret_access, GError **error)
{
    PifDhcpAccess access = {0};
    g_autoptr(GArray) rules = g_array_new(FALSE, FALSE, sizeof(PifDhcpRule));
    if (!add_rules(rules, options->allow, true, "--allow", error) ||
        !add_rules(rules, options->deny, false, "--deny", error) ||
        !choose_unknown(options, &access.unknown, error))
        return FALSE;
    access.n_rules = rules->len;
    access.rules = (PifDhcpRule *)g_array_free(g_steal_pointer(&rules), FALSE);
    *ret_access = access;
    return TRUE;
}

void pif_access_clear(PifDhcpAccess *access)
{
    g_free((PifDhcpRule *)access->rules);
    access->rules = NULL;
}
