// SPDX-License-Identifier: MIT
// A real guest through PifHypervisor: console, ends of every kind, and a keeper killed in between.
// The tests run in order and hand one node to the next.
#include "images/card/card.h"
#include "pifarm/base/command.h"
#include "pifarm/base/error.h"
#include "pifarm/base/file.h"
#include "pifarm/boot/boot-files.h"
#include "pifarm/machine/hypervisor.h"
#include "tests/net/namespace.h"

#include <poll.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

enum { BOOT_S = 120, EVENT_S = 20 };

#define BRIDGE "machinebr0"

/* The rack that all tests share. Its folder has a name too long for libvirt's sockets. */
static struct {
    char *folder;
    char *base;
    char *clone;
    char *libvirt;
    char *console_log;
    PifBootFiles *files;
    PifMachineSpec spec;
    PifHypervisor *hypervisor;
    GString *events;  /* "started n1, stopped n1, " */
    GString *console; /* what came from it */
} rack;

/* A statement that sets `error` when it fails. */
#define ok(statement)                                                                              \
    do {                                                                                           \
        g_autoptr(GError) error = NULL;                                                            \
        statement;                                                                                 \
        g_assert_no_error(error);                                                                  \
    } while (0)

#define fails(code, text, statement)                                                               \
    do {                                                                                           \
        g_autoptr(GError) error = NULL;                                                            \
        statement;                                                                                 \
        g_assert_error(error, PIF_ERROR, code);                                                    \
        if (!strstr(error->message, text))                                                         \
            g_error("expected '%s' in: %s", text, error->message);                                 \
    } while (0)

/* --- waiting ------------------------------------------------------------------------------- */

static gboolean on_deadline(gpointer what)
{
    g_error("waited in vain for: %s\nevents: %s\nconsole: %s", (const char *)what, rack.events->str,
            rack.console->str);
    return G_SOURCE_REMOVE;
}

/* Runs the main loop until text is in whole. */
static void wait_for(const GString *whole, const char *text, guint seconds)
{
    guint deadline = g_timeout_add_seconds(seconds, on_deadline, (gpointer)text);
    while (!strstr(whole->str, text))
        g_main_context_iteration(NULL, TRUE);
    g_source_remove(deadline);
}

static void on_event(const char *node, PifMachineEvent event, const char *detail, gpointer data)
{
    static const char *const names[] = {
        [PIF_MACHINE_STARTED] = "started",   [PIF_MACHINE_POWERED_OFF] = "powered-off",
        [PIF_MACHINE_REBOOTED] = "rebooted", [PIF_MACHINE_STOPPED] = "stopped",
        [PIF_MACHINE_CRASHED] = "crashed",
    };
    g_string_append_printf(rack.events, "%s %s, ", names[event], node);
}

static void assert_events(const char *last)
{
    wait_for(rack.events, last, EVENT_S);
    g_assert_cmpstr(rack.events->str, ==, last);
    g_string_truncate(rack.events, 0);
}

static void on_bytes(const void *bytes, gsize size, gpointer data)
{
    if (size == 0)
        g_string_append(rack.console, "[end]");
    for (gsize i = 0; i < size; i++)
        if (((const char *)bytes)[i] != '\0')
            g_string_append_c(rack.console, ((const char *)bytes)[i]);
}

static void type(PifConsole *console, const char *line)
{
    ok(pif_console_write(console, line, strlen(line), &error));
}

static gboolean press_enter(gpointer console)
{
    type(console, "\n");
    return G_SOURCE_CONTINUE;
}

/* The prompt may have been printed before we listened: it comes again with each line. */
static PifConsole *log_in(void)
{
    PifConsole *console = NULL;
    g_string_truncate(rack.console, 0);
    ok(console = pif_console_open(rack.hypervisor, "n1", on_bytes, NULL, &error));
    guint pressing = g_timeout_add_seconds(2, press_enter, console);
    wait_for(rack.console, "login:", BOOT_S);
    g_source_remove(pressing);
    type(console, "root\n");
    wait_for(rack.console, "# ", EVENT_S);
    return console;
}

/* --- the rack ------------------------------------------------------------------------------ */

/* The tiny image with a root who needs no password, read-only under a clone. */
static void make_card(void)
{
    static const char script[] =
        "card=$1 clone=$2\n"
        "cp --sparse=always \"$(\"$PIFARM_SOURCE\"/examples/build-card-image --flavour tiny)\" "
        "\"$card\"\n"
        "root=\"$card?offset=$(($(partx -g -o START --nr 2 \"$card\") * 512))\"\n"
        "debugfs -R 'cat /etc/shadow' \"$root\" 2>/dev/null | sed 's/^root:[^:]*:/root::/' "
        ">\"$card.shadow\"\n"
        "printf '%s\\n' 'rm /etc/shadow' \"write $card.shadow /etc/shadow\" | "
        "debugfs -w -f - \"$root\" >/dev/null 2>&1\n"
        "chmod 0444 \"$card\"\n"
        "qemu-img create -q -f qcow2 -b \"$card\" -F raw \"$clone\"\n";
    g_autoptr(PifCommand) command =
        pif_command_new("bash", "-euc", script, "bash", rack.base, rack.clone, NULL);
    ok(pif_command_run(command, NULL, &error));
}

static void read_boot_files(void)
{
    g_autoptr(PifCard) card = NULL;
    g_autofree char *boot = g_build_filename(rack.folder, "boot", NULL);
    ok(pif_dir_make(boot, 0755, &error));
    ok(pif_card_open(rack.clone, FALSE, &card, &error));
    PifBoard board = pif_board_new(0x123456);
    ok(pif_boot_files_read(card, &board, boot, &rack.files, &error));
    ok(pif_card_close(card, &error));
}

static void write_spec(void)
{
    static const uint8_t mac[6] = {0xb8, 0x27, 0xeb, 0x12, 0x34, 0x56};
    rack.spec = (PifMachineSpec){
        .name = "lab-n1",
        .farm = "lab",
        .node = "n1",
        .disk = rack.clone,
        .kernel = rack.files->kernel,
        .initramfs = rack.files->initramfs,
        .device_tree = rack.files->device_tree,
        .command_line = rack.files->command_line,
        .bridge = BRIDGE,
        .tap = "q0tap1",
        .mac = mac,
        .console_log = rack.console_log,
        .kernel_log = g_build_filename(rack.folder, "kernel.log", NULL),
    };
}

/* sysfs shows the network of the namespace in which it was mounted. */
static void enter_own_network(void)
{
    g_assert_true(enter_namespace());
    g_assert_cmpint(unshare(CLONE_NEWNS), ==, 0);
    run("mount --make-rprivate /; mount -t sysfs sysfs /sys");
    run("ip link add " BRIDGE " type bridge; ip link set " BRIDGE " up");
}

/* A child that cleans up when we are gone, however a test ends us. */
static void leave_a_cleaner(void)
{
    pid_t tests = getpid();
    if (fork() != 0)
        return;
    struct pollfd gone = {.fd = (int)syscall(SYS_pidfd_open, tests, 0), .events = POLLIN};
    poll(&gone, 1, -1);
    g_autofree char *pid_file = g_build_filename(rack.libvirt, "run", "qemu", "lab-n1.pid", NULL);
    g_autofree char *pid = NULL;
    if (pif_file_read(pid_file, 32, &pid, NULL, NULL))
        kill(atoi(pid), SIGKILL);
    pif_dir_remove(rack.folder, NULL);
    _exit(0);
}

static void set_up(void)
{
    g_autoptr(GError) error = NULL;
    rack.folder = g_dir_make_tmp("pifarm-machine-XXXXXX", &error);
    g_assert_no_error(error);
    g_assert_cmpint(chmod(rack.folder, 0755), ==, 0);
    g_autofree char *runtime = g_build_filename(rack.folder, "run", NULL);
    g_setenv("PIFARM_RUNTIME_DIR", runtime, TRUE);
    rack.base = g_build_filename(rack.folder, "base.img", NULL);
    rack.clone = g_build_filename(rack.folder, "n1.qcow2", NULL);
    rack.console_log = g_build_filename(rack.folder, "console.log", NULL);
    rack.libvirt = g_build_filename(
        rack.folder, "a-folder-whose-path-is-far-too-long-for-the-sockets-in-it", "libvirt", NULL);
    rack.events = g_string_new(NULL);
    rack.console = g_string_new(NULL);
    leave_a_cleaner();
    enter_own_network();
    make_card();
    read_boot_files();
    write_spec();
}

static void tear_down(void)
{
    if (rack.hypervisor)
        pif_hypervisor_stop(rack.hypervisor, "n1", NULL);
    g_clear_pointer(&rack.hypervisor, pif_hypervisor_free);
    g_clear_pointer(&rack.files, pif_boot_files_free);
    g_string_free(rack.events, TRUE);
    g_string_free(rack.console, TRUE);
    g_free((char *)rack.spec.kernel_log);
    g_free(rack.console_log);
    g_free(rack.libvirt);
    g_free(rack.clone);
    g_free(rack.base);
    g_free(rack.folder);
}

static PifHypervisor *open_hypervisor(GError **error)
{
    return pif_hypervisor_open(NULL, rack.libvirt, "lab", on_event, NULL, error);
}

static void start_node(void)
{
    ok(pif_hypervisor_start(rack.hypervisor, &rack.spec, &error));
    assert_events("started n1, ");
}

static gint64 qemu_pid(void)
{
    PifMachineStats stats = {0};
    g_assert_true(pif_hypervisor_get_stats(rack.hypervisor, "n1", &stats));
    g_assert_cmpint(stats.pid, >, 1);
    return stats.pid;
}

static char *hash_of(const char *path)
{
    g_autoptr(PifCommand) command = pif_command_new("sha256sum", path, NULL);
    char *output = NULL;
    ok(pif_command_run(command, &output, &error));
    return output;
}

/* --- tests --------------------------------------------------------------------------------- */

/* libvirt opens one root in a process once, so who opens it for a while does so in a child. */
static pid_t start_child(void (*work)(int), int *ret_ready_fd)
{
    int pipe_fds[2];
    g_assert_cmpint(pipe(pipe_fds), ==, 0);
    pid_t child = fork();
    if (child == 0) {
        close(pipe_fds[0]);
        work(pipe_fds[1]);
        _exit(0);
    }
    close(pipe_fds[1]);
    *ret_ready_fd = pipe_fds[0];
    return child;
}

static void assert_child_does(void (*work)(int))
{
    int ready_fd = -1, status = 0;
    pid_t child = start_child(work, &ready_fd);
    g_assert_cmpint(waitpid(child, &status, 0), ==, child);
    g_assert_cmpint(status, ==, 0);
    close(ready_fd);
}

/* Starts work, which writes a byte when it is time to kill it, and kills it. */
static void kill_child_in(void (*work)(int), void (*meanwhile)(void))
{
    char byte = 0;
    int ready_fd = -1;
    pid_t child = start_child(work, &ready_fd);
    g_assert_cmpint(read(ready_fd, &byte, 1), ==, 1);
    if (meanwhile)
        meanwhile();
    kill(child, SIGKILL);
    g_assert_cmpint(waitpid(child, NULL, 0), ==, child);
    close(ready_fd);
}

static void keep_node(int ready_fd)
{
    ok(rack.hypervisor = open_hypervisor(&error));
    start_node();
    g_assert_cmpint(write(ready_fd, "!", 1), ==, 1);
    pause();
}

static void keep_node_until_power_off(int ready_fd)
{
    ok(rack.hypervisor = open_hypervisor(&error));
    start_node();
    type(log_in(), "poweroff\n");
    g_assert_cmpint(write(ready_fd, "!", 1), ==, 1);
    pause();
}

static void fail_to_open(int unused)
{
    fails(PIF_ERROR_BUSY, "another process runs the machines", open_hypervisor(&error));
}

static void a_second_process_is_refused(void)
{
    assert_child_does(fail_to_open);
}

static void wait_for_power_down(void)
{
    gint64 deadline_us = g_get_monotonic_time() + BOOT_S * G_USEC_PER_SEC;
    while (pif_machine_guess_ending(rack.console_log) != PIF_MACHINE_POWERED_OFF) {
        g_assert_cmpint(g_get_monotonic_time(), <, deadline_us);
        g_usleep(50000); /* a file tells nobody that it has grown enough */
    }
}

static void find_nothing_running(int unused)
{
    g_auto(GStrv) running = NULL;
    ok(rack.hypervisor = open_hypervisor(&error));
    ok(running = pif_hypervisor_list_running(rack.hypervisor, &error));
    g_assert_cmpuint(g_strv_length(running), ==, 0);
    run("! ip link show q0tap1 2>/dev/null");
}

static void a_guest_that_powered_off_while_nobody_watched_is_not_running(void)
{
    kill_child_in(keep_node_until_power_off, NULL);
    wait_for_power_down();
    assert_child_does(find_nothing_running);
}

static void a_guest_outlives_the_process_that_started_it(void)
{
    g_auto(GStrv) running = NULL;
    kill_child_in(keep_node, a_second_process_is_refused);
    ok(rack.hypervisor = open_hypervisor(&error));
    ok(running = pif_hypervisor_list_running(rack.hypervisor, &error));
    g_assert_cmpuint(g_strv_length(running), ==, 1);
    g_assert_cmpstr(running[0], ==, "n1");
}

static void the_console_takes_a_login_and_answers(void)
{
    g_autoptr(PifConsole) console = log_in();
    type(console, "echo answer $((6 * 7)); cat /sys/class/net/eth0/address\n");
    wait_for(rack.console, "answer 42", EVENT_S);
    wait_for(rack.console, "b8:27:eb:12:34:56", EVENT_S);
}

static void a_console_closed_and_opened_again_is_the_same(void)
{
    g_autoptr(PifConsole) console = NULL;
    g_string_truncate(rack.console, 0);
    ok(console = pif_console_open(rack.hypervisor, "n1", on_bytes, NULL, &error));
    type(console, "echo again $((1 + 1))\n");
    wait_for(rack.console, "again 2", EVENT_S);
}

static void all_that_the_console_printed_is_in_its_log(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *log = NULL;
    pif_file_read(rack.console_log, 1 << 20, &log, NULL, &error);
    g_assert_no_error(error);
    g_assert_nonnull(strstr(log, "Booting Linux on physical CPU"));
    g_assert_nonnull(strstr(log, "answer 42"));
}

static void figures_of_a_running_machine_are_plausible(void)
{
    PifMachineStats stats = {0};
    g_assert_true(pif_hypervisor_get_stats(rack.hypervisor, "n1", &stats));
    g_assert_cmpuint(stats.memory_bytes, >, 50 << 20);
    g_assert_cmpuint(stats.memory_bytes, <, (guint64)2 << 30);
    g_assert_cmpuint(stats.cpu_ns, >, 1000000000);
    g_assert_cmpuint(stats.tx_bytes, >, 0); /* it asks for an address */
    g_assert_false(pif_hypervisor_get_stats(rack.hypervisor, "n2", &stats));
}

static void qemu_runs_without_privileges_and_with_our_tcg_settings(void)
{
    g_autofree char *commands =
        g_strdup_printf("grep '^CapEff:' /proc/%1$ld/status; stat -c %%U /proc/%1$ld; "
                        "tr '\\0' ' ' </proc/%1$ld/cmdline | grep -o -e '-accel [^ ]*'",
                        (long)qemu_pid());
    g_autofree char *output = output_of(commands);
    g_autofree char *expected = g_strdup_printf(
        "CapEff:\t0000000000000000\nlibvirt-qemu\n-accel tcg,thread=%s,tb-size=128\n",
        pif_domain_wants_threads(g_get_num_processors(), 0) ? "multi" : "single");
    g_assert_cmpstr(output, ==, expected);
}

static void a_second_start_is_refused(void)
{
    fails(PIF_ERROR_EXISTS, "node n1 runs already",
          pif_hypervisor_start(rack.hypervisor, &rack.spec, &error));
}

static void a_reboot_in_the_guest_ends_the_machine_as_rebooted(void)
{
    g_autoptr(PifConsole) console = NULL;
    ok(console = pif_console_open(rack.hypervisor, "n1", on_bytes, NULL, &error));
    type(console, "reboot\n");
    wait_for(rack.events, "n1, ", BOOT_S);
    assert_events("rebooted n1, ");
    wait_for(rack.console, "[end]", EVENT_S);
    fails(PIF_ERROR_NOT_FOUND, "its node is off", pif_console_write(console, "x", 1, &error));
    g_assert_cmpint(pif_machine_guess_ending(rack.console_log), ==, PIF_MACHINE_REBOOTED);
}

static void a_power_off_in_the_guest_ends_the_machine_as_powered_off(void)
{
    start_node();
    g_autoptr(PifConsole) console = log_in();
    type(console, "poweroff\n");
    wait_for(rack.events, "n1, ", BOOT_S);
    assert_events("powered-off n1, ");
    g_assert_false(pif_hypervisor_is_running(rack.hypervisor, "n1"));
    g_assert_cmpint(pif_machine_guess_ending(rack.console_log), ==, PIF_MACHINE_POWERED_OFF);
}

static void to_stop_a_node_cuts_its_power_and_takes_its_tap_away(void)
{
    start_node();
    run("ip link show q0tap1 | grep -q 'master " BRIDGE "'");
    ok(pif_hypervisor_stop(rack.hypervisor, "n1", &error));
    g_assert_false(pif_hypervisor_is_running(rack.hypervisor, "n1"));
    run("! ip link show q0tap1 2>/dev/null");
    assert_events("stopped n1, ");
    ok(pif_hypervisor_stop(rack.hypervisor, "n1", &error));
}

static void a_node_stopped_and_started_at_once_reports_both_in_order(void)
{
    start_node();
    ok(pif_hypervisor_stop(rack.hypervisor, "n1", &error));
    ok(pif_hypervisor_start(rack.hypervisor, &rack.spec, &error));
    assert_events("stopped n1, started n1, ");
}

static void a_qemu_that_hangs_is_stopped_all_the_same(void)
{
    kill((pid_t)qemu_pid(), SIGSTOP);
    ok(pif_hypervisor_stop(rack.hypervisor, "n1", &error));
    assert_events("stopped n1, ");
    start_node();
}

static void a_killed_qemu_is_a_crash(void)
{
    kill((pid_t)qemu_pid(), SIGKILL);
    assert_events("crashed n1, ");
    g_assert_false(pif_hypervisor_is_running(rack.hypervisor, "n1"));
}

/* libvirt reports an end before it is through with it. */
static void a_node_that_ended_can_be_started_as_soon_as_that_is_known(void)
{
    enum { ROUNDS = 8 };
    for (int i = 0; i < ROUNDS; i++) {
        start_node();
        kill((pid_t)qemu_pid(), SIGKILL);
        assert_events("crashed n1, ");
    }
}

static void a_tap_of_that_name_is_named_in_the_refusal(void)
{
    run("ip tuntap add q0tap1 mode tap");
    fails(PIF_ERROR_BUSY, "ip link delete q0tap1",
          pif_hypervisor_start(rack.hypervisor, &rack.spec, &error));
    run("ip link delete q0tap1");
}

static void a_file_out_of_qemus_reach_is_named_with_the_folder_in_the_way(void)
{
    g_autofree char *secret = g_build_filename(rack.folder, "secret", NULL);
    g_autofree char *kernel = g_build_filename(secret, "kernel8.img", NULL);
    g_autofree char *cure = g_strdup_printf("chmod o+x %s", secret);
    PifMachineSpec spec = rack.spec;
    spec.kernel = kernel;
    ok(pif_dir_make(secret, 0700, &error));
    ok(pif_file_write(kernel, "", 0, 0644, &error));
    fails(PIF_ERROR_DENIED, cure, pif_hypervisor_start(rack.hypervisor, &spec, &error));
}

static void qemus_own_words_are_in_the_error(void)
{
    g_autofree char *odd = g_build_filename(rack.folder, "odd.qcow2", NULL);
    g_autofree char *command = g_strdup_printf("qemu-img create -q -f qcow2 %s 3M", odd);
    PifMachineSpec spec = rack.spec;
    spec.disk = odd;
    run(command);
    fails(PIF_ERROR_EXTERNAL, "Invalid SD card size: 3 MiB",
          pif_hypervisor_start(rack.hypervisor, &spec, &error));
    run("! ip link show q0tap1 2>/dev/null");
    g_assert_cmpstr(rack.events->str, ==, "");
}

static void the_image_under_the_clone_was_only_read(void)
{
    struct stat status;
    g_assert_cmpint(stat(rack.base, &status), ==, 0);
    g_assert_cmpuint(status.st_uid, ==, 0);
    g_assert_cmphex(status.st_mode & 07777, ==, 0444);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    set_up();
    g_autofree char *before = hash_of(rack.base);
#define TEST(function) g_test_add_func("/machine/" #function, function)
    TEST(a_guest_that_powered_off_while_nobody_watched_is_not_running);
    TEST(a_guest_outlives_the_process_that_started_it);
    TEST(the_console_takes_a_login_and_answers);
    TEST(a_console_closed_and_opened_again_is_the_same);
    TEST(all_that_the_console_printed_is_in_its_log);
    TEST(figures_of_a_running_machine_are_plausible);
    TEST(qemu_runs_without_privileges_and_with_our_tcg_settings);
    TEST(a_second_start_is_refused);
    TEST(a_reboot_in_the_guest_ends_the_machine_as_rebooted);
    TEST(a_power_off_in_the_guest_ends_the_machine_as_powered_off);
    TEST(to_stop_a_node_cuts_its_power_and_takes_its_tap_away);
    TEST(a_node_stopped_and_started_at_once_reports_both_in_order);
    TEST(a_qemu_that_hangs_is_stopped_all_the_same);
    TEST(a_killed_qemu_is_a_crash);
    TEST(a_node_that_ended_can_be_started_as_soon_as_that_is_known);
    TEST(a_tap_of_that_name_is_named_in_the_refusal);
    TEST(a_file_out_of_qemus_reach_is_named_with_the_folder_in_the_way);
    TEST(qemus_own_words_are_in_the_error);
    TEST(the_image_under_the_clone_was_only_read);
    int status = g_test_run();
    g_autofree char *after = hash_of(rack.base);
    g_assert_cmpstr(before, ==, after);
    tear_down();
    return status;
}
