// SPDX-License-Identifier: MIT
// dnsmasq's files, pure: the configuration that it is given, the leases that it writes.
#include "netsetup/dnsmasq.h"

#include <string.h>

static const uint8_t mac_1[] = {0xb8, 0x27, 0xeb, 0x01, 0x02, 0x03};
static const uint8_t mac_2[] = {0x40, 0x27, 0xeb, 0x0a, 0x0b, 0x0c};

static const PifLeaseHost hosts[] = {{"n1", mac_1, 0x0a4d000b}, {"n2", mac_2, 0x0a4d000c}};

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
    "host-record=n2.lab,n2,10.77.0.12\n"
    "\n"
    "# The addresses of the farm's nodes, and no others.\n"
    "dhcp-range=10.77.0.0,static,255.255.255.0,12h\n"
    "dhcp-leasefile=dnsmasq.leases\n"
    "dhcp-authoritative\n"
    "dhcp-ignore=tag:!known\n"
    "dhcp-ignore-clid\n"
    "no-ping\n"
    "dhcp-option=3\n"
    "dhcp-host=b8:27:eb:01:02:03,40:27:eb:01:02:03,n1,10.77.0.11\n"
    "dhcp-host=40:27:eb:0a:0b:0c,n2,10.77.0.12\n";

static PifDnsmasqSpec spec_of(const PifLeaseHost *of_hosts, size_t n_hosts)
{
    return (PifDnsmasqSpec){.farm = "lab",
                            .bridge = "pifarm0",
                            .host_address = 0x0a4d0001,
                            .network = 0x0a4d0000,
                            .prefix_length = 24,
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

static void a_router_is_told_to_nodes_and_asks_others_for_names(void)
{
    PifDnsmasqSpec spec = spec_of(hosts, G_N_ELEMENTS(hosts));
    spec.is_router = TRUE;
    g_autofree char *config = pif_dnsmasq_config(&spec);
    g_assert_null(strstr(config, "dhcp-option=3"));
    g_assert_null(strstr(config, "no-resolv"));
}

static void a_node_named_host_keeps_its_name(void)
{
    const PifLeaseHost host = {"host", mac_1, 0x0a4d000b};
    const PifDnsmasqSpec spec = spec_of(&host, 1);
    g_autofree char *config = pif_dnsmasq_config(&spec);
    g_assert_nonnull(strstr(config, "host-record=host.lab,host,10.77.0.11\n"));
    g_assert_null(strstr(config, "host-record=host.lab,host,10.77.0.1\n"));
}

static void leases_are_read_with_all_their_fields(void)
{
    g_autoptr(GArray) leases =
        pif_dnsmasq_parse_leases("1763740000 b8:27:eb:01:02:03 10.77.0.11 n1 *\n"
                                 "0 40:27:eb:0a:0b:0c 10.77.0.12 * 01:40:27:eb:0a:0b:0c\n");
    g_assert_cmpuint(leases->len, ==, 2);
    const PifLease *first = &g_array_index(leases, PifLease, 0);
    g_assert_cmpint(first->expires_s, ==, 1763740000);
    g_assert_cmpmem(first->mac, PIF_MAC_SIZE, mac_1, sizeof mac_1);
    g_assert_cmphex(first->address, ==, 0x0a4d000b);
    g_assert_cmpstr(first->name, ==, "n1");
    const PifLease *second = &g_array_index(leases, PifLease, 1);
    g_assert_cmpint(second->expires_s, ==, 0);
    g_assert_cmphex(second->address, ==, 0x0a4d000c);
    g_assert_cmpstr(second->name, ==, "");
}

static void what_is_no_lease_is_left_out(void)
{
    static const char *const texts[] = {
        "",
        "\n\n",
        "duid 00:01:00:01:2f:00:00:00:52:54:00:00:00:01\n",
        "1763740000 b8:27:eb:01:02:03 10.77.0.11 n1\n",
        "1763740000 b8:27:eb:01:02 10.77.0.11 n1 *\n",
        "1763740000 b8:27:eb:01:02:03:04 10.77.0.11 n1 *\n",
        "1763740000 b8:27:eb:01:02:03 10.77.0 n1 *\n",
        "1763740000 00:00:00:00:00:00 fd00::11 n1 *\n",
        "soon b8:27:eb:01:02:03 10.77.0.11 n1 *\n",
        "1763740000 b8:27:eb:01:02:03 10.77.0.11 n1 *", /* not written to its end yet */
    };
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autoptr(GArray) leases = pif_dnsmasq_parse_leases(texts[i]);
        g_assert_cmpuint(leases->len, ==, 0);
    }
}

static void without_a_file_there_are_no_leases(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GArray) leases = pif_dnsmasq_read_leases("/nowhere", &error);
    g_assert_no_error(error);
    g_assert_cmpuint(leases->len, ==, 0);
}

#define TEST(name) g_test_add_func("/dnsmasq/" #name, name)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    TEST(the_configuration_is_as_reviewed);
    TEST(a_router_is_told_to_nodes_and_asks_others_for_names);
    TEST(a_node_named_host_keeps_its_name);
    TEST(leases_are_read_with_all_their_fields);
    TEST(what_is_no_lease_is_left_out);
    TEST(without_a_file_there_are_no_leases);
    return g_test_run();
}
