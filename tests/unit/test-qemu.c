// SPDX-License-Identifier: MIT
// What is changed in a boot plan for QEMU's board: the command line by a table, the device tree by
// example.
#include "hw/firmware/boot-planner.h"
#include "hw/firmware/qemu.h"

#include "hw/firmware/device-tree.h"
#include "tests/lib/boot-files.h"
#include "tests/lib/ok.h"

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
    {"RaspiOS's line: PARTUUID and quiet stay",
     "8250.nr_uarts=0 console=ttyS0,115200 console=tty1 root=PARTUUID=6c586e13-02 rootfstype=ext4 "
     "fsck.repair=yes rootwait quiet init=/usr/lib/raspberrypi-sys-mods/firstboot",
     "console=ttyS0,115200 console=tty1 root=PARTUUID=6c586e13-02 rootfstype=ext4 "
     "fsck.repair=yes rootwait quiet init=/usr/lib/raspberrypi-sys-mods/firstboot " TAIL},
    {"a name that only begins like the console is left alone", "console=ttyS10", //
     "console=ttyS10 " TAIL},
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

#define DTB "bcm2710-rpi-3-b-plus.dtb"

/* vc4: the status of a display in the device tree, or NULL for a tree without one. */
static PifBootPlan *make_plan(const char *kernel, const char *vc4, const PifBoard *board)
{
    guint8 blob[1024];
    PifBootPlan *plan = NULL;
    g_autofree char *names = g_strconcat(kernel, " cmdline.txt", NULL);
    GHashTable *files = boot_files_parse(names);
    fdt_create_empty_tree(blob, sizeof blob);
    g_autoptr(PifDeviceTree) tree = pif_device_tree_new(blob, sizeof blob, NULL);
    if (vc4) {
        int node = pif_device_tree_make_node(tree, "/soc/gpu");
        pif_device_tree_set_text(tree, node, "compatible", "brcm,bcm2835-vc4");
        pif_device_tree_set_text(tree, node, "status", vc4);
    }
    g_autoptr(GBytes) packed = pif_device_tree_pack(tree);
    gsize size;
    const void *content = g_bytes_get_data(packed, &size);
    boot_files_put(files, DTB, content, size);
    g_autoptr(PifBootSource) source = boot_files_source(files, NULL);
    ok(plan = pif_boot_plan_make(source, board, &error));
    return plan;
}

static const PifQemuChange *find_change(const PifQemuBoot *boot, const char *what)
{
    for (guint i = 0; i < boot->changes->len; i++) {
        const PifQemuChange *change = g_ptr_array_index(boot->changes, i);
        if (g_str_equal(change->what, what))
            return change;
    }
    return NULL;
}

static gboolean has_property(GBytes *tree, const char *path, const char *property)
{
    const void *blob = g_bytes_get_data(tree, NULL);
    int node = fdt_path_offset(blob, path);
    return node >= 0 && fdt_getprop(blob, node, property, NULL);
}

static void only_64_bit_kernels_start(void)
{
    PifBoard board = pif_board_new(1);
    g_autoptr(PifBootPlan) plan = make_plan("kernel7.img", NULL, &board);
    g_assert_null(plan->problem);
    fails(PIF_ERROR_CONFIG, "a Pi 3 would start kernel7.img in 32-bit mode",
          pif_qemu_boot_new(plan, &error));
}

static void a_plan_with_a_problem_does_not_start(void)
{
    PifBoard board = pif_board_new(1);
    g_autoptr(PifBootPlan) plan = make_plan("nothing", NULL, &board);
    fails(PIF_ERROR_CONFIG, "no kernel8.img", pif_qemu_boot_new(plan, &error));
}

static void each_argument_is_listed_with_its_reason(void)
{
    PifBoard board = pif_board_new(1);
    g_autoptr(PifBootPlan) plan = make_plan("kernel8.img", NULL, &board);
    g_autoptr(PifQemuBoot) boot = NULL;
    ok(boot = pif_qemu_boot_new(plan, &error));
    g_assert_cmpstr(boot->command_line, ==, "quiet " TAIL);
    guint arguments = 0;
    for (guint i = 0; i < boot->changes->len; i++) {
        const PifQemuChange *change = g_ptr_array_index(boot->changes, i);
        g_assert_true(*change->why);
        if (g_str_equal(change->what, "argument")) {
            g_assert_nonnull(strstr(TAIL, change->value));
            arguments++;
        }
    }
    g_assert_cmpuint(arguments, ==, 8);
}

static void the_display_is_switched_off(void)
{
    PifBoard board = pif_board_new(1);
    g_autoptr(PifBootPlan) on = make_plan("kernel8.img", "okay", &board);
    g_autoptr(PifBootPlan) off = make_plan("kernel8.img", "disabled", &board);
    g_autoptr(PifQemuBoot) changed = NULL;
    g_autoptr(PifQemuBoot) same = NULL;
    ok(changed = pif_qemu_boot_new(on, &error));
    ok(same = pif_qemu_boot_new(off, &error));
    g_assert_cmpstr(find_change(changed, "disabled")->value, ==, "brcm,bcm2835-vc4");
    g_assert_null(find_change(same, "disabled"));
    const void *blob = g_bytes_get_data(changed->tree, NULL);
    int node = fdt_path_offset(blob, "/soc/gpu");
    g_assert_cmpstr(fdt_getprop(blob, node, "status", NULL), ==, "disabled");
}

static void a_kernel_stays_in_its_place_but_has_its_random_bytes(void)
{
    guint8 seed[PIF_BOARD_SEED_SIZE] = {1, 2, 3};
    PifBoard board = pif_board_new(1);
    g_autoptr(PifQemuBoot) boot = NULL;
    board.seed = seed;
    g_autoptr(PifBootPlan) plan = make_plan("kernel8.img", NULL, &board);
    ok(boot = pif_qemu_boot_new(plan, &error));
    g_assert_true(has_property(plan->tree, "/chosen", "kaslr-seed"));
    g_assert_true(has_property(plan->tree, "/chosen", "rng-seed"));
    g_assert_false(has_property(boot->tree, "/chosen", "kaslr-seed"));
    g_assert_true(has_property(boot->tree, "/chosen", "rng-seed"));
    g_assert_cmpstr(find_change(boot, "removed")->value, ==, "/chosen/kaslr-seed");
}

#define TEST(function) g_test_add_func("/qemu/" #function, function)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(command_lines); i++) {
        g_autofree char *path = g_strdup_printf("/command-line/%s", command_lines[i].what);
        g_test_add_data_func(path, GSIZE_TO_POINTER(i), a_command_line_becomes_what_the_table_says);
    }
    TEST(a_command_line_made_twice_is_the_same);
    TEST(only_64_bit_kernels_start);
    TEST(a_plan_with_a_problem_does_not_start);
    TEST(each_argument_is_listed_with_its_reason);
    TEST(the_display_is_switched_off);
    TEST(a_kernel_stays_in_its_place_but_has_its_random_bytes);
    return g_test_run();
}
