// SPDX-License-Identifier: MIT
// The domain XML against golden files (PIFARM_REGENERATE=1 writes them) and libvirt's schema.
#include "pifarm/base/command.h"
#include "pifarm/base/file.h"
#include "pifarm/machine/domain.h"

#include <string.h>

static const uint8_t mac[6] = {0xb8, 0x27, 0xeb, 0x12, 0x34, 0x56};

static PifMachineSpec plain_spec(void)
{
    return (PifMachineSpec){
        .name = "lab-n1",
        .farm = "lab",
        .node = "n1",
        .emulator = "/usr/libexec/pifarm/pifarm-qemu",
        .disk = "/var/lib/pifarm/farms/lab/clones/n1.qcow2",
        .kernel = "/var/lib/pifarm/farms/lab/boot/n1/kernel8.img",
        .initramfs = "/var/lib/pifarm/farms/lab/boot/n1/initramfs8",
        .device_tree = "/var/lib/pifarm/farms/lab/boot/n1/bcm2710-rpi-3-b-plus.dtb",
        .command_line = "root=PARTUUID=6c586e13-02 rootwait console=ttyS1,115200",
        .bridge = "pifarm0",
        .tap = "q0tap1",
        .mac = mac,
        .console_log = "/var/lib/pifarm/farms/lab/logs/n1.console.log",
        .kernel_log = "/var/lib/pifarm/farms/lab/logs/n1.kernel.log",
    };
}

static void assert_golden(const char *xml, const char *file)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = g_test_build_filename(G_TEST_DIST, "data", "domain", file, NULL);
    if (g_getenv("PIFARM_REGENERATE"))
        g_assert_true(pif_file_write(path, xml, -1, 0644, &error));
    g_autofree char *golden = NULL;
    pif_file_read(path, 1 << 16, &golden, NULL, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(xml, ==, golden);
}

static void a_node_is_a_raspi3b_with_its_card_tap_and_serial_lines(void)
{
    PifMachineSpec spec = plain_spec();
    g_autofree char *xml = pif_domain_xml(&spec);
    assert_golden(xml, "plain.xml");
}

static void a_card_without_initramfs_on_a_host_with_many_processors(void)
{
    PifMachineSpec spec = plain_spec();
    spec.initramfs = NULL;
    spec.is_multithreaded = TRUE;
    g_autofree char *xml = pif_domain_xml(&spec);
    assert_golden(xml, "no-initramfs.xml");
}

static const uint8_t wan_mac[6] = {0xbe, 0x27, 0xeb, 0x12, 0x34, 0x56};

static void a_wan_is_a_second_adapter_behind_that_of_the_lan(void)
{
    static const char *const forwards[] = {"tcp:127.0.0.1:2201-:22", "udp:0.0.0.0:5301-:53", NULL};
    PifMachineSpec spec = plain_spec();
    spec.wan.mac = wan_mac;
    spec.wan.id = 1;
    spec.wan.forwards = forwards;
    g_autofree char *xml = pif_domain_xml(&spec);
    assert_golden(xml, "wan.xml");
}

static void a_wlan_comes_behind_lan_and_wan(void)
{
    static const uint8_t wlan_mac[6] = {0xb2, 0x27, 0xeb, 0x12, 0x34, 0x56};
    PifMachineSpec spec = plain_spec();
    spec.wan.mac = wan_mac;
    spec.wan.id = 1;
    spec.wlan.mac = wlan_mac;
    spec.wlan.tap = "q1tap1";
    g_autofree char *xml = pif_domain_xml(&spec);
    assert_golden(xml, "wlan.xml");
}

static void text_from_outside_is_escaped(void)
{
    PifMachineSpec spec = plain_spec();
    spec.disk = "/srv/R&D's \"farm\"/<n1>.qcow2";
    spec.command_line = "dyndbg=\"file drivers/usb/* +p\" a=<b> c&d";
    g_autofree char *xml = pif_domain_xml(&spec);
    assert_golden(xml, "escaped.xml");
}

static void every_golden_file_keeps_to_libvirts_schema(void)
{
    static const char *const files[] = {"plain.xml", "no-initramfs.xml", "escaped.xml", "wan.xml",
                                        "wlan.xml"};
    for (size_t i = 0; i < G_N_ELEMENTS(files); i++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *path =
            g_test_build_filename(G_TEST_DIST, "data", "domain", files[i], NULL);
        g_autoptr(PifCommand) command = pif_command_new("virt-xml-validate", path, "domain", NULL);
        pif_command_run(command, NULL, &error);
        g_assert_no_error(error);
    }
}

static char *uuid_of(const char *farm, const char *node)
{
    PifMachineSpec spec = plain_spec();
    spec.farm = farm;
    spec.node = node;
    g_autofree char *xml = pif_domain_xml(&spec);
    const char *begin = strstr(xml, "<uuid>") + strlen("<uuid>");
    return g_strndup(begin, strcspn(begin, "<"));
}

static void a_node_has_the_same_uuid_every_time_and_no_other_node_has_it(void)
{
    g_autofree char *n1 = uuid_of("lab", "n1");
    g_autofree char *again = uuid_of("lab", "n1");
    g_autofree char *n2 = uuid_of("lab", "n2");
    g_autofree char *elsewhere = uuid_of("den", "n1");
    g_assert_true(g_uuid_string_is_valid(n1));
    g_assert_cmpstr(n1, ==, again);
    g_assert_cmpstr(n1, !=, n2);
    g_assert_cmpstr(n1, !=, elsewhere);
}

static void a_guest_gets_four_threads_only_where_all_guests_can_have_them(void)
{
    g_assert_false(pif_domain_wants_threads(2, 0));
    g_assert_true(pif_domain_wants_threads(4, 0));
    g_assert_false(pif_domain_wants_threads(4, 1));
    g_assert_true(pif_domain_wants_threads(64, 15));
    g_assert_false(pif_domain_wants_threads(64, 16));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define TEST(function) g_test_add_func("/domain/" #function, function)
    TEST(a_node_is_a_raspi3b_with_its_card_tap_and_serial_lines);
    TEST(a_card_without_initramfs_on_a_host_with_many_processors);
    TEST(a_wan_is_a_second_adapter_behind_that_of_the_lan);
    TEST(a_wlan_comes_behind_lan_and_wan);
    TEST(text_from_outside_is_escaped);
    TEST(every_golden_file_keeps_to_libvirts_schema);
    TEST(a_node_has_the_same_uuid_every_time_and_no_other_node_has_it);
    TEST(a_guest_gets_four_threads_only_where_all_guests_can_have_them);
    return g_test_run();
}
