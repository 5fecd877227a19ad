// SPDX-License-Identifier: MIT
// Addresses and ranges as people write them, checked against the interface's network.
#include "hw/netboot/server/dhcp-setup.h"

#include "hw/netboot/dhcp/dhcp-value.h"
#include "hw/netboot/server/dhcp-lists.h"
#include "pifarm/base/error.h"

#include <arpa/inet.h>
#include <string.h>

static gboolean parse_address(const char *option, const char *text, uint32_t *ret_address,
                              GError **error)
{
    return pif_dhcp_address_parse(text, ret_address) ||
           pif_error_set(error, PIF_ERROR_USAGE, "%s wants an address like 10.77.0.1, not '%s'",
                         option, text);
}

static gboolean is_reachable(const PifInterface *interface, uint32_t address)
{
    uint32_t netmask = ntohl(interface->netmask.s_addr);
    return (address & netmask) == (ntohl(interface->address.s_addr) & netmask);
}

static gboolean check_network(const char *option, const char *text, const PifInterface *interface,
                              uint32_t address, GError **error)
{
    char own[INET_ADDRSTRLEN];
    if (is_reachable(interface, address))
        return TRUE;
    inet_ntop(AF_INET, &interface->address, own, sizeof own);
    return pif_error_set(error, PIF_ERROR_USAGE, "%s %s is not in the network of %s, which has %s",
                         option, text, interface->name, own);
}

/* 0 to 0 for static and proxy. */
static gboolean parse_range(const char *text, const PifInterface *interface, uint32_t *ret_first,
                            uint32_t *ret_last, GError **error)
{
    g_auto(GStrv) ends = g_strsplit(text, "-", 2);
    *ret_first = *ret_last = 0;
    if (g_str_equal(text, "static") || g_str_equal(text, "proxy"))
        return TRUE;
    if (g_strv_length(ends) != 2)
        return pif_error_set(error, PIF_ERROR_USAGE,
                             "--dhcp wants FIRST-LAST, static or proxy, not '%s'", text);
    if (!parse_address("--dhcp", ends[0], ret_first, error) ||
        !parse_address("--dhcp", ends[1], ret_last, error) ||
        !check_network("--dhcp", ends[0], interface, *ret_first, error) ||
        !check_network("--dhcp", ends[1], interface, *ret_last, error))
        return FALSE;
    if (*ret_first > *ret_last || *ret_last - *ret_first >= PIF_DHCP_MAX_POOL)
        return pif_error_set(error, PIF_ERROR_USAGE, "--dhcp wants 1 to %d addresses, not %s",
                             PIF_DHCP_MAX_POOL, text);
    return TRUE;
}

/* RFC 1123, section 2.1. */
static gboolean is_hostname(const char *name)
{
    enum { MAX_LABEL = 63 };
    size_t length = strlen(name);
    return length > 0 && length <= MAX_LABEL && name[0] != '-' && name[length - 1] != '-' &&
           strspn(name, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "-") == length;
}

static gboolean parse_mac(const char *text, uint8_t *ret_mac)
{
    PifDhcpMatch match;
    if (!pif_dhcp_match_parse(text, &match, NULL) || match.kind != PIF_DHCP_MATCH_MAC ||
        match.n_bits != PIF_DHCP_MAC_SIZE * 8)
        return FALSE;
    memcpy(ret_mac, match.bytes, PIF_DHCP_MAC_SIZE);
    return TRUE;
}

/* Known by its identifier or by its port: its address is a place, which it takes when it comes. */
static gboolean add_place(const char *who, uint32_t address, const char *name, PifDhcpSetup *setup,
                          GError **error)
{
    return pif_dhcp_hosts_add(setup->hosts, who, address, error) &&
           pif_dhcp_pool_add_place(setup->pool, address, name, error);
}

static gboolean add_host(const char *text, const PifInterface *interface, PifDhcpSetup *setup,
                         GError **error)
{
    const char *equals = strrchr(text, '=');
    g_autofree char *who = equals ? g_strndup(text, (gsize)(equals - text)) : g_strdup("");
    g_autoptr(GError) failure = NULL;
    const char *comma = equals ? strchr(equals, ',') : NULL;
    const char *name = comma ? comma + 1 : NULL;
    uint8_t mac[PIF_DHCP_MAC_SIZE];
    uint32_t address = 0;
    bool is_place = g_str_has_prefix(who, "id:") || g_str_has_prefix(who, "port:");
    if ((!is_place && !parse_mac(who, mac)) || (name && !is_hostname(name)))
        return pif_error_set(error, PIF_ERROR_USAGE,
                             "--host wants b8:27:eb:12:34:56=10.77.0.11, id:IDENTIFIER=... or "
                             "port:CIRCUIT=..., each with ,NAME at its end or without, not '%s'",
                             text);
    g_autofree char *number =
        comma ? g_strndup(equals + 1, (gsize)(comma - equals - 1)) : g_strdup(equals + 1);
    if (!parse_address("--host", number, &address, error) ||
        !check_network("--host", text, interface, address, error))
        return FALSE;
    if (is_place && !add_place(who, address, name, setup, &failure))
        return pif_error_set(error, PIF_ERROR_USAGE, "--host %s: %s", text, failure->message);
    if (!is_place && !pif_dhcp_pool_add_host(setup->pool, mac, address, name, NULL))
        return pif_error_set(error, PIF_ERROR_USAGE, "--host %s: its MAC or its address is taken",
                             text);
    return TRUE;
}

static gboolean add_hosts(char **hosts, const PifInterface *interface, PifDhcpSetup *setup,
                          GError **error)
{
    for (char **host = hosts; host && *host; host++)
        if (!add_host(*host, interface, setup, error))
            return FALSE;
    setup->config.hosts = setup->hosts;
    return TRUE;
}

static gboolean make_config(const PifServeOptions *options, const PifInterface *interface,
                            PifDhcpConfig *ret_config, GError **error)
{
    *ret_config = (PifDhcpConfig){.server = ntohl(interface->address.s_addr),
                                  .netmask = ntohl(interface->netmask.s_addr),
                                  .domain = options->domain,
                                  .lease_s = (uint32_t)options->lease_time_s,
                                  .is_proxy = g_str_equal(options->dhcp, "proxy")};
    if (ret_config->server == 0)
        return pif_error_set(error, PIF_ERROR_USAGE,
                             "%s has no address; try: ip address add 10.77.0.1/24 dev %s",
                             interface->name, interface->name);
    return (!options->router ||
            parse_address("--router", options->router, &ret_config->router, error)) &&
           (!options->dns || parse_address("--dns", options->dns, &ret_config->dns, error));
}

static gboolean read_lists(const PifServeOptions *options, PifDhcpSetup *setup, GError **error)
{
    setup->rules = g_array_new(FALSE, FALSE, sizeof(PifDhcpRule));
    setup->options = g_array_new(FALSE, FALSE, sizeof(PifDhcpOption));
    setup->boot_files = g_array_new(FALSE, FALSE, sizeof(PifDhcpBootFile));
    setup->broadcast = g_array_new(FALSE, FALSE, sizeof(PifDhcpMatch));
    return pif_dhcp_lists_read_access(options, setup, error) &&
           pif_dhcp_lists_read_options(options, setup, error) &&
           pif_dhcp_lists_read_boot_files(options, setup, error) &&
           pif_dhcp_lists_read_broadcast(options, setup, error);
}

gboolean pif_dhcp_setup(const PifServeOptions *options, const PifInterface *interface,
                        PifDhcpSetup *ret_setup, GError **error)
{
    uint32_t first = 0;
    uint32_t last = 0;
    *ret_setup = (PifDhcpSetup){0};
    if (!make_config(options, interface, &ret_setup->config, error) ||
        !parse_range(options->dhcp, interface, &first, &last, error) ||
        !read_lists(options, ret_setup, error))
        return FALSE;
    ret_setup->hosts = pif_dhcp_hosts_new();
    ret_setup->pool = pif_dhcp_pool_new(first, last);
    pif_dhcp_pool_reserve(ret_setup->pool, ret_setup->config.server);
    return add_hosts(options->hosts, interface, ret_setup, error);
}

void pif_dhcp_setup_clear(PifDhcpSetup *setup)
{
    g_clear_pointer(&setup->pool, pif_dhcp_pool_free);
    g_clear_pointer(&setup->hosts, pif_dhcp_hosts_free);
    g_clear_pointer(&setup->rules, g_array_unref);
    g_clear_pointer(&setup->options, g_array_unref);
    g_clear_pointer(&setup->boot_files, g_array_unref);
    g_clear_pointer(&setup->broadcast, g_array_unref);
}
