// SPDX-License-Identifier: MIT
// config.txt as a Pi 3 B+ reads it.
#include "images/card/config-txt.h"

#include <string.h>

typedef struct {
    const char *name; /* a sentence */
    const char *text;
    const char *key;
    const char *value; /* NULL: not set */
} Case;

static const Case cases[] = {
    {"a key has the value behind the equals sign", "kernel=a.img\n", "kernel", "a.img"},
    {"a key never set has no value", "kernel=a.img\n", "cmdline", NULL},
    {"an empty value is a value", "device_tree=\n", "device_tree", ""},
    {"the last value of a key wins", "kernel=a\nkernel=b\n", "kernel", "b"},
    {"the last line needs no newline", "kernel=a", "kernel", "a"},
    {"carriage returns do not count", "kernel=a\r\narm_64bit=1\r\n", "kernel", "a"},
    {"a value keeps its equals signs", "dtparam=spi=on\n", "dtparam", "spi=on"},
    {"a hash at the beginning makes a comment", "#kernel=a\n", "kernel", NULL},
    {"a hash further on belongs to the value", "kernel=a#b\n", "kernel", "a#b"},
    {"keys have a case", "Kernel=a\n", "kernel", NULL},
    {"a space before the equals sign belongs to the key", "kernel =a\n", "kernel", NULL},
    {"what is behind column 98 is cut off",
     "kernel=1234567890123456789012345678901234567890123456789012345678901234567890"
     "123456789012345678901234567890\n",
     "kernel",
     "1234567890123456789012345678901234567890123456789012345678901234567890123456789012345678"
     "901"},

    {"a section for another model is skipped", "[pi4]\nkernel=a\n", "kernel", NULL},
    {"the section pi3 applies", "[pi3]\nkernel=a\n", "kernel", "a"},
    {"the section pi3+ applies", "[pi3+]\nkernel=a\n", "kernel", "a"},
    {"the section none never applies", "[none]\nkernel=a\n", "kernel", NULL},
    {"the section all ends another", "[pi4]\nkernel=a\n[all]\nkernel=b\n", "kernel", "b"},
    {"a section ends at the next of its kind", "[pi4]\n[pi3]\nkernel=a\n", "kernel", "a"},
    {"none ends at the next model", "[none]\n[pi3+]\nkernel=a\n", "kernel", "a"},
    {"the board type of a 3 B+ applies", "[board-type=0xd]\nkernel=a\n", "kernel", "a"},
    {"another board type does not", "[board-type=0x14]\nkernel=a\n", "kernel", NULL},
    {"conditions of two kinds must both hold, 1", "[board-type=0x14]\n[pi3]\nkernel=a\n", "kernel",
     NULL},
    {"conditions of two kinds must both hold, 2", "[pi3]\n[board-type=0x0d]\nkernel=a\n", "kernel",
     "a"},
    {"all ends conditions of every kind", "[gpio4=1]\n[pi4]\n[all]\nkernel=a\n", "kernel", "a"},
    {"a section for a serial number is another board's", "[0x1234abcd]\nkernel=a\n", "kernel",
     NULL},
    {"tryboot is not how we boot", "[tryboot]\nkernel=a\n", "kernel", NULL},
    {"an unknown section is skipped", "[future]\nkernel=a\n", "kernel", NULL},
    {"a section without its bracket is no section", "[pi4\nkernel=a\n", "kernel", "a"},
    {"a comment may look like a section", "#[pi4]\nkernel=a\n", "kernel", "a"},

    {"initramfs has no equals sign", "initramfs initramfs8 followkernel\n", "initramfs",
     "initramfs8"},
    {"initramfs may have an address", "initramfs i.gz 0x00800000\n", "initramfs", "i.gz"},
    {"initramfs may be several files", "initramfs a,b followkernel\n", "initramfs", "a,b"},
    {"initramfs in a section for another model is skipped", "[pi4]\ninitramfs a followkernel\n",
     "initramfs", NULL},
    {"a word that begins like initramfs is not it", "initramfsx a\n", "initramfs", NULL},

    {"an included file counts", "include extra.txt\n", "kernel", "included"},
    {"what follows an include wins over it", "include extra.txt\nkernel=a\n", "kernel", "a"},
    {"an include in a section for another model is skipped", "[pi4]\ninclude extra.txt\n", "kernel",
     NULL},
    {"an include of a missing file is skipped", "include nothing.txt\nkernel=a\n", "kernel", "a"},
    {"a file that includes itself comes to an end", "include loop.txt\n", "kernel", "loop"},
};

static char *read_file(const char *name, gpointer data)
{
    if (g_str_equal(name, "extra.txt"))
        return g_strdup("kernel=included\n");
    if (g_str_equal(name, "loop.txt"))
        return g_strdup("kernel=loop\ninclude loop.txt\ninclude loop.txt\n");
    return NULL;
}

static void check_case(gconstpointer data)
{
    const Case *row = data;
    g_autoptr(PifConfigTxt) config = pif_config_txt_parse(row->text, read_file, NULL);
    g_assert_cmpstr(pif_config_txt_get(config, row->key), ==, row->value);
}

static void a_number_other_than_zero_is_on(void)
{
    g_autoptr(PifConfigTxt) config =
        pif_config_txt_parse("a=1\nb=0\nc=0x10\nd=yes\ne=\n", NULL, NULL);
    g_assert_true(pif_config_txt_is_on(config, "a"));
    g_assert_false(pif_config_txt_is_on(config, "b"));
    g_assert_true(pif_config_txt_is_on(config, "c"));
    g_assert_false(pif_config_txt_is_on(config, "d"));
    g_assert_false(pif_config_txt_is_on(config, "e"));
    g_assert_false(pif_config_txt_is_on(config, "f"));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = g_strconcat("/config-txt/", cases[i].name, NULL);
        g_test_add_data_func(path, &cases[i], check_case);
    }
    g_test_add_func("/config-txt/a number other than zero is on", a_number_other_than_zero_is_on);
    return g_test_run();
}
