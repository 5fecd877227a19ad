// SPDX-License-Identifier: MIT
// A fixed address in each program's words, taken out again, and which program a card is told it
// for.
#include "images/card/card-root.h"
#include "images/card/network-config.h"
#include "tests/lib/ok.h"

#include <string.h>
#include <sys/stat.h>

static const PifStaticAddress address = {"10.77.0.11/24", "10.77.0.1", "b8:27:eb:00:00:01"};
static const PifStaticAddress another = {"10.78.0.12/16", "10.78.0.1", "b8:27:eb:00:00:02"};

#define STANZA(interface)                                                                          \
    "iface " interface " inet static\n    address 10.77.0.11/24\n    gateway 10.77.0.1\n"          \
    "    dns-nameservers 10.77.0.1\n"

typedef struct {
    const char *name; /* a sentence */
    PifStaticAddressEdit edit;
    const char *before;
    const char *after;
} Case;

static const Case cases[] = {
    {"NetworkManager gets a connection of its own", pif_static_address_edit_keyfile, NULL,
     "[connection]\nid=pifarm-lan\ntype=ethernet\nautoconnect-priority=100\n\n[ethernet]\n"
     "mac-address=b8:27:eb:00:00:01\n\n[ipv4]\nmethod=manual\naddress1=10.77.0.11/24,10.77.0.1\n"
     "dns=10.77.0.1;\n\n[ipv6]\nmethod=auto\n"},
    {"systemd-networkd gets a file of its own", pif_static_address_edit_network, NULL,
     "[Match]\nMACAddress=b8:27:eb:00:00:01\n\n[Network]\nAddress=10.77.0.11/24\n"
     "Gateway=10.77.0.1\nDNS=10.77.0.1\n"},
    {"ifupdown's interface is no longer a DHCP client", pif_static_address_edit_interfaces,
     "auto lo\niface lo inet loopback\n\nallow-hotplug end0\niface  end0 inet dhcp\n  mtu 1400\n",
     "auto lo\niface lo inet loopback\n\nallow-hotplug end0\n# pifarm: iface  end0 inet "
     "dhcp\n" STANZA("end0") "# pifarm: end\n  mtu 1400\n"},
    {"ifupdown gets an interface where there is none", pif_static_address_edit_interfaces,
     "source interfaces.d/*\niface lo inet dhcp",
     "source interfaces.d/*\niface lo inet dhcp\n# pifarm:\nauto eth0\n" STANZA(
         "eth0") "# pifarm: end\n"},
    {"a last line without an end is one", pif_static_address_edit_interfaces,
     "iface eth0 inet dhcp", "# pifarm: iface eth0 inet dhcp\n" STANZA("eth0") "# pifarm: end\n"},
    {"no file becomes one", pif_static_address_edit_interfaces, NULL,
     "# pifarm:\nauto eth0\n" STANZA("eth0") "# pifarm: end\n"},
    {"dhcpcd gets a profile of its interface", pif_static_address_edit_dhcpcd, "hostname\n",
     "hostname\n# pifarm:\ninterface eth0\nstatic ip_address=10.77.0.11/24\n"
     "static routers=10.77.0.1\nstatic domain_name_servers=10.77.0.1\n# pifarm: end\n"},
};

/* With a newline at its end, where there was one missing. */
static void assert_same_lines(const char *text, const char *expected)
{
    g_autofree char *ended = expected && *expected && !g_str_has_suffix(expected, "\n")
                                 ? g_strconcat(expected, "\n", NULL)
                                 : g_strdup(expected);
    g_assert_cmpstr(text, ==, ended);
}

static void check(gconstpointer data)
{
    const Case *row = data;
    g_autofree char *once = row->edit(row->before, &address);
    g_assert_cmpstr(once, ==, row->after);
    g_autofree char *other = row->edit(once, &another);
    g_autofree char *again = row->edit(other, &address);
    g_assert_nonnull(strstr(other, "10.78.0.12/16"));
    g_assert_null(strstr(other, "10.77"));
    assert_same_lines(again, row->after);
    g_autofree char *without = row->edit(again, NULL);
    assert_same_lines(without, row->before);
}

static void an_empty_file_that_is_not_ours_stays(void)
{
    g_autofree char *text = pif_static_address_edit_interfaces("", NULL);
    g_assert_cmpstr(text, ==, "");
}

typedef struct {
    const char *name; /* a sentence */
    const char *files[6];
    const char *where; /* or part of the error */
} Choice;

#define WANTS "/etc/systemd/system/multi-user.target.wants/"

static const Choice choices[] = {
    {"NetworkManager comes before systemd-networkd, if it is started",
     {WANTS "NetworkManager.service", WANTS "systemd-networkd.service"},
     "/etc/NetworkManager/system-connections/pifarm-lan.nmconnection: 10.77.0.11/24, for "
     "NetworkManager"},
    {"systemd-networkd is told, if it is started",
     {WANTS "systemd-networkd.service", "/etc/network/interfaces"},
     "/etc/systemd/network/05-pifarm-lan.network: 10.77.0.11/24, for systemd-networkd"},
    {"with netplan systemd-networkd is",
     {"/etc/netplan/."},
     "/etc/systemd/network/05-pifarm-lan.network: 10.77.0.11/24, for systemd-networkd"},
    {"dhcpcd is told, if it is started",
     {WANTS "dhcpcd.service", "/etc/dhcpcd.conf"},
     "/etc/dhcpcd.conf: 10.77.0.11/24, for dhcpcd"},
    {"an interface that ifupdown has is ifupdown's",
     {WANTS "NetworkManager.service", "/etc/network/interfaces=iface eth0 inet dhcp\n"},
     "/etc/network/interfaces: 10.77.0.11/24, for ifupdown"},
    {"and so is one in a file of its own",
     {WANTS "NetworkManager.service", "/etc/network/interfaces.d/eth0=iface eth0 inet dhcp\n"},
     "/etc/network/interfaces.d/eth0: 10.77.0.11/24, for ifupdown"},
    {"ifupdown without an interface is better than none",
     {"/etc/network/interfaces=auto lo\n"},
     "/etc/network/interfaces: 10.77.0.11/24, for ifupdown"},
    {"a system with none of them is refused",
     {"/etc/dhcpcd.conf"},
     "starts none of NetworkManager, systemd-networkd, dhcpcd and ifupdown"},
};

static void add_file(const char *file, GHashTable *entries, GHashTable *contents)
{
    PifCardEntry *entry = g_new0(PifCardEntry, 1);
    g_auto(GStrv) parts = g_strsplit(file, "=", 2);
    const char *text = parts[1] ? parts[1] : "";
    entry->mode = S_IFREG | 0644;
    g_hash_table_insert(entries, g_strdup(parts[0]), entry);
    g_hash_table_insert(contents, g_strdup(parts[0]), g_bytes_new(text, strlen(text)));
}

static void chooses(gconstpointer data)
{
    const Choice *row = data;
    g_autofree char *where = NULL;
    g_autoptr(GPtrArray) changes =
        g_ptr_array_new_with_free_func((GDestroyNotify)pif_card_change_free);
    g_autoptr(GHashTable) entries = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    g_autoptr(GHashTable) contents =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_bytes_unref);
    for (const char *const *file = row->files; *file; file++)
        add_file(*file, entries, contents);
    g_autoptr(GError) error = NULL;
    if (!pif_network_config_plan(entries, contents, &address, changes, &where, &error)) {
        g_assert_nonnull(strstr(error->message, row->where));
        return;
    }
    g_assert_cmpstr(where, ==, row->where);
    const PifCardChange *last = changes->pdata[changes->len - 1];
    g_assert_true(g_str_has_prefix(where, last->path));
    g_assert_true(S_ISREG(last->mode));
}

/* A system that uses something else by now. */
static void what_another_program_was_told_is_taken_back(void)
{
    g_autofree char *where = NULL;
    g_autofree char *told = pif_static_address_edit_interfaces("iface eth0 inet dhcp\n", &address);
    g_autofree char *file = g_strconcat("/etc/network/interfaces=", told, NULL);
    g_autoptr(GPtrArray) changes =
        g_ptr_array_new_with_free_func((GDestroyNotify)pif_card_change_free);
    g_autoptr(GHashTable) entries = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    g_autoptr(GHashTable) contents =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_bytes_unref);
    add_file(file, entries, contents);
    add_file("/etc/network/.", entries, contents);
    add_file("/etc/systemd/network/05-pifarm-lan.network=x", entries, contents);
    ok(pif_network_config_plan(entries, contents, NULL, changes, &where, &error));
    g_assert_null(where);
    g_assert_cmpuint(changes->len, ==, 2);
    const PifCardChange *interfaces = changes->pdata[0];
    const PifCardChange *network = changes->pdata[1];
    const char *text = g_bytes_get_data(interfaces->content, NULL);
    g_assert_true(g_str_has_prefix(text, "iface eth0 inet dhcp\n"));
    g_assert_cmpuint(g_bytes_get_size(interfaces->content), ==, strlen("iface eth0 inet dhcp\n"));
    g_assert_cmpstr(network->path, ==, "/etc/systemd/network/05-pifarm-lan.network");
    g_assert_cmpuint(network->mode, ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = g_strconcat("/static-address/", cases[i].name, NULL);
        g_test_add_data_func(path, &cases[i], check);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(choices); i++) {
        g_autofree char *path = g_strconcat("/network-config/", choices[i].name, NULL);
        g_test_add_data_func(path, &choices[i], chooses);
    }
#define TEST(name) g_test_add_func("/static-address/" #name, name)
    TEST(an_empty_file_that_is_not_ours_stays);
    TEST(what_another_program_was_told_is_taken_back);
    return g_test_run();
}
