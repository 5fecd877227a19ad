// SPDX-License-Identifier: MIT
// Fuzz target: any text as pattern, option, host and HTTP answer; what is read keeps its limits.
#include "hw/netboot/dhcp/dhcp-hosts.h"
#include "hw/netboot/dhcp/dhcp-option.h"
#include "hw/netboot/dhcp/dhcp-verdict.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_match(const char *text)
{
    static const uint8_t uuid[PIF_DHCP_UUID_SIZE];
    PifDhcpMatch match;
    if (!pif_dhcp_match_parse(text, &match, NULL))
        return;
    g_assert_cmpuint(match.n_bits, >, 0);
    g_assert_cmpuint(match.n_bits, <=, match.kind == PIF_DHCP_MATCH_MAC ? 48 : 128);
    g_assert_true(pif_dhcp_match_test(&match, match.bytes, match.bytes));
    pif_dhcp_match_test(&match, uuid, uuid);
}

static void check_option(const char *text)
{
    PifDhcpOption option;
    const PifDhcpOption *chosen[256];
    static const uint8_t mac[PIF_DHCP_MAC_SIZE];
    if (!pif_dhcp_option_parse(text, &option, NULL))
        return;
    pif_dhcp_options_choose(&option, 1, mac, NULL, chosen);
    g_assert_true(option.is_for_some || chosen[option.code] == &option);
}

static void check_hearsay(const char *text)
{
    PifDhcpHearsay hearsay;
    pif_dhcp_hearsay_parse(200, text, &hearsay);
    g_assert_cmpuint(strlen(hearsay.hostname), <, sizeof hearsay.hostname);
    g_assert_cmpuint(strlen(hearsay.boot_file), <, sizeof hearsay.boot_file);
    g_assert_null(strpbrk(hearsay.boot_file, "\r\n\t\x7f"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *text = g_strndup((const char *)data, size);
    g_autoptr(PifDhcpHosts) hosts = pif_dhcp_hosts_new();
    check_match(text);
    check_option(text);
    check_hearsay(text);
    if (pif_dhcp_hosts_add(hosts, text, 1, NULL))
        g_assert_false(pif_dhcp_hosts_add(hosts, text, 2, NULL));
    return 0;
}
