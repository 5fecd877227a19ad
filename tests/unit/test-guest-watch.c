// SPDX-License-Identifier: MIT
// The watch on a console: a kernel that has stopped is noticed, one that is only quoted is not.
#include "pifarm/base/file.h"
#include "pifarm/daemon/guest-watch.h"

#include <stdio.h>

/* Longer than the watch waits after the last words. */
enum { PATIENCE_MS = 6000 };

typedef struct {
    GMainLoop *loop;
    char *folder;
    char *log;
    int ends;
    gboolean is_reboot;
} Fixture;

static void set_up(Fixture *f, gconstpointer unused)
{
    (void)unused;
    f->loop = g_main_loop_new(NULL, FALSE);
    f->folder = g_dir_make_tmp("pifarm-XXXXXX", NULL);
    f->log = g_build_filename(f->folder, "console.log", NULL);
}

static void tear_down(Fixture *f, gconstpointer unused)
{
    (void)unused;
    pif_dir_remove(f->folder, NULL);
    g_free(f->folder);
    g_free(f->log);
    g_main_loop_unref(f->loop);
}

static void append(Fixture *f, const char *text)
{
    FILE *file = fopen(f->log, "ae");
    fputs(text, file);
    fclose(file);
}

static void on_end(gboolean is_reboot, gpointer data)
{
    Fixture *f = data;
    f->ends++;
    f->is_reboot = is_reboot;
    g_main_loop_quit(f->loop);
}

static gboolean on_timeout(gpointer loop)
{
    g_main_loop_quit(loop);
    return G_SOURCE_REMOVE;
}

static void watch_for_a_while(Fixture *f, const char *later)
{
    PifGuestWatch *watch = pif_guest_watch_start(f->log, on_end, f);
    guint timer = g_timeout_add(PATIENCE_MS, on_timeout, f->loop);
    if (later)
        append(f, later);
    g_main_loop_run(f->loop);
    if (f->ends)
        g_source_remove(timer);
    pif_guest_watch_free(watch);
}

static void a_halted_kernel_is_off(Fixture *f, gconstpointer unused)
{
    (void)unused;
    append(f, "[    0.000000] Booting Linux on physical CPU 0x0\n");
    watch_for_a_while(f, "[   12.345678] reboot: System halted\r\n");
    g_assert_cmpint(f->ends, ==, 1);
    g_assert_false(f->is_reboot);
}

static void a_failed_restart_is_a_reboot(Fixture *f, gconstpointer unused)
{
    (void)unused;
    append(f, "[    0.000000] Booting Linux on physical CPU 0x0\n");
    watch_for_a_while(f,
                      "[   12.3] reboot: Restarting system\r\nReboot failed -- System halted\r\n");
    g_assert_cmpint(f->ends, ==, 1);
    g_assert_true(f->is_reboot);
}

static void an_old_log_shown_on_the_console_is_no_end(Fixture *f, gconstpointer unused)
{
    (void)unused;
    append(f, "[    0.000000] Booting Linux on physical CPU 0x0\n");
    watch_for_a_while(f, "Nov 21 10:00:00 n1 kernel: reboot: Power down\r\nroot@n1:~# ");
    g_assert_cmpint(f->ends, ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define TEST(name) g_test_add("/guest-watch/" #name, Fixture, NULL, set_up, name, tear_down)
    TEST(a_halted_kernel_is_off);
    TEST(a_failed_restart_is_a_reboot);
    TEST(an_old_log_shown_on_the_console_is_no_end);
    return g_test_run();
}
