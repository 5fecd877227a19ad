// SPDX-License-Identifier: MIT
// dnsmasq's configuration, pure.
#include "netsetup/dnsmasq.h"

#include <string.h>

static const PifNamedHost hosts[] = {{"n1", 0x0a4d000b}, {"n2", 0x0a4d000c}};

static const char *const expected_config =
    "# Farm lab. pifarm writes this file at each start: changes are lost.\n"
    "keep-in-foreground\n"
    "pid-file\n"
    "log-facility=/dev/stderr\n"
    "\n"
    "# The farm's bridge and nothing else.\n"
    "interface=pifarm0\n"
    "except-interface=lo\n"
    "bind-interfaces\n"
    "\n"
    "# The farm's names, and no others.\n"
    "no-hosts\n"
    "no-resolv\n"
    "domain-needed\n"
    "bogus-priv\n"
    "domain=lab\n"
    "local=/lab/\n"
    "host-record=host.lab,host,10.77.0.1\n"
    "host-record=n1.lab,n1,10.77.0.11\n"
    "host-record=n2.lab,n2,10.77.0.12\n";

static PifDnsmasqSpec spec_of(const PifNamedHost *of_hosts, size_t n_hosts)
{
    return (PifDnsmasqSpec){.farm = "lab",
                            .bridge = "pifarm0",
                            .host_address = 0x0a4d0001,
                            .hosts = of_hosts,
                            .n_hosts = n_hosts,
                            .directory = "/nowhere"};
}

static void the_configuration_is_as_reviewed(void)
{
    const PifDnsmasqSpec spec = spec_of(hosts, G_N_ELEMENTS(hosts));
    g_autofree char *config = pif_dnsmasq_config(&spec);
    g_assert_cmpstr(config, ==, expected_config);
}

static void a_router_asks_others_for_names(void)
{
    PifDnsmasqSpec spec = spec_of(hosts, G_N_ELEMENTS(hosts));
    spec.is_router = TRUE;
    g_autofree char *config = pif_dnsmasq_config(&spec);
    g_assert_null(strstr(config, "no-resolv"));
}

static void a_node_named_host_keeps_its_name(void)
{
    const PifNamedHost host = {"host", 0x0a4d000b};
    const PifDnsmasqSpec spec = spec_of(&host, 1);
    g_autofree char *config = pif_dnsmasq_config(&spec);
    g_assert_nonnull(strstr(config, "host-record=host.lab,host,10.77.0.11\n"));
    g_assert_null(strstr(config, "host-record=host.lab,host,10.77.0.1\n"));
}

#define TEST(name) g_test_add_func("/dnsmasq/" #name, name)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    TEST(the_configuration_is_as_reviewed);
    TEST(a_router_asks_others_for_names);
    TEST(a_node_named_host_keeps_its_name);
    return g_test_run();
}
