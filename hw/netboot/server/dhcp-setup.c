// SPDX-License-Identifier: MIT
// Addresses and ranges as people write them, checked against the interface's network.
#include "hw/netboot/server/dhcp-setup.h"

#include "pifarm/base/error.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

static gboolean parse_address(const char *option, const char *text, uint32_t *ret_address,
                              GError **error)
{
    struct in_addr address;
    if (inet_pton(AF_INET, text, &address) != 1)
        return pif_error_set(error, PIF_ERROR_USAGE, "%s wants an address like 10.77.0.1, not '%s'",
                             option, text);
    *ret_address = ntohl(address.s_addr);
    return TRUE;
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

typedef struct {
    uint8_t mac[PIF_DHCP_MAC_SIZE];
    uint32_t address;
    const char *name; /* the end of the text; or NULL */
} Host;

static gboolean parse_host(const char *text, Host *ret_host, GError **error)
{
    Host host = {0};
    int end = 0;
    const char *comma = strchr(text, ',');
    if (sscanf(text, "%2hhx:%2hhx:%2hhx:%2hhx:%2hhx:%2hhx=%n", &host.mac[0], &host.mac[1],
               &host.mac[2], &host.mac[3], &host.mac[4], &host.mac[5], &end) != 6 ||
        end == 0 || (comma && !is_hostname(comma + 1)))
        return pif_error_set(error, PIF_ERROR_USAGE,
                             "--host wants b8:27:eb:12:34:56=10.77.0.11 or "
                             "b8:27:eb:12:34:56=10.77.0.11,n1, not '%s'",
                             text);
    g_autofree char *address =
        comma ? g_strndup(text + end, (gsize)(comma - text - end)) : g_strdup(text + end);
    host.name = comma ? comma + 1 : NULL;
    *ret_host = host;
    return parse_address("--host", address, &ret_host->address, error);
}

static gboolean add_hosts(char **hosts, const PifInterface *interface, PifDhcpPool *pool,
                          GError **error)
{
    for (char **text = hosts; text && *text; text++) {
        Host host;
        if (!parse_host(*text, &host, error) ||
            !check_network("--host", *text, interface, host.address, error))
            return FALSE;
        if (!pif_dhcp_pool_add_host(pool, host.mac, host.address, host.name, NULL))
            return pif_error_set(error, PIF_ERROR_USAGE,
                                 "--host %s: its MAC or its address is taken", *text);
    }
    return TRUE;
}

static gboolean make_config(const PifServeOptions *options, const PifInterface *interface,
                            PifDhcpConfig *ret_config, GError **error)
{
    *ret_config = (PifDhcpConfig){.server = ntohl(interface->address.s_addr),
                                  .netmask = ntohl(interface->netmask.s_addr),
                                  .domain = options->domain,
                                  .boot_file = options->boot_file,
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

gboolean pif_dhcp_setup(const PifServeOptions *options, const PifInterface *interface,
                        PifDhcpConfig *ret_config, PifDhcpPool **ret_pool, GError **error)
{
    uint32_t first = 0;
    uint32_t last = 0;
    if (!make_config(options, interface, ret_config, error) ||
        !parse_range(options->dhcp, interface, &first, &last, error))
        return FALSE;
    g_autoptr(PifDhcpPool) pool = pif_dhcp_pool_new(first, last);
    pif_dhcp_pool_reserve(pool, ret_config->server);
    if (!add_hosts(options->hosts, interface, pool, error))
        return FALSE;
    *ret_pool = g_steal_pointer(&pool);
    return TRUE;
}
