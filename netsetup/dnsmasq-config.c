// SPDX-License-Identifier: MIT
// dnsmasq's configuration for a farm: a pure function. Paths in it are relative to the folder that
// it is started in.
#include "netsetup/dnsmasq.h"

#include <string.h>

static void append_mac(GString *config, const uint8_t *mac)
{
    g_string_append_printf(config, "%02x:%02x:%02x:%02x:%02x:%02x,", mac[0], mac[1], mac[2], mac[3],
                           mac[4], mac[5]);
}

static void append_address(GString *config, uint32_t address)
{
    g_string_append_printf(config, "%u.%u.%u.%u", address >> 24, address >> 16 & 255,
                           address >> 8 & 255, address & 255);
}

static void append_process(GString *config, const PifDnsmasqSpec *spec)
{
    g_string_append_printf(config,
                           "# Farm %s. pifarm writes this file at each start: changes are lost.\n"
                           "keep-in-foreground\n"
                           "pid-file\n"
                           "log-facility=/dev/stderr\n"
                           "\n"
                           "# The farm's bridge and nothing else.\n"
                           "interface=%s\n"
                           "except-interface=lo\n"
                           "bind-interfaces\n",
                           spec->farm, spec->bridge);
}

/* A name that resolves whether or not its owner has asked for its address. */
static void append_name(GString *config, const char *farm, const char *name, uint32_t address)
{
    g_string_append_printf(config, "host-record=%s.%s,%s,", name, farm, name);
    append_address(config, address);
    g_string_append_c(config, '\n');
}

static gboolean has_host(const PifDnsmasqSpec *spec, const char *name)
{
    for (size_t i = 0; i < spec->n_hosts; i++)
        if (strcmp(spec->hosts[i].name, name) == 0)
            return TRUE;
    return FALSE;
}

static void append_names(GString *config, const PifDnsmasqSpec *spec)
{
    static const char own_name[] = "host";
    g_string_append_printf(config,
                           "\n# The farm's names%s.\n"
                           "no-hosts\n"
                           "%s"
                           "domain-needed\n"
                           "bogus-priv\n"
                           "domain=%s\n"
                           "local=/%s/\n",
                           spec->is_router ? "; this host's servers know others"
                                           : ", and no others",
                           spec->is_router ? "" : "no-resolv\n", spec->farm, spec->farm);
    if (!has_host(spec, own_name))
        append_name(config, spec->farm, own_name, spec->host_address);
    for (size_t i = 0; i < spec->n_hosts; i++)
        append_name(config, spec->farm, spec->hosts[i].name, spec->hosts[i].address);
}

static uint32_t netmask_of(unsigned prefix_length)
{
    return prefix_length == 0 ? 0 : UINT32_MAX << (32 - prefix_length);
}

/* A stranger on the segment gets no answer, not even a refusal: with an uplink there may be another
 * server for it. A node is its MAC, whatever client ID its boot ROM, its installer and its system
 * make up. Every address has one owner, so there is none to look for with a ping first, which takes
 * seconds. Option 3 without a value: no router. */
static void append_dhcp(GString *config, const PifDnsmasqSpec *spec)
{
    g_string_append(config, "\n# The addresses of the farm's nodes, and no others.\n"
                            "dhcp-range=");
    append_address(config, spec->network);
    g_string_append(config, ",static,");
    append_address(config, netmask_of(spec->prefix_length));
    g_string_append(config, ",12h\n"
                            "dhcp-leasefile=dnsmasq.leases\n"
                            "dhcp-authoritative\n"
                            "dhcp-ignore=tag:!known\n"
                            "dhcp-ignore-clid\n"
                            "no-ping\n");
    if (!spec->is_router)
        g_string_append(config, "dhcp-option=3\n");
}

/* QEMU before 7.2.21 tells the guest of a usb-net a MAC that begins with 40, whatever was asked
 * for: both forms are the same node. */
static void append_host(GString *config, const PifLeaseHost *host)
{
    uint8_t told[PIF_MAC_SIZE];
    memcpy(told, host->mac, sizeof told);
    told[0] = 0x40;
    g_string_append(config, "dhcp-host=");
    append_mac(config, host->mac);
    if (host->mac[0] != told[0])
        append_mac(config, told);
    g_string_append_printf(config, "%s,", host->name);
    append_address(config, host->address);
    g_string_append_c(config, '\n');
}

char *pif_dnsmasq_config(const PifDnsmasqSpec *spec)
{
    GString *config = g_string_new(NULL);
    append_process(config, spec);
    append_names(config, spec);
    append_dhcp(config, spec);
    for (size_t i = 0; i < spec->n_hosts; i++)
        append_host(config, &spec->hosts[i]);
    return g_string_free(config, FALSE);
}
