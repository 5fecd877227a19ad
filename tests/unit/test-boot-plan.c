// SPDX-License-Identifier: MIT
// From config.txt and what files there are to what is booted.
#include "hw/firmware/boot-planner.h"
#include "tests/lib/boot-files.h"
#include "tests/lib/ok.h"

typedef struct {
    const char *name; /* a sentence */
    const char *config;
    const char *files; /* of the boot partition, separated by blanks */
    const char *plan;  /* "MODE kernel initramfs,... device-tree command-line-file", "-": none; or
                          the problem */
} Case;

#define DTB "bcm2710-rpi-3-b-plus.dtb"
#define MAINLINE_DTB "bcm2837-rpi-3-b-plus.dtb"

static const Case cases[] = {
    {"a 64-bit Raspberry Pi OS boots its kernel8.img with initramfs8",
     "auto_initramfs=1\narm_64bit=1\n",
     "kernel7.img kernel8.img initramfs7 initramfs8 " DTB " cmdline.txt",
     "64 kernel8.img initramfs8 " DTB " cmdline.txt"},
    {"a 32-bit Raspberry Pi OS boots its kernel7.img with initramfs7", "auto_initramfs=1\n",
     "kernel.img kernel7.img kernel8.img initramfs initramfs7 initramfs8 " DTB " cmdline.txt",
     "32 kernel7.img initramfs7 " DTB " cmdline.txt"},
    {"without config.txt the defaults are taken", "", "kernel8.img " DTB " cmdline.txt",
     "64 kernel8.img - " DTB " cmdline.txt"},
    {"kernel8-32.img comes first of the 32-bit ones", "",
     "kernel8-32.img kernel7.img kernel8.img " DTB " cmdline.txt",
     "32 kernel8-32.img - " DTB " cmdline.txt"},
    {"kernel.img comes before a 64-bit one, too", "", "kernel.img kernel8.img " DTB " cmdline.txt",
     "32 kernel.img - " DTB " cmdline.txt"},
    {"kernel7l.img is a Pi 4's", "", "kernel7l.img kernel8.img " DTB " cmdline.txt",
     "64 kernel8.img - " DTB " cmdline.txt"},
    {"arm_64bit=0 is the default", "arm_64bit=0\n", "kernel7.img kernel8.img " DTB " cmdline.txt",
     "32 kernel7.img - " DTB " cmdline.txt"},
    {"the name kernel8.img sets the mode", "kernel=kernel8.img\n",
     "kernel7.img kernel8.img " DTB " cmdline.txt", "64 kernel8.img - " DTB " cmdline.txt"},
    {"the name kernel7.img sets it whatever arm_64bit says", "arm_64bit=1\nkernel=kernel7.img\n",
     "kernel7.img kernel8.img " DTB " cmdline.txt", "32 kernel7.img - " DTB " cmdline.txt"},
    {"a name that says nothing starts in 32-bit mode", "kernel=Image\n",
     "Image kernel8.img " DTB " cmdline.txt", "32 Image - " DTB " cmdline.txt"},
    {"and in 64-bit mode with arm_64bit", "kernel=Image\narm_64bit=1\n",
     "Image kernel8.img " DTB " cmdline.txt", "64 Image - " DTB " cmdline.txt"},
    {"an empty kernel= names none", "kernel=\n", "kernel8.img " DTB " cmdline.txt",
     "64 kernel8.img - " DTB " cmdline.txt"},

    {"an automatic initramfs may be missing", "auto_initramfs=1\n",
     "kernel8.img " DTB " cmdline.txt", "64 kernel8.img - " DTB " cmdline.txt"},
    {"a kernel of another name has no automatic initramfs",
     "auto_initramfs=1\nkernel=vmlinuz\narm_64bit=1\n", "vmlinuz initramfs8 " DTB " cmdline.txt",
     "64 vmlinuz - " DTB " cmdline.txt"},
    {"the automatic initramfs lies in the kernel's folder",
     "auto_initramfs=1\nkernel=a/kernel8.img\n",
     "a/kernel8.img a/initramfs8 initramfs8 " DTB " cmdline.txt",
     "64 a/kernel8.img a/initramfs8 " DTB " cmdline.txt"},
    {"an initramfs named goes before the automatic one",
     "auto_initramfs=1\ninitramfs own followkernel\n",
     "kernel8.img initramfs8 own " DTB " cmdline.txt", "64 kernel8.img own " DTB " cmdline.txt"},
    {"Debian's raspi-firmware names kernel and initramfs",
     "arm_64bit=1\nkernel=vmlinuz-6.1.0-56-arm64\ninitramfs initrd.img-6.1.0-56-arm64\n",
     "vmlinuz-6.1.0-56-arm64 initrd.img-6.1.0-56-arm64 " MAINLINE_DTB " cmdline.txt",
     "64 vmlinuz-6.1.0-56-arm64 initrd.img-6.1.0-56-arm64 " MAINLINE_DTB " cmdline.txt"},
    {"ramfsfile names an initramfs too", "ramfsfile=i.gz\n", "kernel8.img i.gz " DTB " cmdline.txt",
     "64 kernel8.img i.gz " DTB " cmdline.txt"},
    {"of initramfs and ramfsfile the last counts, 1", "ramfsfile=a\ninitramfs b 0\n",
     "kernel8.img a b " DTB " cmdline.txt", "64 kernel8.img b " DTB " cmdline.txt"},
    {"of initramfs and ramfsfile the last counts, 2", "initramfs b 0\nramfsfile=a\n",
     "kernel8.img a b " DTB " cmdline.txt", "64 kernel8.img a " DTB " cmdline.txt"},
    {"several initramfs keep their order", "initramfs b,a followkernel\n",
     "kernel8.img a b " DTB " cmdline.txt", "64 kernel8.img b,a " DTB " cmdline.txt"},

    {"the downstream device tree comes first", "",
     "kernel8.img " MAINLINE_DTB " " DTB " cmdline.txt", "64 kernel8.img - " DTB " cmdline.txt"},
    {"the device tree of the 3 B serves when there is no other", "",
     "kernel8.img bcm2837-rpi-3-b.dtb cmdline.txt",
     "64 kernel8.img - bcm2837-rpi-3-b.dtb cmdline.txt"},
    {"device_tree names another", "device_tree=my.dtb\n", "kernel8.img my.dtb " DTB " cmdline.txt",
     "64 kernel8.img - my.dtb cmdline.txt"},
    {"a 32-bit kernel may do without a device tree", "device_tree=\n",
     "kernel7.img " DTB " cmdline.txt", "32 kernel7.img - - cmdline.txt"},
    {"cmdline names another", "cmdline=quiet.txt\n", "kernel8.img " DTB " cmdline.txt quiet.txt",
     "64 kernel8.img - " DTB " quiet.txt"},
    {"FAT knows no case", "kernel=Kernel8.IMG\nauto_initramfs=1\n",
     "KERNEL8.IMG INITRAMFS8 " DTB " CMDLINE.TXT", "64 KERNEL8.IMG INITRAMFS8 " DTB " CMDLINE.TXT"},

    {"os_prefix goes before all names", "os_prefix=new/\nauto_initramfs=1\n",
     "kernel8.img " DTB " cmdline.txt new/kernel8.img new/initramfs8 new/" DTB " new/cmdline.txt",
     "64 new/kernel8.img new/initramfs8 new/" DTB " new/cmdline.txt"},
    {"os_prefix need not be a folder", "os_prefix=new-\nauto_initramfs=1\n",
     "kernel8.img " DTB " cmdline.txt new-kernel8.img new-initramfs8 new-" DTB " new-cmdline.txt",
     "64 new-kernel8.img new-initramfs8 new-" DTB " new-cmdline.txt"},
    {"os_prefix without a kernel there does not count", "os_prefix=new/\n",
     "kernel8.img " DTB " cmdline.txt new/cmdline.txt new/" DTB,
     "64 kernel8.img - " DTB " cmdline.txt"},
    {"os_prefix without a device tree there does not count", "os_prefix=new/\n",
     "kernel8.img " DTB " cmdline.txt new/cmdline.txt new/kernel8.img",
     "64 kernel8.img - " DTB " cmdline.txt"},
    {"a name with a slash first takes no prefix", "os_prefix=new/\ncmdline=/cmdline.txt\n",
     "cmdline.txt new/kernel8.img new/" DTB, "64 new/kernel8.img - new/" DTB " cmdline.txt"},
    {"upstream_kernel looks in upstream and for mainline's names", "upstream_kernel=1\n",
     "kernel8.img cmdline.txt " DTB " upstream/kernel8.img upstream/" MAINLINE_DTB
     " upstream/cmdline.txt",
     "64 upstream/kernel8.img - upstream/" MAINLINE_DTB " upstream/cmdline.txt"},
    {"an os_prefix of one's own goes before upstream's", "upstream_kernel=1\nos_prefix=my/\n",
     "kernel8.img cmdline.txt " DTB " my/kernel8.img my/" MAINLINE_DTB " my/cmdline.txt",
     "64 my/kernel8.img - my/" MAINLINE_DTB " my/cmdline.txt"},
    {"upstream_kernel makes do with the downstream device tree", "upstream_kernel=1\n",
     "kernel8.img cmdline.txt " DTB, "64 kernel8.img - " DTB " cmdline.txt"},

    {"a card without a kernel does not boot", "", DTB " cmdline.txt",
     "no kernel8.img on the boot partition, and config.txt names no kernel"},
    {"arm_64bit wants a 64-bit kernel", "arm_64bit=1\n", "kernel7.img " DTB " cmdline.txt",
     "no kernel8.img on the boot partition, and config.txt names no kernel"},
    {"a named kernel must be there", "kernel=my.img\n", "kernel8.img " DTB " cmdline.txt",
     "config.txt names the kernel 'my.img', which is not on the boot partition"},
    {"a named initramfs must be there", "initramfs a,b followkernel\n",
     "a kernel8.img " DTB " cmdline.txt",
     "config.txt names the initramfs 'b', which is not on the boot partition"},
    {"a card without a device tree does not boot", "",
     "kernel8.img bcm2711-rpi-4-b.dtb cmdline.txt",
     "no device tree of a Pi 3 B+ (" DTB ") on the boot partition"},
    {"a named device tree must be there", "device_tree=my.dtb\n", "kernel8.img cmdline.txt " DTB,
     "config.txt names the device tree 'my.dtb', which is not on the boot partition"},
    {"a 64-bit kernel does not boot without a device tree", "device_tree=\n",
     "kernel8.img " DTB " cmdline.txt",
     "config.txt switches the device tree off ('device_tree='); a 64-bit kernel needs one"},
    {"a card without a command line does not boot", "", "kernel8.img " DTB,
     "the kernel's command line 'cmdline.txt' is not on the boot partition"},
};

static PifBootPlan *make_plan(GHashTable *files, const char *config, const PifBoard *board)
{
    PifBoard plain = pif_board_new(0x1234abcd);
    PifBootPlan *plan = NULL;
    if (config)
        boot_files_put(files, "config.txt", config, strlen(config));
    g_autoptr(PifBootSource) source = boot_files_source(files, NULL);
    ok(plan = pif_boot_plan_make(source, board ? board : &plain, &error));
    return plan;
}

static char *describe(const PifBootPlan *plan)
{
    g_autofree char *initramfs = g_strjoinv(",", plan->initramfs);
    if (plan->problem)
        return g_strdup(plan->problem);
    return g_strdup_printf("%s %s %s %s %s", plan->is_64bit ? "64" : "32", plan->kernel,
                           *initramfs ? initramfs : "-",
                           plan->device_tree ? plan->device_tree : "-", plan->command_line_file);
}

static void check_case(gconstpointer data)
{
    const Case *row = data;
    g_autoptr(PifBootPlan) plan = make_plan(boot_files_parse(row->files), row->config, NULL);
    g_autofree char *shown = describe(plan);
    g_assert_cmpstr(shown, ==, row->plan);
}

/* The decisions about `what`: "value file:line why" each, with newlines between. */
static char *decisions_about(const PifBootPlan *plan, const char *what)
{
    GString *all = g_string_new(NULL);
    for (guint i = 0; i < plan->decisions->len; i++) {
        const PifBootDecision *decision = g_ptr_array_index(plan->decisions, i);
        if (!g_str_equal(decision->what, what))
            continue;
        g_string_append_printf(all, "%s%s %s:%u %s", all->len ? "\n" : "",
                               decision->value ? decision->value : "-",
                               decision->file ? decision->file : "-", decision->line,
                               decision->why ? decision->why : "-");
    }
    return g_string_free(all, FALSE);
}

static void assert_decided(const PifBootPlan *plan, const char *what, const char *expected)
{
    g_autofree char *decided = decisions_about(plan, what);
    g_assert_cmpstr(decided, ==, expected);
}

#define FILES "kernel8.img " DTB " cmdline.txt"

static void each_decision_names_the_line_that_made_it(void)
{
    GHashTable *files = boot_files_parse("old.img new.img " DTB " cmdline.txt");
    boot_files_put(files, "more.txt", "\nkernel=new.img\n", 16);
    g_autoptr(PifBootPlan) plan =
        make_plan(files, "arm_64bit=1\nkernel=old.img\ninclude more.txt\n", NULL);
    assert_decided(plan, "configuration", "config.txt -:0 -");
    assert_decided(plan, "kernel", "new.img more.txt:2 -");
    assert_decided(plan, "mode", "64-bit config.txt:1 arm_64bit says which mode");
    assert_decided(plan, "device tree", DTB " -:0 that of a 3 B+");
}

static void an_initramfs_lies_where_its_line_says(void)
{
    static const struct {
        const char *config;
        const char *decision;
    } rows[] = {
        {"initramfs i followkernel\n", "i config.txt:1 loaded behind the kernel"},
        {"initramfs i 0\n", "i config.txt:1 loaded behind the kernel"},
        {"initramfs i\n", "i config.txt:1 loaded behind the kernel"},
        {"initramfs i 0x00800000\n", "i config.txt:1 loaded to 0x00800000"},
        {"ramfsfile=i\nramfsaddr=0x00900000\n", "i config.txt:1 loaded to 0x00900000"},
        {"auto_initramfs=1\n", "initramfs8 config.txt:1 beside the kernel"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(PifBootPlan) plan =
            make_plan(boot_files_parse("i initramfs8 " FILES), rows[i].config, NULL);
        assert_decided(plan, "initramfs", rows[i].decision);
    }
}

static void the_firmware_is_chosen_by_four_keys(void)
{
    static const struct {
        const char *config;
        const char *files;
    } rows[] = {
        {"", "start.elf fixup.dat"},
        {"start_x=1\n", "start_x.elf fixup_x.dat"},
        {"start_debug=1\n", "start_db.elf fixup_db.dat"},
        {"start_x=0\n", "start.elf fixup.dat"},
        {"gpu_mem=16\n", "start_cd.elf fixup_cd.dat"},
        {"gpu_mem=16\nstart_x=1\n", "start_x.elf fixup_x.dat"},
        {"start_file=a.elf\nfixup_file=a.dat\n", "a.elf a.dat"},
        {"[pi4]\nstart_x=1\n", "start.elf fixup.dat"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(PifBootPlan) plan = make_plan(boot_files_parse(FILES), rows[i].config, NULL);
        g_autofree char *files = g_strjoin(" ", plan->start_file, plan->fixup_file, NULL);
        g_assert_cmpstr(files, ==, rows[i].files);
    }
}

static void memory_is_what_the_gpu_leaves(void)
{
    static const struct {
        const char *config;
        unsigned memory_mib;
    } rows[] = {
        {"", 948},
        {"gpu_mem=128\n", 896},
        {"gpu_mem=128\ngpu_mem_1024=64\n", 960},
        {"total_mem=512\n", 436},
        {"total_mem=512\ngpu_mem_1024=64\n", 436},
        {"total_mem=8192\n", 948},
        {"gpu_mem=1\n", 1008},
        {"gpu_mem=100000\n", 64},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(PifBootPlan) plan = make_plan(boot_files_parse(FILES), rows[i].config, NULL);
        g_assert_cmpuint(plan->arm_memory_mib, ==, rows[i].memory_mib);
    }
}

static void kernels_have_their_addresses(void)
{
    static const struct {
        const char *config;
        guint64 address;
    } rows[] = {
        {"arm_64bit=1\n", 0x200000},
        {"kernel=kernel7.img\n", 0x8000},
        {"kernel=kernel7.img\nkernel_old=1\n", 0},
        {"arm_64bit=1\nkernel_address=0x80000\n", 0x80000},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(PifBootPlan) plan =
            make_plan(boot_files_parse("kernel7.img " FILES), rows[i].config, NULL);
        g_assert_cmphex(plan->kernel_address, ==, rows[i].address);
    }
}

static void a_tryboot_reads_another_file(void)
{
    PifBoard board = pif_board_new(1);
    GHashTable *files = boot_files_parse("new.img tryboot.txt " FILES);
    board.is_tryboot = TRUE;
    boot_files_put(files, "tryboot.txt", "arm_64bit=1\nkernel=new.img\n", 27);
    g_autoptr(PifBootPlan) plan = make_plan(files, "kernel=kernel8.img\n", &board);
    assert_decided(plan, "configuration", "tryboot.txt -:0 a tryboot");
    assert_decided(plan, "kernel", "new.img tryboot.txt:2 -");
}

static PifBootPlan *plan_a_b(const char *autoboot, const char *second_files, const PifBoard *board)
{
    GHashTable *first = boot_files_parse("one.img " FILES);
    GHashTable *second = second_files ? boot_files_parse(second_files) : NULL;
    PifBootPlan *plan = NULL;
    boot_files_put(first, "autoboot.txt", autoboot, strlen(autoboot));
    boot_files_put(first, "config.txt", "arm_64bit=1\nkernel=one.img\n", 27);
    if (second)
        boot_files_put(second, "config.txt", "arm_64bit=1\nkernel=two.img\n", 27);
    g_autoptr(PifBootSource) source = boot_files_source(first, second);
    ok(plan = pif_boot_plan_make(source, board, &error));
    return plan;
}

static void autoboot_txt_names_the_partition(void)
{
    static const char text[] =
        "[all]\ntryboot_a_b=1\nboot_partition=1\n[tryboot]\nboot_partition=2\n";
    PifBoard board = pif_board_new(1);
    g_autoptr(PifBootPlan) plain = plan_a_b(text, "two.img " FILES, &board);
    board.is_tryboot = TRUE;
    g_autoptr(PifBootPlan) try = plan_a_b(text, "two.img " FILES, &board);
    g_assert_cmpstr(plain->kernel, ==, "one.img");
    g_assert_cmpstr(try->kernel, ==, "two.img");
    g_assert_cmpuint(try->board.boot_partition, ==, 2);
    assert_decided(try, "partition", "2 autoboot.txt:5 -");
    assert_decided(try, "configuration", "config.txt autoboot.txt:2 -");
}

static void reboot_goes_before_autoboot_txt(void)
{
    PifBoard board = pif_board_new(1);
    board.partition = 1;
    g_autoptr(PifBootPlan) plan = plan_a_b("boot_partition=2\n", "two.img " FILES, &board);
    g_assert_cmpstr(plan->kernel, ==, "one.img");
}

static void a_partition_that_cannot_be_booted_means_the_first(void)
{
    PifBoard board = pif_board_new(1);
    g_autoptr(PifBootPlan) plan = plan_a_b("boot_partition=2\n", NULL, &board);
    g_assert_cmpstr(plan->kernel, ==, "one.img");
    assert_decided(plan, "partition",
                   "1 autoboot.txt:1 partition 2 cannot be booted from on the boot partition");
}

static void only_512_bytes_of_autoboot_txt_are_read(void)
{
    PifBoard board = pif_board_new(1);
    g_autofree char *padding = g_strnfill(600, '#');
    g_autofree char *text = g_strconcat(padding, "\nboot_partition=2\n", NULL);
    g_autoptr(PifBootPlan) plan = plan_a_b(text, "two.img " FILES, &board);
    g_assert_cmpstr(plan->kernel, ==, "one.img");
}

static PifBootPlan *plan_with_line(const char *line, gsize size, const char *config)
{
    GHashTable *files = boot_files_parse(FILES);
    boot_files_put(files, "cmdline.txt", line, size);
    return make_plan(files, config, NULL);
}

static void the_command_line_is_the_first_line_with_its_ports_named(void)
{
    static const struct {
        const char *line;
        const char *config;
        const char *whole;
    } rows[] = {
        {"root=a rootwait\nmore\n", "", "8250.nr_uarts=0 root=a rootwait"},
        {"root=a\r\n", "enable_uart=1\n", "8250.nr_uarts=1 root=a"},
        {"console=serial0,115200 console=tty1", "", //
         "8250.nr_uarts=0 console=ttyS0,115200 console=tty1"},
        {"console=serial1 kgdboc=serial0,9600", "",
         "8250.nr_uarts=0 console=ttyAMA0 kgdboc=ttyS0,9600"},
        {"console=serial01 xconsole=serial0", "",
         "8250.nr_uarts=0 console=serial01 xconsole=serial0"},
        {"quiet -- console=serial0", "", "8250.nr_uarts=0 quiet -- console=serial0"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(PifBootPlan) plan =
            plan_with_line(rows[i].line, strlen(rows[i].line), rows[i].config);
        g_assert_cmpstr(plan->command_line, ==, rows[i].whole);
    }
}

static void a_command_line_that_is_none_is_refused(void)
{
    g_autoptr(PifBootPlan) empty = plan_with_line(" \n", 2, "");
    g_autoptr(PifBootPlan) binary = plan_with_line("a\001b", 3, "");
    g_assert_cmpstr(empty->problem, ==, "the kernel's command line 'cmdline.txt' is empty");
    g_assert_cmpstr(binary->problem, ==,
                    "the kernel's command line 'cmdline.txt' has control characters in it");
}

static void a_damaged_device_tree_is_a_problem(void)
{
    GHashTable *files = boot_files_parse(FILES);
    boot_files_put(files, DTB, "no tree", 7);
    g_autoptr(PifBootPlan) plan = make_plan(files, "", NULL);
    g_assert_true(g_str_has_prefix(plan->problem, "the device tree '" DTB "' is no device tree"));
}

static void a_source_that_fails_is_an_error(void)
{
    PifBoard board = pif_board_new(1);
    GHashTable *files = boot_files_parse(FILES);
    boot_files_put(files, "config.txt", "kernel=broken\n", 14);
    g_autoptr(PifBootSource) source = boot_files_source(files, NULL);
    fails(PIF_ERROR_TIMEOUT, "no answer", pif_boot_plan_make(source, &board, &error));
}

#define TEST(function) g_test_add_func("/boot-plan/" #function, function)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = g_strconcat("/boot-plan/", cases[i].name, NULL);
        g_test_add_data_func(path, &cases[i], check_case);
    }
    TEST(each_decision_names_the_line_that_made_it);
    TEST(an_initramfs_lies_where_its_line_says);
    TEST(the_firmware_is_chosen_by_four_keys);
    TEST(memory_is_what_the_gpu_leaves);
    TEST(kernels_have_their_addresses);
    TEST(a_tryboot_reads_another_file);
    TEST(autoboot_txt_names_the_partition);
    TEST(reboot_goes_before_autoboot_txt);
    TEST(a_partition_that_cannot_be_booted_means_the_first);
    TEST(only_512_bytes_of_autoboot_txt_are_read);
    TEST(the_command_line_is_the_first_line_with_its_ports_named);
    TEST(a_command_line_that_is_none_is_refused);
    TEST(a_damaged_device_tree_is_a_problem);
    TEST(a_source_that_fails_is_an_error);
    return g_test_run();
}
