// SPDX-License-Identifier: MIT
// pifarm-qemu between its caller and a QEMU that only prints its arguments.
#include "pifarm/base/command.h"
#include "pifarm/base/file.h"

#include <string.h>

static const struct {
    const char *what;
    const char *given;
    const char *got;
} command_lines[] = {
    {"of two -accel the last is kept, where it stands",
     "-S -accel tcg,tb-size=128 -smp 4 -accel tcg,thread=single",
     "-S -smp 4 -accel tcg,thread=single"},
    {"a single -accel stays", "-machine raspi3b -accel tcg -m 1024",
     "-machine raspi3b -accel tcg -m 1024"},
    {"without -accel nothing changes", "-S -nodefaults -machine none,accel=kvm:tcg -qmp unix:x",
     "-S -nodefaults -machine none,accel=kvm:tcg -qmp unix:x"},
    {"two dashes are as good as one", "--accel kvm -accel tcg", "-accel tcg"},
    {"an -accel without a value is QEMU's to refuse", "-accel tcg -S -accel", "-S -accel"},
    {"no arguments at all", "", ""},
};

/* Runs pifarm-qemu with only the folder in PATH. Free the output. */
static char *run_with_path(const char *folder, const char *arguments, GError **error)
{
    g_autofree char *program = g_build_filename(g_getenv("PIFARM_BUILD"), "bin/pifarm-qemu", NULL);
    g_auto(GStrv) words = g_strsplit(arguments, " ", -1);
    g_autoptr(PifCommand) command = pif_command_new(program, NULL);
    char *output = NULL;
    pif_command_set_environment(command, "PATH", folder);
    pif_command_add_vector(command, (const char *const *)words);
    pif_command_run(command, &output, error);
    return output;
}

static void qemu_gets_the_arguments_that_the_table_says(gconstpointer data)
{
    gsize i = GPOINTER_TO_SIZE(data);
    g_autoptr(GError) error = NULL;
    g_autofree char *folder = g_dir_make_tmp("pifarm-XXXXXX", NULL);
    g_autofree char *fake = g_build_filename(folder, "qemu-system-aarch64", NULL);
    g_assert_true(pif_file_write(fake, "#!/bin/sh\nprintf %s \"$*\"\n", -1, 0755, &error));
    g_autofree char *output = run_with_path(folder, command_lines[i].given, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(output, ==, command_lines[i].got);
    g_assert_true(pif_dir_remove(folder, NULL));
}

static void a_missing_qemu_is_named_with_its_package(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *output = run_with_path("/nonexistent", "-S", &error);
    g_assert_nonnull(error);
    g_assert_nonnull(strstr(error->message, "apt install qemu-system-arm"));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(command_lines); i++) {
        g_autofree char *path = g_strdup_printf("/pifarm-qemu/%s", command_lines[i].what);
        g_test_add_data_func(path, GSIZE_TO_POINTER(i),
                             qemu_gets_the_arguments_that_the_table_says);
    }
    g_test_add_func("/pifarm-qemu/a_missing_qemu_is_named_with_its_package",
                    a_missing_qemu_is_named_with_its_package);
    return g_test_run();
}
