// SPDX-License-Identifier: MIT
// Device trees, overlays and parameters: sources in tests/data/overlays, compiled by dtc; results
// as dtc prints them, without what the base has already.
#include "hw/firmware/boot-planner.h"
#include "tests/lib/boot-files.h"
#include "tests/lib/check.h"

#include <glib/gstdio.h>

static char *folder; /* the compiled overlays */

static const char *const overlays[] = {"types", "inner", "user", "swap", "lost"};

static void compile(void)
{
    g_autofree char *sources = g_test_build_filename(G_TEST_DIST, "data", "overlays", NULL);
    g_autoptr(GError) error = NULL;
    folder = g_dir_make_tmp("pifarm-overlays-XXXXXX", &error);
    g_assert_no_error(error);
    g_autofree char *script = g_strdup_printf("for source in '%s'/*.dts; do dtc -q -@ -I dts -O "
                                              "dtb -o \"$(basename \"${source%%.dts}\")\" "
                                              "\"$source\"; done",
                                              sources);
    run(folder, script);
}

static void put_compiled(GHashTable *files, const char *name, const char *path)
{
    g_autofree char *compiled = g_build_filename(folder, name, NULL);
    g_autofree char *content = NULL;
    gsize size;
    g_assert_true(g_file_get_contents(compiled, &content, &size, NULL));
    boot_files_put(files, path, content, size);
}

static PifBootPlan *make_plan(const char *config)
{
    PifBoard board = pif_board_new(0x1234abcd);
    PifBootPlan *plan = NULL;
    GHashTable *files = boot_files_parse("kernel8.img cmdline.txt");
    put_compiled(files, "base", "bcm2710-rpi-3-b-plus.dtb");
    put_compiled(files, "overlay_map", "overlays/overlay_map.dtb");
    for (size_t i = 0; i < G_N_ELEMENTS(overlays); i++) {
        g_autofree char *path = g_strdup_printf("overlays/%s.dtbo", overlays[i]);
        put_compiled(files, overlays[i], path);
    }
    boot_files_put(files, "overlays/damaged.dtbo", "no overlay", 10);
    boot_files_put(files, "config.txt", config, strlen(config));
    g_autoptr(PifBootSource) source = boot_files_source(files, NULL);
    ok(plan = pif_boot_plan_make(source, &board, &error));
    g_assert_cmpstr(plan->problem, ==, NULL);
    return plan;
}

/* The node or property as dtc prints it: "text = \"hello\";"; NULL: not there. Free it. */
static char *print(const PifBootPlan *plan, const char *node, const char *property)
{
    g_autofree char *path = g_build_filename(folder, "result.dtb", NULL);
    gsize size;
    const char *blob = g_bytes_get_data(plan->tree, &size);
    char *output = NULL;
    g_assert_cmpint(fdt_check_full(blob, size), ==, 0);
    g_assert_true(g_file_set_contents(path, blob, (gssize)size, NULL));
    g_autoptr(PifCommand) command = pif_command_new("fdtget", path, node, property, NULL);
    if (!pif_command_run(command, &output, NULL))
        return NULL;
    return g_strchomp(output);
}

static void assert_printed(const PifBootPlan *plan, const char *node, const char *property,
                           const char *expected)
{
    g_autofree char *printed = print(plan, node, property);
    g_assert_cmpstr(printed, ==, expected);
}

/* What was said of overlays and parameters: "what value: why" each. */
static char *remarks(const PifBootPlan *plan)
{
    GString *all = g_string_new(NULL);
    for (guint i = 0; i < plan->decisions->len; i++) {
        const PifBootDecision *decision = g_ptr_array_index(plan->decisions, i);
        if (g_str_equal(decision->what, "overlay") || g_str_equal(decision->what, "parameter"))
            g_string_append_printf(all, "%s%s: %s", all->len ? "\n" : "", decision->value,
                                   decision->why ? decision->why : "-");
    }
    return g_string_free(all, FALSE);
}

static void assert_remarks(const PifBootPlan *plan, const char *expected)
{
    g_autofree char *all = remarks(plan);
    g_assert_cmpstr(all, ==, expected);
}

typedef struct {
    const char *name; /* a sentence */
    const char *config;
    const char *node;
    const char *property;
    const char *value; /* as fdtget prints it; NULL: not there */
} Case;

#define TEST_NODE "/test_node"
#define I2C1 "/soc/i2c@7e804000"

static const Case cases[] = {
    {"a parameter of the base", "dtparam=audio=on\n", "/soc/audio", "status", "okay"},
    {"a parameter without a value is on", "dtparam=audio\n", "/soc/audio", "status", "okay"},
    {"a status may be switched off", "dtparam=audio=on\ndtparam=audio=off\n", "/soc/audio",
     "status", "disabled"},
    {"the long names of the keys", "device_tree_param=audio=yes\n", "/soc/audio", "status", "okay"},
    {"i2c_arm is i2c1", "dtparam=i2c_arm=on\n", I2C1, "status", "okay"},
    {"so is i2c", "dtparam=i2c\n", I2C1, "status", "okay"},
    {"the clock of i2c_arm is i2c1's", "dtparam=i2c_arm_baudrate=400000\n", I2C1, "clock-frequency",
     "400000"},
    {"several parameters on a line", "dtparam=audio=on,i2c_arm=on,i2c_arm_baudrate=0x10\n", I2C1,
     "clock-frequency", "16"},
    {"a parameter with two targets, 1", "dtparam=twice=5\n", "/soc/i2c@7e205000", "clock-frequency",
     "5"},
    {"a parameter with two targets, 2", "dtparam=twice=5\n", I2C1, "clock-frequency", "5"},

    {"an overlay adds a node", "dtoverlay=types\n", TEST_NODE, "text", "hello"},
    {"the long name of dtoverlay", "device_tree_overlay=types\n", TEST_NODE, "text", "hello"},
    {"no overlay, no node", "", TEST_NODE, "text", NULL},
    {"a text", "dtoverlay=types,text=goodbye\n", TEST_NODE, "text", "goodbye"},
    {"a parameter behind a colon", "dtoverlay=types:text=goodbye\n", TEST_NODE, "text", "goodbye"},
    {"a parameter on a line of its own", "dtoverlay=types\ndtparam=text=goodbye\n", TEST_NODE,
     "text", "goodbye"},
    {"a text keeps its equals signs", "dtoverlay=types,text=a=b\n", TEST_NODE, "text", "a=b"},
    {"a status", "dtoverlay=types,enable=1\n", TEST_NODE, "status", "okay"},
    {"a byte", "dtoverlay=types,byte=0x12\n", TEST_NODE, "bytes", "103 18"},
    {"two bytes", "dtoverlay=types,u16=0x1234\n", TEST_NODE, "u16s", "-1412623820"},
    {"four bytes", "dtoverlay=types,u32=7\n", TEST_NODE, "u32s", "-19088744 7"},
    {"a number may be a word", "dtoverlay=types,u32=up\n", TEST_NODE, "u32s", "-19088744 2"},
    {"a number may be negative", "dtoverlay=types,u32=-1\n", TEST_NODE, "u32s", "-19088744 -1"},
    {"a number behind the end of its property", "dtoverlay=types,far=7\n", TEST_NODE, "u32s",
     "-19088744 1985229328 0 7"},
    {"eight bytes", "dtoverlay=types,u64=0x100000002\n", TEST_NODE, "u64s",
     "-1431657051 1515869525 1 2"},
    {"a property can be taken away", "dtoverlay=types,unset\n", TEST_NODE, "is_set", NULL},
    {"and be left", "dtoverlay=types,unset=off\n", TEST_NODE, "is_set", ""},
    {"a property can be added", "dtoverlay=types,set\n", TEST_NODE, "is_new", ""},
    {"and be left out", "dtoverlay=types,set=0\n", TEST_NODE, "is_new", NULL},
    {"bytes with colons", "dtoverlay=types,mac=b8:27:eb:01:23:45\n", TEST_NODE, "mac",
     "184 39 235 1 35 69"},
    {"bytes without colons", "dtoverlay=types,mac=b827eb\n", TEST_NODE, "mac", "184 39 235"},
    {"a text that the declaration fixes", "dtoverlay=types,always\n", TEST_NODE, "text", "fixed"},
    {"numbers that the declaration fixes", "dtoverlay=types,always\n", TEST_NODE, "u32s",
     "42 48879"},
    {"a value looked up in a table", "dtoverlay=types,french=hello\n", TEST_NODE, "french",
     "bonjour"},
    {"a value in quotes", "dtoverlay=types,french=goodbye\n", TEST_NODE, "french", "au revoir"},
    {"a value that is its own key", "dtoverlay=types,french=weekend\n", TEST_NODE, "french",
     "weekend"},
    {"a value that is in no table has no effect", "dtoverlay=types,french=x\n", TEST_NODE, "french",
     NULL},
    {"but on the targets before", "dtoverlay=types,french=x\n", TEST_NODE, "english", "x"},
    {"a table with a default", "dtoverlay=types,other=z\n", TEST_NODE, "other", "none"},
    {"a table that passes what it has not", "dtoverlay=types,pass=z\n", TEST_NODE, "pass", "z"},
    {"a fragment that is switched off", "dtoverlay=types,only\n", "/", "first", NULL},
    {"a fragment that is switched on", "dtoverlay=types,only\n", "/", "second", ""},
    {"a dormant fragment stays out", "dtoverlay=types\n", "/", "second", NULL},
    {"a fragment by value", "dtoverlay=types,second=on\n", "/", "second", ""},
    {"a fragment by the contrary of a value", "dtoverlay=types,not_first=on\n", "/", "first", NULL},
    {"a fragment for a label of the firmware", "dtoverlay=types\n", I2C1 "/chip@76", "reg", "118"},
    {"a parameter moves a fragment", "dtoverlay=types,where\n", "/soc/i2c@7e205000/chip@76", "reg",
     "118"},
    {"an address renames its node", "dtoverlay=types,addr=0x48\n", I2C1 "/chip@48", "reg", "72"},
    {"a node may get another name", "dtoverlay=types,called=sensor\n", I2C1 "/sensor", "reg",
     "118"},
    {"bootargs are appended to", "dtoverlay=types,args=a\ndtparam=args=b\n", TEST_NODE, "bootargs",
     "a b"},
    {"dtoverlay= ends the scope of an overlay", "dtoverlay=types\ndtoverlay=\ndtparam=audio\n",
     "/soc/audio", "status", "okay"},
    {"what the overlay has not the base may have", "dtoverlay=types\ndtparam=audio\n", "/soc/audio",
     "status", "okay"},
    {"two overlays", "dtoverlay=swap\ndtoverlay=types\n", TEST_NODE, "text", "hello"},
    {"one overlay twice", "dtoverlay=types\ndtoverlay=types,addr=0x48\n", I2C1 "/chip@48", "reg",
     "72"},

    {"a fragment for another one", "dtoverlay=inner\n", I2C1 "/expander@20", "inner-says", "hello"},
    {"an exported label", "dtoverlay=inner\ndtoverlay=user\n", I2C1 "/expander@20", "used", ""},
    {"a path of an exported label", "dtoverlay=inner\n", "/__symbols__", "shared",
     I2C1 "/expander@20"},
    {"a label of its own stays its own", "dtoverlay=types\n", "/__symbols__", "chip", NULL},

    {"an overlay that the map has for this board", "dtoverlay=types\n", TEST_NODE, "text", "hello"},
    {"an overlay that the map replaces", "dtoverlay=split\n", "/aliases", "serial0",
     "/soc/serial@7e201000"},
    {"an overlay that has a new name", "dtoverlay=old-swap\n", "/aliases", "serial0",
     "/soc/serial@7e201000"},

    {"the serial number", "", "/", "serial-number", "000000001234abcd"},
    {"the serial number in two cells", "", "/system", "linux,serial", "0 305441741"},
    {"the revision", "", "/system", "linux,revision", "10494163"},
    {"the memory", "", "/memory@0", "reg", "0 994050048"},
    {"the MAC", "", "/soc/ethernet@1", "local-mac-address", "184 39 235 52 171 205"},
    {"the command line", "", "/chosen", "bootargs", "coherent_pool=1M 8250.nr_uarts=0 quiet"},
    {"overlays' arguments come before those of cmdline.txt", "dtoverlay=inner\n", "/chosen",
     "bootargs", "coherent_pool=1M from_overlay=1 8250.nr_uarts=0 quiet"},
    {"a usable first port when it is the PL011", "dtoverlay=swap\n", "/chosen", "bootargs",
     "coherent_pool=1M 8250.nr_uarts=1 quiet"},
    {"the prefix of overlays", "", "/chosen", "overlay_prefix", "overlays/"},
    {"the partition", "", "/chosen/bootloader", "partition", "1"},
};

static void check_case(gconstpointer data)
{
    const Case *row = data;
    g_autoptr(PifBootPlan) plan = make_plan(row->config);
    assert_printed(plan, row->node, row->property, row->value);
}

/* The value is a phandle, which dtc gives as it likes. */
static void assert_phandle_of(const PifBootPlan *plan, const char *property, const char *node)
{
    g_autofree char *value = print(plan, TEST_NODE, property);
    g_autofree char *phandle = print(plan, node, "phandle");
    value[strcspn(value, " ")] = '\0';
    g_assert_cmpstr(value, ==, phandle);
}

static void references_to_the_base_are_resolved(void)
{
    g_autoptr(PifBootPlan) plain = make_plan("dtoverlay=types\n");
    g_autoptr(PifBootPlan) looked_up = make_plan("dtoverlay=types,bus=1\n");
    g_autoptr(PifBootPlan) literal = make_plan("dtoverlay=types,owner=3\n");
    assert_phandle_of(plain, "bus", "/soc/i2c@7e205000");
    assert_phandle_of(looked_up, "bus", I2C1);
    assert_phandle_of(literal, "owner", "/soc/gpio@7e200000");
}

static void references_within_an_overlay_stay_right(void)
{
    g_autoptr(PifBootPlan) plan = make_plan("dtoverlay=types\ndtoverlay=inner\n");
    g_autofree char *back = print(plan, I2C1 "/expander@20", "back");
    g_autofree char *phandle = print(plan, I2C1 "/expander@20", "phandle");
    g_assert_cmpstr(back, ==, phandle);
}

static void what_cannot_be_done_is_skipped_and_said(void)
{
    static const struct {
        const char *config;
        const char *remarks;
    } rows[] = {
        {"dtoverlay=nothing\n", "nothing: skipped: there is no overlays/nothing.dtbo"},
        {"total_mem=256\ndtoverlay=vc4-kms-v3d\n",
         "vc4-kms-v3d: skipped: it needs 512 MiB of memory, not 256"},
        {"dtoverlay=vc4-kms-v3d\n", "vc4-kms-v3d: skipped: there is no overlays/vc4-kms-v3d.dtbo"},
        {"dtoverlay=damaged\n",
         "damaged: skipped: is no device tree, or damaged (FDT_ERR_TRUNCATED)"},
        {"dtoverlay=lost\n",
         "lost: skipped: it refers to 'nowhere', which the device tree has not"},
        {"dtoverlay=other-board\n",
         "other-board: skipped: overlay_map.dtb says it is not for a Pi 3"},
        {"dtoverlay=dead\n", "dead: skipped: overlay 'dead' is deprecated: use swap"},
        {"dtoverlay=old-swap\n", "overlays/swap.dtbo: 'old-swap' is now called 'swap'"},
        {"dtoverlay=types,nonsense=1\n",
         "overlays/types.dtbo: -\nnonsense=1: skipped: there is no parameter 'nonsense'"},
        {"dtoverlay=types,u32=many\n",
         "overlays/types.dtbo: -\nu32=many: skipped: 'many' is not a number"},
        {"dtoverlay=types,mac=b8:2\n",
         "overlays/types.dtbo: -\nmac=b8:2: skipped: 'b8:2' is not bytes in hexadecimal"},
        {"dtoverlay=types,set=perhaps\n",
         "overlays/types.dtbo: -\nset=perhaps: skipped: 'perhaps' is not on or off"},
        {"dtoverlay=types,french=x\n",
         "overlays/types.dtbo: -\nfrench=x: skipped: 'x' is none of its values"},
        {"dtoverlay=types,broken=1\n",
         "overlays/types.dtbo: -\nbroken=1: skipped: its declaration 'u32s:x' cannot be followed"},
        {"dtparam=audio\n", "audio=on: of the device tree"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(PifBootPlan) plan = make_plan(rows[i].config);
        assert_remarks(plan, rows[i].remarks);
    }
}

static void an_overlay_that_refers_to_nothing_changes_nothing(void)
{
    g_autoptr(PifBootPlan) plain = make_plan("");
    g_autoptr(PifBootPlan) lost = make_plan("dtoverlay=lost\n");
    g_assert_true(g_bytes_equal(plain->tree, lost->tree));
}

static void names_that_go_round_in_a_circle_come_to_an_end(void)
{
    g_autoptr(PifBootPlan) plan = make_plan("dtoverlay=circle\n");
    g_autofree char *all = remarks(plan);
    g_assert_true(g_str_has_prefix(all, "circle: skipped: there is no overlays/circle"));
}

#define TEST(function) g_test_add_func("/overlays/" #function, function)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = g_strconcat("/overlays/", cases[i].name, NULL);
        g_test_add_data_func(path, &cases[i], check_case);
    }
    TEST(references_to_the_base_are_resolved);
    TEST(references_within_an_overlay_stay_right);
    TEST(what_cannot_be_done_is_skipped_and_said);
    TEST(an_overlay_that_refers_to_nothing_changes_nothing);
    TEST(names_that_go_round_in_a_circle_come_to_an_end);
    compile();
    int status = g_test_run();
    pif_dir_remove(folder, NULL);
    g_free(folder);
    return status;
}
