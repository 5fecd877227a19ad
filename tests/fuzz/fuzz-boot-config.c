// SPDX-License-Identifier: MIT
// Fuzz target: any text as config.txt, including one that includes itself, is read to an end, and
// so is the plan that it leads to.
#include "hw/firmware/boot-config.h"
#include "hw/firmware/boot-planner.h"
#include "tests/lib/boot-files.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char *read_itself(const char *name, gpointer data)
{
    return g_strdup(data);
}

static void check_lines(const PifBootConfig *config)
{
    const GPtrArray *lines = pif_boot_config_lines(config);
    for (guint i = 0; i < lines->len; i++) {
        const PifConfigLine *line = g_ptr_array_index(lines, i);
        g_assert_true(line->key && !strchr(line->key, '\n'));
        g_assert_true((line->kind == PIF_CONFIG_SETTING) == (line->value != NULL));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    PifBoard board = pif_board_new(0x1234abcd);
    g_autofree char *text = g_strndup((const char *)data, size);
    g_autoptr(PifBootConfig) config =
        pif_boot_config_parse("config.txt", text, &board, PIF_CONDITION_CONFIG, read_itself, text);
    check_lines(config);
    GHashTable *files = boot_files_parse("kernel8.img initramfs8 bcm2710-rpi-3-b-plus.dtb");
    boot_files_put(files, "config.txt", text, strlen(text));
    boot_files_put(files, "autoboot.txt", text, strlen(text));
    boot_files_put(files, "cmdline.txt", text, strlen(text));
    g_autoptr(PifBootSource) source = boot_files_source(files, NULL);
    g_autoptr(PifBootPlan) plan = pif_boot_plan_make(source, &board, NULL);
    g_assert_true(!plan || plan->problem || plan->tree || !plan->device_tree);
    return 0;
}
