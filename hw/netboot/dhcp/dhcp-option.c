// SPDX-License-Identifier: MIT
// The table of options with names, and which of those configured are for whom.
#include "hw/netboot/dhcp/dhcp-option.h"

#include "hw/netboot/dhcp/dhcp-value.h"
#include "pifarm/base/error.h"
#include "pifarm/base/suggest.h"

#include <string.h>

typedef struct {
    const char *name;
    uint8_t code;
    PifDhcpValueType type;
} Row;

/* RFC 2132; 100, 101: RFC 4833; 119: RFC 3397; 121: RFC 3442; 150: RFC 5859; 209, 210: RFC 5071.
 * The names are dnsmasq's, for people know them. */
static const Row rows[] = {
    {"time-offset", 2, PIF_DHCP_VALUE_S32},
    {"router", 3, PIF_DHCP_VALUE_ADDRESSES},
    {"time-server", 4, PIF_DHCP_VALUE_ADDRESSES},
    {"dns-server", 6, PIF_DHCP_VALUE_ADDRESSES},
    {"log-server", 7, PIF_DHCP_VALUE_ADDRESSES},
    {"lpr-server", 9, PIF_DHCP_VALUE_ADDRESSES},
    {"hostname", 12, PIF_DHCP_VALUE_TEXT},
    {"boot-file-size", 13, PIF_DHCP_VALUE_U16},
    {"domain-name", 15, PIF_DHCP_VALUE_TEXT},
    {"swap-server", 16, PIF_DHCP_VALUE_ADDRESS},
    {"root-path", 17, PIF_DHCP_VALUE_TEXT},
    {"extension-path", 18, PIF_DHCP_VALUE_TEXT},
    {"ip-forward-enable", 19, PIF_DHCP_VALUE_BOOLEAN},
    {"default-ttl", 23, PIF_DHCP_VALUE_U8},
    {"mtu", 26, PIF_DHCP_VALUE_U16},
    {"all-subnets-local", 27, PIF_DHCP_VALUE_BOOLEAN},
    {"broadcast", 28, PIF_DHCP_VALUE_ADDRESS},
    {"router-discovery", 31, PIF_DHCP_VALUE_BOOLEAN},
    {"static-route", 33, PIF_DHCP_VALUE_ADDRESSES},
    {"arp-timeout", 35, PIF_DHCP_VALUE_U32},
    {"tcp-ttl", 37, PIF_DHCP_VALUE_U8},
    {"tcp-keepalive", 38, PIF_DHCP_VALUE_U32},
    {"nis-domain", 40, PIF_DHCP_VALUE_TEXT},
    {"nis-server", 41, PIF_DHCP_VALUE_ADDRESSES},
    {"ntp-server", 42, PIF_DHCP_VALUE_ADDRESSES},
    {"netbios-ns", 44, PIF_DHCP_VALUE_ADDRESSES},
    {"netbios-nodetype", 46, PIF_DHCP_VALUE_U8},
    {"netbios-scope", 47, PIF_DHCP_VALUE_TEXT},
    {"T1", 58, PIF_DHCP_VALUE_U32},
    {"T2", 59, PIF_DHCP_VALUE_U32},
    {"tftp-server", 66, PIF_DHCP_VALUE_TEXT},
    {"bootfile-name", 67, PIF_DHCP_VALUE_TEXT},
    {"smtp-server", 69, PIF_DHCP_VALUE_ADDRESSES},
    {"pop3-server", 70, PIF_DHCP_VALUE_ADDRESSES},
    {"posix-timezone", 100, PIF_DHCP_VALUE_TEXT},
    {"tzdb-timezone", 101, PIF_DHCP_VALUE_TEXT},
    {"domain-search", 119, PIF_DHCP_VALUE_NAMES},
    {"classless-static-route", 121, PIF_DHCP_VALUE_ROUTES},
    {"tftp-server-address", 150, PIF_DHCP_VALUE_ADDRESSES},
    {"config-file", 209, PIF_DHCP_VALUE_TEXT},
    {"path-prefix", 210, PIF_DHCP_VALUE_TEXT},
};

/* What the server decides by itself from message to message. */
static bool is_servers_own(unsigned code)
{
    static const uint8_t codes[] = {1,
                                    PIF_DHCP_REQUESTED,
                                    PIF_DHCP_LEASE_TIME,
                                    PIF_DHCP_OVERLOAD,
                                    PIF_DHCP_TYPE,
                                    PIF_DHCP_SERVER,
                                    55,
                                    PIF_DHCP_MAX_SIZE,
                                    PIF_DHCP_CLIENT_ID,
                                    PIF_DHCP_RELAY,
                                    PIF_DHCP_UUID};
    return code == 0 || code >= 255 || memchr(codes, (int)code, sizeof codes);
}

static const Row *find_row(const char *name, unsigned code)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++)
        if (rows[i].code == code || (name && g_str_equal(rows[i].name, name)))
            return &rows[i];
    return NULL;
}

static gboolean fail_unknown(const char *name, GError **error)
{
    const char *names[G_N_ELEMENTS(rows) + 1] = {NULL};
    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++)
        names[i] = rows[i].name;
    const char *close = pif_suggest(name, names);
    return pif_error_set(error, PIF_ERROR_USAGE, "there is no DHCP option '%s'; %s%s%s", name,
                         close ? "did you mean '" : "by number any option can be given: 224=text",
                         close ? close : "", close ? "'?" : "");
}

static gboolean parse_name(const char *name, PifDhcpOption *option, PifDhcpValueType *ret_type,
                           GError **error)
{
    guint64 code = 0;
    bool is_number = g_ascii_isdigit(*name);
    if (is_number && !g_ascii_string_to_unsigned(name, 10, 0, 255, &code, NULL))
        return pif_error_set(error, PIF_ERROR_USAGE, "'%s' is no number of a DHCP option", name);
    const Row *row = find_row(is_number ? NULL : name, (unsigned)code);
    if (!is_number && !row)
        return fail_unknown(name, error);
    option->code = row ? row->code : (uint8_t)code;
    *ret_type = row ? row->type : PIF_DHCP_VALUE_ANY;
    if (is_servers_own(option->code))
        return pif_error_set(error, PIF_ERROR_USAGE,
                             "DHCP option %s is not for you to set: the server does", name);
    return TRUE;
}

static gboolean parse_who(const char *text, PifDhcpOption *option, GError **error)
{
    option->is_for_some = true;
    return pif_dhcp_match_parse(text, &option->match, error);
}

gboolean pif_dhcp_option_parse(const char *text, PifDhcpOption *ret_option, GError **error)
{
    PifDhcpOption option = {0};
    PifDhcpValueType type = PIF_DHCP_VALUE_ANY;
    const char *equals = strchr(text, '=');
    if (!equals)
        return pif_error_set(error, PIF_ERROR_USAGE,
                             "a DHCP option is given as ntp-server=10.77.0.1, not as '%s'", text);
    g_autofree char *left = g_strndup(text, (gsize)(equals - text));
    char *comma = strrchr(left, ',');
    char *name = comma ? comma + 1 : left;
    if (comma)
        *comma = '\0';
    if (comma && !parse_who(left, &option, error))
        return FALSE;
    option.is_forced = g_str_has_prefix(name, "force:");
    if (!parse_name(option.is_forced ? name + strlen("force:") : name, &option, &type, error) ||
        !pif_dhcp_value_parse(type, equals + 1, option.bytes, &option.size, error))
        return FALSE;
    *ret_option = option;
    return TRUE;
}

static unsigned closeness(const PifDhcpOption *option)
{
    return option->is_for_some ? option->match.n_bits : 0;
}

void pif_dhcp_options_choose(const PifDhcpOption *options, unsigned n_options, const uint8_t *mac,
                             const uint8_t *uuid, const PifDhcpOption **chosen)
{
    for (unsigned code = 0; code <= UINT8_MAX; code++)
        chosen[code] = NULL;
    for (unsigned i = 0; i < n_options; i++) {
        const PifDhcpOption *option = &options[i];
        const PifDhcpOption *rival = chosen[option->code];
        if (option->is_for_some && !pif_dhcp_match_test(&option->match, mac, uuid))
            continue;
        if (!rival || closeness(option) >= closeness(rival))
            chosen[option->code] = option;
    }
}
