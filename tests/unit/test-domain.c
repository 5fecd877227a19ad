// SPDX-License-Identifier: MIT
// The domain XML against golden files (PIFARM_REGENERATE=1 writes them) and libvirt's schema; the
// command line by a table.
#include "hw/firmware/qemu.h"
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

#define TAIL                                                                                       \
    "modprobe.blacklist=cdc_subset watchdog_disarm=0 systemd.watchdog_sec=0 "                      \
    "dwc_otg.lpm_enable=0 dwc_otg.fiq_enable=0 dwc_otg.fiq_fsm_enable=0 8250.nr_uarts=4 "          \
    "console=ttyS1,115200"

static const struct {
    const char *what;
    const char *on_card;
    const char *for_qemu;
} command_lines[] = {
    {"an empty line becomes what QEMU needs", "", TAIL},
    {"Debian's line keeps its own arguments",
     "console=tty0 console=ttyS1,115200 root=/dev/mmcblk0p2 rw fsck.repair=yes net.ifnames=0 "
     "cma=64M rootwait\n",
     "console=tty0 root=/dev/mmcblk0p2 rw fsck.repair=yes net.ifnames=0 cma=64M rootwait " TAIL},
    {"RaspiOS's line: serial0 is the mini UART, PARTUUID and quiet stay",
     "console=serial0,115200 console=tty1 root=PARTUUID=6c586e13-02 rootfstype=ext4 "
     "fsck.repair=yes rootwait quiet init=/usr/lib/raspberrypi-sys-mods/firstboot",
     "console=ttyS0,115200 console=tty1 root=PARTUUID=6c586e13-02 rootfstype=ext4 "
     "fsck.repair=yes rootwait quiet init=/usr/lib/raspberrypi-sys-mods/firstboot " TAIL},
    {"serial1 is the PL011", "console=serial1,115200 kgdboc=serial1", //
     "console=ttyAMA0,115200 kgdboc=ttyAMA0 " TAIL},
    {"a name that only begins like an alias is left alone", "console=serial01 console=ttyS10",
     "console=serial01 console=ttyS10 " TAIL},
    {"the login console keeps the last place whatever its speed",
     "console=ttyS1,9600n8 console=tty1", "console=tty1 " TAIL},
    {"a console named twice keeps its last place", "console=tty1 console=ttyAMA0 console=tty1",
     "console=ttyAMA0 console=tty1 " TAIL},
    {"any other argument given twice keeps its first place", "quiet rootwait quiet",
     "quiet rootwait " TAIL},
    {"the card's own blacklist stays beside ours", "modprobe.blacklist=vc4,bluetooth",
     "modprobe.blacklist=vc4,bluetooth " TAIL},
    {"a watchdog asked for on the card is not started here",
     "systemd.watchdog_sec=15 watchdog_disarm=1 bcm2835_wdt.nowayout=1",
     "bcm2835_wdt.nowayout=1 " TAIL},
    {"arguments already right are not doubled", TAIL, TAIL},
    {"init's own arguments stay behind the double dash", "rootwait -- single quiet quiet",
     "rootwait " TAIL " -- single quiet quiet"},
    {"quoted blanks do not end an argument", "dyndbg=\"file usb* +p\"  quiet",
     "dyndbg=\"file usb* +p\" quiet " TAIL},
    {"line ends and bytes that are no text end an argument", "rootwait\r\n\001quiet\t",
     "rootwait quiet " TAIL},
};

static void a_command_line_becomes_what_the_table_says(gconstpointer data)
{
    gsize i = GPOINTER_TO_SIZE(data);
    g_autofree char *line = pif_qemu_command_line(command_lines[i].on_card);
    g_assert_cmpstr(line, ==, command_lines[i].for_qemu);
}

static void a_command_line_made_twice_is_the_same(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(command_lines); i++) {
        g_autofree char *once = pif_qemu_command_line(command_lines[i].on_card);
        g_autofree char *twice = pif_qemu_command_line(once);
        g_assert_cmpstr(once, ==, twice);
    }
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
    TEST(a_command_line_made_twice_is_the_same);
    TEST(a_guest_gets_four_threads_only_where_all_guests_can_have_them);
    for (size_t i = 0; i < G_N_ELEMENTS(command_lines); i++) {
        g_autofree char *path = g_strdup_printf("/command-line/%s", command_lines[i].what);
        g_test_add_data_func(path, GSIZE_TO_POINTER(i), a_command_line_becomes_what_the_table_says);
    }
    return g_test_run();
}
