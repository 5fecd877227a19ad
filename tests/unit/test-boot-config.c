// SPDX-License-Identifier: MIT
// config.txt as the firmware of a Pi 3 reads it.
#include "hw/firmware/boot-config.h"
#include "hw/firmware/config-keys.h"

#include <string.h>

#define X10 "1234567890"
#define X80 X10 X10 X10 X10 X10 X10 X10 X10

typedef struct {
    const char *name; /* a sentence */
    const char *text;
    const char *key;
    const char *value; /* NULL: not set */
} Case;

/* The board: a 3 B+ of serial number 0x1234abcd with the monitor VSC-TD2220, GPIO 4 high (as it is
 * with nothing connected), GPIO 17 low. */
static const Case cases[] = {
    {"a key has the value behind the equals sign", "kernel=a.img\n", "kernel", "a.img"},
    {"a key never set has no value", "kernel=a.img\n", "cmdline", NULL},
    {"an empty value is a value", "device_tree=\n", "device_tree", ""},
    {"the last value of a key wins", "kernel=a\nkernel=b\n", "kernel", "b"},
    {"the last line needs no newline", "kernel=a", "kernel", "a"},
    {"carriage returns do not count", "kernel=a\r\narm_64bit=1\r\n", "kernel", "a"},
    {"blanks behind a value do not count", "kernel=a \t\n", "kernel", "a"},
    {"blanks before a key do not count", " \tkernel=a\n", "kernel", "a"},
    {"blanks before a section do not count", "  [pi4]\nkernel=a\n", "kernel", NULL},
    {"a value keeps its equals signs", "dtparam=spi=on\n", "dtparam", "spi=on"},
    {"a hash at the beginning makes a comment", "#kernel=a\n", "kernel", NULL},
    {"a hash behind blanks makes a comment", "  #kernel=a\n", "kernel", NULL},
    {"a hash further on belongs to the value", "kernel=a#b\n", "kernel", "a#b"},
    {"keys have a case", "Kernel=a\n", "kernel", NULL},
    {"a space before the equals sign belongs to the key", "kernel =a\n", "kernel", NULL},
    {"a space behind the equals sign belongs to the value", "kernel= a\n", "kernel", " a"},
    {"an unknown key is kept", "frobnicate=1\n", "frobnicate", "1"},
    {"98 characters of a line count", "cmdline=" X80 X10 "\n", "cmdline", X80 X10},
    {"what is behind column 98 is cut off", "cmdline=" X80 X10 "x\n", "cmdline", X80 X10},
    {"a carriage return in column 99 cuts nothing", "cmdline=" X80 X10 "\r\n", "cmdline", X80 X10},
    {"a comment goes on behind column 98", "#" X80 X10 X10 "\nkernel=a\n", "kernel", "a"},
    {"text behind a NUL does not count", "kernel=a\n\0kernel=b\n", "kernel", "a"},

    {"a section for another model is skipped", "[pi4]\nkernel=a\n", "kernel", NULL},
    {"the section pi3 applies", "[pi3]\nkernel=a\n", "kernel", "a"},
    {"the section pi3+ applies", "[pi3+]\nkernel=a\n", "kernel", "a"},
    {"sections have a case", "[PI3]\nkernel=a\n", "kernel", NULL},
    {"the section pi02 does not apply", "[pi02]\nkernel=a\n", "kernel", NULL},
    {"the section cm4 does not apply", "[cm4]\nkernel=a\n", "kernel", NULL},
    {"the section of a model to come does not apply", "[pi6]\nkernel=a\n", "kernel", NULL},
    {"the section none never applies", "[none]\nkernel=a\n", "kernel", NULL},
    {"the section all ends another", "[pi4]\nkernel=a\n[all]\nkernel=b\n", "kernel", "b"},
    {"a section ends at the next of its kind", "[pi4]\n[pi3]\nkernel=a\n", "kernel", "a"},
    {"none ends at the next model", "[none]\n[pi3+]\nkernel=a\n", "kernel", "a"},
    {"a later section of its kind may fail", "[pi3]\n[pi4]\nkernel=a\n", "kernel", NULL},
    {"the order of pi3 and pi3+ decides", "[pi3]\nkernel=a\n[pi3+]\nkernel=b\n", "kernel", "b"},
    {"the board type of a 3 B+ applies", "[board-type=0xd]\nkernel=a\n", "kernel", "a"},
    {"a board type may be decimal", "[board-type=13]\nkernel=a\n", "kernel", "a"},
    {"another board type does not", "[board-type=0x14]\nkernel=a\n", "kernel", NULL},
    {"a board type that is no number does not", "[board-type=d]\nkernel=a\n", "kernel", NULL},
    {"conditions of two kinds must both hold, 1", "[board-type=0x14]\n[pi3]\nkernel=a\n", "kernel",
     NULL},
    {"conditions of two kinds must both hold, 2", "[pi3]\n[board-type=0x0d]\nkernel=a\n", "kernel",
     "a"},
    {"conditions of three kinds must all hold", "[pi3]\n[gpio4=1]\n[0xffffffff]\nkernel=a\n",
     "kernel", NULL},
    {"all ends conditions of every kind", "[gpio4=0]\n[pi4]\n[all]\nkernel=a\n", "kernel", "a"},
    {"a model does not end a condition on a pin", "[gpio4=0]\n[pi3]\nkernel=a\n", "kernel", NULL},

    {"the section of its serial number applies", "[0x1234abcd]\nkernel=a\n", "kernel", "a"},
    {"a serial number may be written long", "[0x000000001234ABCD]\nkernel=a\n", "kernel", "a"},
    {"another serial number is another board's", "[0x1234abce]\nkernel=a\n", "kernel", NULL},
    {"a serial number is not cut", "[0x11234abcd]\nkernel=a\n", "kernel", NULL},
    {"a serial number needs digits", "[0x]\nkernel=a\n", "kernel", NULL},
    {"serial numbers replace one another", "[0x1]\n[0x1234abcd]\nkernel=a\n", "kernel", "a"},

    {"a pin that is high", "[gpio4=1]\nkernel=a\n", "kernel", "a"},
    {"a pin that is not low", "[gpio4=0]\nkernel=a\n", "kernel", NULL},
    {"a pin that is low", "[gpio17=0]\nkernel=a\n", "kernel", "a"},
    {"pins replace one another", "[gpio4=0]\n[gpio17=0]\nkernel=a\n", "kernel", "a"},
    {"a pin that no board has", "[gpio54=0]\nkernel=a\n", "kernel", NULL},
    {"a pin without a level", "[gpio4]\nkernel=a\n", "kernel", NULL},

    {"the monitor that is there", "[EDID=VSC-TD2220]\nkernel=a\n", "kernel", "a"},
    {"another monitor", "[EDID=DEL-DELL_U2422H]\nkernel=a\n", "kernel", NULL},
    {"HDMI ports are a Pi 4's", "[HDMI:0]\nkernel=a\n", "kernel", NULL},
    {"a monitor and a model", "[EDID=VSC-TD2220]\n[pi2]\nkernel=a\n", "kernel", NULL},

    {"tryboot is not how we boot", "[tryboot]\nkernel=a\n", "kernel", NULL},
    {"config.txt was loaded from partition 1", "[boot_partition=1]\nkernel=a\n", "kernel", "a"},
    {"and not from another", "[boot_partition=2]\nkernel=a\n", "kernel", NULL},
    {"no partition was asked for", "[partition=0]\nkernel=a\n", "kernel", "a"},
    {"partitions replace one another", "[boot_partition=2]\n[boot_partition=1]\nkernel=a\n",
     "kernel", "a"},
    {"an expression with <", "[boot_partition<2]\nkernel=a\n", "kernel", "a"},
    {"an expression with >", "[boot_partition>1]\nkernel=a\n", "kernel", NULL},
    {"an expression with a mask", "[boot_partition&0x1]\nkernel=a\n", "kernel", "a"},
    {"an expression with a mask that misses", "[boot_partition&2]\nkernel=a\n", "kernel", NULL},
    {"an expression with a mask and a value", "[boot_partition&3=1]\nkernel=a\n", "kernel", "a"},
    {"an expression without a value", "[boot_partition]\nkernel=a\n", "kernel", NULL},
    {"variables that a Pi 3 has not are 0", "[bootvar0=0]\nkernel=a\n", "kernel", "a"},
    {"and have no bits", "[bootvar0&0x10]\nkernel=a\n", "kernel", NULL},
    {"blank OTP rows are 0", "[cust_otp7=0]\nkernel=a\n", "kernel", "a"},
    {"there are eight of them", "[cust_otp8=0]\nkernel=a\n", "kernel", NULL},

    {"an unknown section is skipped", "[future]\nkernel=a\n", "kernel", NULL},
    {"an unknown section stays till all", "[future]\n[pi3]\nkernel=a\n", "kernel", NULL},
    {"an empty section is skipped", "[]\nkernel=a\n", "kernel", NULL},
    {"a section without its bracket is no section", "[pi4\nkernel=a\n", "kernel", "a"},
    {"text behind the bracket does not count", "[pi4] and more\nkernel=a\n", "kernel", NULL},
    {"a comment may look like a section", "#[pi4]\nkernel=a\n", "kernel", "a"},

    {"initramfs has no equals sign", "initramfs initramfs8 followkernel\n", "initramfs",
     "initramfs8"},
    {"initramfs may have an address", "initramfs i.gz 0x00800000\n", "initramfs", "i.gz"},
    {"initramfs may be several files", "initramfs a,b followkernel\n", "initramfs", "a,b"},
    {"initramfs in a section for another model is skipped", "[pi4]\ninitramfs a followkernel\n",
     "initramfs", NULL},
    {"a word that begins like initramfs is not it", "initramfsx a\n", "initramfs", NULL},
    {"a name has at most 64 characters", "initramfs " X80 " followkernel\n", "initramfs",
     X10 X10 X10 X10 X10 X10 "1234"},

    {"an included file counts", "include extra.txt\n", "kernel", "included"},
    {"what follows an include wins over it", "include extra.txt\nkernel=a\n", "kernel", "a"},
    {"an include in a section for another model is skipped", "[pi4]\ninclude extra.txt\n", "kernel",
     NULL},
    {"an include of a missing file is skipped", "include nothing.txt\nkernel=a\n", "kernel", "a"},
    {"a section in an included file goes on behind it", "include pi4.txt\nkernel=a\n", "kernel",
     NULL},
    {"a file that includes itself comes to an end", "include loop.txt\n", "kernel", "loop"},
};

static PifBoard make_board(void)
{
    PifBoard board = pif_board_new(0x1234abcd);
    board.edid = "VSC-TD2220";
    return board;
}

static char *read_file(const char *name, gpointer data)
{
    if (g_str_equal(name, "extra.txt"))
        return g_strdup("kernel=included\nstart_file=included.elf\n");
    if (g_str_equal(name, "pi4.txt"))
        return g_strdup("[pi4]\n");
    if (g_str_equal(name, "loop.txt"))
        return g_strdup("kernel=loop\ninclude loop.txt\ninclude loop.txt\n");
    return NULL;
}

static PifBootConfig *parse(const char *text)
{
    PifBoard board = make_board();
    return pif_boot_config_parse("config.txt", text, &board, PIF_CONDITION_CONFIG, read_file, NULL);
}

static void check_case(gconstpointer data)
{
    const Case *row = data;
    g_autoptr(PifBootConfig) config = parse(row->text);
    g_assert_cmpstr(pif_boot_config_get(config, row->key), ==, row->value);
}

static void a_number_other_than_zero_is_on(void)
{
    g_autoptr(PifBootConfig) config = parse("a=1\nb=0\nc=0x10\nd=yes\ne=\n");
    g_assert_true(pif_boot_config_is_on(config, "a"));
    g_assert_false(pif_boot_config_is_on(config, "b"));
    g_assert_true(pif_boot_config_is_on(config, "c"));
    g_assert_false(pif_boot_config_is_on(config, "d"));
    g_assert_false(pif_boot_config_is_on(config, "e"));
    g_assert_false(pif_boot_config_is_on(config, "f"));
    g_assert_cmpint(pif_boot_config_number(config, "c", 7), ==, 16);
    g_assert_cmpint(pif_boot_config_number(config, "d", 7), ==, 7);
    g_assert_cmpint(pif_boot_config_number(config, "f", 7), ==, 7);
}

static void a_line_knows_where_it_stands(void)
{
    g_autoptr(PifBootConfig) config = parse("# first\n\ninclude extra.txt\narm_64bit=1\n");
    const PifConfigLine *included = pif_boot_config_find(config, "kernel");
    const PifConfigLine *own = pif_boot_config_find(config, "arm_64bit");
    g_assert_cmpstr(included->file, ==, "extra.txt");
    g_assert_cmpuint(included->number, ==, 1);
    g_assert_cmpstr(own->file, ==, "config.txt");
    g_assert_cmpuint(own->number, ==, 4);
}

static void bootcode_bin_reads_no_included_files(void)
{
    g_autoptr(PifBootConfig) config = parse("start_file=own.elf\ninclude extra.txt\n");
    g_assert_cmpstr(pif_boot_config_find_early(config, "start_file")->value, ==, "own.elf");
    g_assert_cmpstr(pif_boot_config_find(config, "start_file")->value, ==, "included.elf");
}

/* Of the first line. */
static void has_remark(const char *text, const char *remark)
{
    g_autoptr(PifBootConfig) config = parse(text);
    const PifConfigLine *line = g_ptr_array_index(pif_boot_config_lines(config), 0);
    g_assert_cmpstr(line->remark, ==, remark);
}

static void what_is_odd_is_remarked(void)
{
    has_remark("kernel=a\n", NULL);
    has_remark("kernel=" X80 X10 X10 "\n", "cut behind 98 characters");
    has_remark("kernel =a\n", "blanks beside the '=' belong to key and value");
    has_remark("kernel a\n", "neither KEY=VALUE nor a section");
    has_remark("[pi4\n", "a section needs its closing bracket");
    has_remark("[future]\n", "no section that the firmware knows");
    has_remark("include " X80 "\n",
               "a name longer than 64 characters is cut; there is no such file");
}

static void a_line_that_does_not_count_names_the_section_that_does_not_hold(void)
{
    g_autoptr(PifBootConfig) config = parse("[pi3]\n[gpio4=0]\nkernel=a\n");
    const PifConfigLine *line = g_ptr_array_index(pif_boot_config_lines(config), 2);
    g_assert_cmpstr(line->unmet, ==, "gpio4=0");
}

static void autoboot_txt_knows_three_sections(void)
{
    static const char text[] = "[all]\nboot_partition=2\n[pi3]\nboot_partition=4\n"
                               "[all]\n[tryboot]\nboot_partition=3\n";
    PifBoard board = make_board();
    g_autoptr(PifBootConfig) config =
        pif_boot_config_parse("autoboot.txt", text, &board, PIF_CONDITION_AUTOBOOT, NULL, NULL);
    board.is_tryboot = TRUE;
    g_autoptr(PifBootConfig) try =
        pif_boot_config_parse("autoboot.txt", text, &board, PIF_CONDITION_AUTOBOOT, NULL, NULL);
    g_assert_cmpstr(pif_boot_config_get(config, "boot_partition"), ==, "2");
    g_assert_cmpstr(pif_boot_config_get(try, "boot_partition"), ==, "3");
}

static void a_3b_is_no_3b_plus(void)
{
    PifBoard board = make_board();
    board.revision = PIF_BOARD_3B;
    g_autoptr(PifBootConfig) config =
        pif_boot_config_parse("config.txt",
                              "[pi3]\na=1\n[pi3+]\nb=1\n[board-type=8]\nc=1\n[all]\n"
                              "[board-type=8]\nd=1\n",
                              &board, PIF_CONDITION_CONFIG, NULL, NULL);
    g_assert_nonnull(pif_boot_config_find(config, "a"));
    g_assert_null(pif_boot_config_find(config, "b"));
    g_assert_null(pif_boot_config_find(config, "c"));
    g_assert_nonnull(pif_boot_config_find(config, "d"));
}

static void keys_are_known_by_what_they_are_for(void)
{
    g_assert_cmpint(pif_config_key_use("kernel"), ==, PIF_CONFIG_KEY_BOOT);
    g_assert_cmpint(pif_config_key_use("start_file"), ==, PIF_CONFIG_KEY_EARLY);
    g_assert_cmpint(pif_config_key_use("hdmi_group:1"), ==, PIF_CONFIG_KEY_HARDWARE);
    g_assert_cmpint(pif_config_key_use("otg_mode"), ==, PIF_CONFIG_KEY_OTHER);
    g_assert_cmpint(pif_config_key_use("kernal"), ==, PIF_CONFIG_KEY_UNKNOWN);
    g_assert_cmpstr(pif_config_key_suggest("kernal"), ==, "kernel");
    g_assert_cmpstr(pif_config_key_suggest("frobnicate"), ==, NULL);
}

#define TEST(function) g_test_add_func("/boot-config/" #function, function)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = g_strconcat("/boot-config/", cases[i].name, NULL);
        g_test_add_data_func(path, &cases[i], check_case);
    }
    TEST(a_number_other_than_zero_is_on);
    TEST(a_line_knows_where_it_stands);
    TEST(bootcode_bin_reads_no_included_files);
    TEST(what_is_odd_is_remarked);
    TEST(a_line_that_does_not_count_names_the_section_that_does_not_hold);
    TEST(autoboot_txt_knows_three_sections);
    TEST(a_3b_is_no_3b_plus);
    TEST(keys_are_known_by_what_they_are_for);
    return g_test_run();
}
