// SPDX-License-Identifier: MIT
// dnsmasq's configuration for a farm: a pure function. Paths in it are relative to the folder that
// it is started in.
#include "netsetup/dnsmasq.h"

#include <string.h>

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

char *pif_dnsmasq_config(const PifDnsmasqSpec *spec)
{
    GString *config = g_string_new(NULL);
    append_process(config, spec);
    append_names(config, spec);
    return g_string_free(config, FALSE);
}
