// SPDX-License-Identifier: MIT
// What of PifHypervisor needs neither QEMU nor root: logs that are read, connections that fail.
#include "pifarm/base/error.h"
#include "pifarm/base/fd.h"
#include "pifarm/base/file.h"
#include "pifarm/machine/embedded.h"
#include "pifarm/machine/hypervisor.h"
#include "pifarm/machine/last_words.h"

#include <fcntl.h>
#include <string.h>

static void on_event(const char *node, PifMachineEvent event, const char *detail, gpointer data)
{
}

static const struct {
    const char *what;
    const char *log;
    PifMachineEvent ending;
} endings[] = {
    {"a power off", "[   16.2] kvm: exiting\r\n[   16.3] reboot: Power down\r\n",
     PIF_MACHINE_POWERED_OFF},
    {"a reboot", "[   16.3] reboot: Restarting system\r\n", PIF_MACHINE_REBOOTED},
    {"a halt", "[   16.3] reboot: System halted\r\n", PIF_MACHINE_POWERED_OFF},
    {"a log that breaks off",
     "Debian GNU/Linux 12 n1 ttyS1\r\n\r\nn1 login: ", PIF_MACHINE_CRASHED},
    {"an empty log", "", PIF_MACHINE_CRASHED},
    {"a power off before the last boot",
     "reboot: Power down\r\n[    0.000000] Booting Linux on physical CPU 0x0000000000\r\n",
     PIF_MACHINE_CRASHED},
    {"the last of two ends",
     "reboot: Restarting system\r\nBooting Linux on physical CPU 0x0\r\n"
     "reboot: Power down\r\n",
     PIF_MACHINE_POWERED_OFF},
    {"bytes that are no text", "\377\376reboot: Power down\r\n\200", PIF_MACHINE_POWERED_OFF},
};

static void the_last_kernel_messages_tell_how_a_machine_ended(gconstpointer data)
{
    gsize i = GPOINTER_TO_SIZE(data);
    g_autofree char *folder = g_dir_make_tmp("pifarm-XXXXXX", NULL);
    g_autofree char *log = g_build_filename(folder, "console.log", NULL);
    g_assert_true(pif_file_write(log, endings[i].log, -1, 0600, NULL));
    g_assert_cmpint(pif_machine_guess_ending(log), ==, endings[i].ending);
    g_assert_true(pif_dir_remove(folder, NULL));
}

static void a_log_that_is_not_there_tells_nothing(void)
{
    g_assert_cmpint(pif_machine_guess_ending("/nonexistent/log"), ==, PIF_MACHINE_CRASHED);
}

static void qemus_words_come_without_stamps_and_what_it_always_says(void)
{
    g_autofree char *words = pif_qemu_words(
        "internal error: process exited while connecting to monitor: "
        "2026-01-31T12:00:00.123456Z qemu-system-aarch64: warning: requested NIC (net0, model "
        "usb-net) was not created (not supported by this machine?)\n"
        "2026-01-31T12:00:00.223456Z qemu-system-aarch64: Invalid SD card size: 3 MiB\n"
        "SD card size has to be a power of 2, e.g. 4 MiB.\n\n");
    g_assert_cmpstr(
        words, ==, "Invalid SD card size: 3 MiB; SD card size has to be a power of 2, e.g. 4 MiB.");
}

static void assert_open_fails(const char *uri, const char *directory, PifErrorCode code,
                              const char *message)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(PifHypervisor) hypervisor =
        pif_hypervisor_open(uri, directory, "lab", on_event, NULL, &error);
    g_assert_null(hypervisor);
    g_assert_error(error, PIF_ERROR, (int)code);
    if (!g_str_has_prefix(error->message, message))
        g_error("expected '%s' in: %s", message, error->message);
}

static void a_uri_that_no_driver_knows_is_named(void)
{
    assert_open_fails("nonsense:///", NULL, PIF_ERROR_NOT_FOUND,
                      "cannot connect to libvirt at nonsense:///: ");
}

static void a_hypervisor_that_is_not_qemu_is_refused(void)
{
    assert_open_fails("test:///default", NULL, PIF_ERROR_EXTERNAL,
                      "cannot watch the machines of farm lab: ");
}

static void a_path_too_long_for_sockets_is_refused_when_the_runtime_folder_is_no_shorter(void)
{
    g_autofree char *folder = g_dir_make_tmp("pifarm-XXXXXX", NULL);
    g_autofree char *name = g_strnfill(80, 'x');
    g_autofree char *state = g_build_filename(folder, name, NULL);
    g_autofree char *message = g_strdup_printf("the path %s is too long for libvirt's", state);
    g_setenv("PIFARM_RUNTIME_DIR", state, TRUE);
    assert_open_fails(NULL, state, PIF_ERROR_CONFIG, message);
    g_assert_true(pif_dir_remove(folder, NULL));
}

static void a_log_above_its_size_begins_anew_and_keeps_its_end(void)
{
    g_autofree char *root = g_dir_make_tmp("pifarm-XXXXXX", NULL);
    g_autofree char *folder = g_build_filename(root, "log", "qemu", NULL);
    g_autofree char *log = g_build_filename(folder, "lab-n1.log", NULL);
    g_autofree char *other = g_build_filename(root, "log", "libvirt.log", NULL);
    g_autofree char *old = g_strconcat(log, ".old", NULL);
    g_autofree char *text = NULL;
    g_autofree char *next = NULL;
    g_autofree char *untouched = NULL;
    PifEmbedded embedded = {.root = root};
    g_autofree char *line = g_strnfill(3 * 1024 * 1024, 'x');
    g_autofree char *long_log = g_strconcat(line, "\nthe end\n", NULL);
    g_assert_true(pif_dir_make(folder, 0755, NULL));
    g_assert_true(pif_file_write(log, long_log, -1, 0600, NULL));
    g_assert_true(pif_file_write(other, "short\n", -1, 0600, NULL));
    g_auto(PifFd) writer = open(log, O_WRONLY | O_APPEND | O_CLOEXEC);
    pif_embedded_bound_logs(&embedded, "lab-n1");
    g_assert_cmpint(write(writer, "next\n", 5), ==, 5);
    g_assert_true(g_file_get_contents(old, &text, NULL, NULL));
    g_assert_cmpuint(strlen(text), <=, 256 * 1024);
    g_assert_true(g_str_has_suffix(text, "\nthe end\n"));
    g_assert_true(pif_file_read(log, 100, &next, NULL, NULL));
    g_assert_cmpstr(next, ==, "next\n");
    g_assert_true(pif_file_read(other, 100, &untouched, NULL, NULL));
    g_assert_cmpstr(untouched, ==, "short\n");
    g_assert_true(pif_dir_remove(root, NULL));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define TEST(function) g_test_add_func("/hypervisor/" #function, function)
    for (size_t i = 0; i < G_N_ELEMENTS(endings); i++) {
        g_autofree char *path = g_strdup_printf("/ending/%s", endings[i].what);
        g_test_add_data_func(path, GSIZE_TO_POINTER(i),
                             the_last_kernel_messages_tell_how_a_machine_ended);
    }
    TEST(a_log_above_its_size_begins_anew_and_keeps_its_end);
    TEST(a_log_that_is_not_there_tells_nothing);
    TEST(qemus_words_come_without_stamps_and_what_it_always_says);
    TEST(a_uri_that_no_driver_knows_is_named);
    TEST(a_hypervisor_that_is_not_qemu_is_refused);
    TEST(a_path_too_long_for_sockets_is_refused_when_the_runtime_folder_is_no_shorter);
    return g_test_run();
}
