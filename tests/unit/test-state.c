// SPDX-License-Identifier: MIT
// The state file: what it remembers, and that neither a kill nor a damaged file loses it silently.
#include "pifarm/base/error.h"
#include "pifarm/base/file.h"
#include "pifarm/model/state.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

typedef struct {
    char *folder;
    char *path;
    PifState *state;
} Fixture;

static void set_up(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    fixture->folder = g_dir_make_tmp("pifarm-state-XXXXXX", &error);
    g_assert_no_error(error);
    fixture->path = g_build_filename(fixture->folder, "state.db", NULL);
    fixture->state = pif_state_open(fixture->path, &error);
    g_assert_no_error(error);
}

static void tear_down(Fixture *fixture, gconstpointer data)
{
    pif_state_free(fixture->state);
    pif_dir_remove(fixture->folder, NULL);
    g_free(fixture->path);
    g_free(fixture->folder);
}

static void reopen(Fixture *fixture)
{
    g_autoptr(GError) error = NULL;
    g_clear_pointer(&fixture->state, pif_state_free);
    fixture->state = pif_state_open(fixture->path, &error);
    g_assert_no_error(error);
}

static gboolean is_wanted(Fixture *fixture, const char *node)
{
    g_autoptr(GError) error = NULL;
    gboolean is_on = 7;
    g_assert_true(pif_state_get_wanted(fixture->state, node, &is_on, &error));
    g_assert_no_error(error);
    return is_on;
}

static void wanted_power_is_remembered(Fixture *fixture, gconstpointer data)
{
    g_assert_true(pif_state_set_wanted(fixture->state, "n1", TRUE, NULL));
    g_assert_true(pif_state_set_wanted(fixture->state, "n2", TRUE, NULL));
    g_assert_true(pif_state_set_wanted(fixture->state, "n2", FALSE, NULL));
    reopen(fixture);
    g_assert_true(is_wanted(fixture, "n1"));
    g_assert_false(is_wanted(fixture, "n2"));
    g_assert_false(is_wanted(fixture, "never heard of"));
}

static PifBoot *get_boot(Fixture *fixture, const char *node)
{
    g_autoptr(GError) error = NULL;
    PifBoot *boot = NULL;
    g_assert_true(pif_state_get_boot(fixture->state, node, &boot, &error));
    g_assert_no_error(error);
    return boot;
}

static void a_boot_keeps_when_each_stage_was_reached_first(Fixture *fixture, gconstpointer data)
{
    g_assert_null(get_boot(fixture, "n1"));
    g_assert_true(pif_state_begin_boot(fixture->state, "n1", 100, NULL));
    g_assert_true(pif_state_begin_boot(fixture->state, "n2", 150, NULL));
    g_assert_true(pif_state_set_boot_stage(fixture->state, "n1", "running", 200, NULL));
    g_assert_true(pif_state_set_boot_stage(fixture->state, "n1", "ready", 300, NULL));
    g_assert_true(pif_state_set_boot_stage(fixture->state, "n1", "ready", 999, NULL));
    g_assert_true(pif_state_end_boot(fixture->state, "n1", 400, "power off", NULL));
    g_assert_true(pif_state_set_boot_stage(fixture->state, "n1", "network", 500, NULL));
    reopen(fixture);
    g_autoptr(PifBoot) boot = get_boot(fixture, "n1");
    g_assert_cmpint(boot->number, ==, 1);
    g_assert_cmpint(boot->started_us, ==, 100);
    g_assert_cmpint(boot->running_us, ==, 200);
    g_assert_cmpint(boot->network_us, ==, 0);
    g_assert_cmpint(boot->ready_us, ==, 300);
    g_assert_cmpint(boot->ended_us, ==, 400);
    g_assert_cmpstr(boot->end_reason, ==, "power off");
}

static void stages_are_those_of_the_newest_boot(Fixture *fixture, gconstpointer data)
{
    for (int i = 1; i <= 150; i++)
        g_assert_true(pif_state_begin_boot(fixture->state, "n1", i, NULL));
    g_assert_true(pif_state_set_boot_stage(fixture->state, "n1", "running", 1000, NULL));
    g_autoptr(PifBoot) boot = get_boot(fixture, "n1");
    g_assert_cmpint(boot->number, ==, 150);
    g_assert_cmpint(boot->started_us, ==, 150);
    g_assert_cmpint(boot->running_us, ==, 1000);
    g_assert_null(boot->end_reason);
}

static void an_unknown_stage_is_refused(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    g_assert_false(pif_state_set_boot_stage(fixture->state, "n1", "flying", 1, &error));
    g_assert_error(error, PIF_ERROR, PIF_ERROR_USAGE);
}

static gint64 add_to(PifStateLog log, Fixture *fixture, const char *node, const char *text)
{
    g_autoptr(GError) error = NULL;
    PifEvent event = {.time_us = g_get_real_time(),
                      .node = (char *)node,
                      .kind = (char *)"test",
                      .text = (char *)text};
    g_assert_true(pif_state_add_event(fixture->state, log, &event, &error));
    return event.sequence;
}

static gint64 add(Fixture *fixture, const char *node, const char *text)
{
    return add_to(PIF_STATE_EVENTS, fixture, node, text);
}

static GPtrArray *list_of(PifStateLog log, Fixture *fixture, const char *node, gint64 after,
                          unsigned limit)
{
    g_autoptr(GError) error = NULL;
    GPtrArray *events = pif_state_list_events(fixture->state, log, node, after, limit, &error);
    g_assert_no_error(error);
    return events;
}

static GPtrArray *list(Fixture *fixture, const char *node, gint64 after, unsigned limit)
{
    return list_of(PIF_STATE_EVENTS, fixture, node, after, limit);
}

static void events_are_listed_oldest_first_after_a_number(Fixture *fixture, gconstpointer data)
{
    g_assert_cmpint(add(fixture, "n1", "one"), ==, 1);
    g_assert_cmpint(add(fixture, NULL, "two"), ==, 2);
    g_assert_cmpint(add(fixture, "n2", "three"), ==, 3);
    g_assert_cmpint(add(fixture, "n1", "four"), ==, 4);
    g_autoptr(GPtrArray) all = list(fixture, NULL, 0, 3);
    g_autoptr(GPtrArray) of_n1 = list(fixture, "n1", 1, 10);
    g_assert_cmpuint(all->len, ==, 3);
    PifEvent *second = g_ptr_array_index(all, 1);
    g_assert_null(second->node);
    g_assert_cmpstr(second->kind, ==, "test");
    g_assert_cmpstr(second->text, ==, "two");
    g_assert_cmpint(ABS(second->time_us - g_get_real_time()), <, 60 * G_USEC_PER_SEC);
    g_assert_cmpuint(of_n1->len, ==, 1);
    g_assert_cmpint(((PifEvent *)g_ptr_array_index(of_n1, 0))->sequence, ==, 4);
}

static void the_newest_ten_thousand_events_are_kept(Fixture *fixture, gconstpointer data)
{
    for (int i = 1; i <= 10003; i++)
        g_assert_cmpint(add(fixture, "n1", "x"), ==, i);
    g_autoptr(GPtrArray) events = list(fixture, NULL, 0, 20000);
    g_assert_cmpuint(events->len, ==, 10000);
    g_assert_cmpint(((PifEvent *)g_ptr_array_index(events, 0))->sequence, ==, 4);
}

static void strangers_do_not_push_a_nodes_network_boots_out(Fixture *fixture, gconstpointer data)
{
    enum { KEPT = 2000, EVERY = 64 };
    add_to(PIF_STATE_NETBOOT, fixture, "n1", "{}");
    for (int i = 0; i < 3 * KEPT; i++)
        add_to(PIF_STATE_NETBOOT, fixture, NULL, "{}");
    g_autoptr(GPtrArray) all = list_of(PIF_STATE_NETBOOT, fixture, NULL, 0, 4 * KEPT);
    g_autoptr(GPtrArray) of_n1 = list_of(PIF_STATE_NETBOOT, fixture, "n1", 0, 4 * KEPT);
    g_autoptr(GPtrArray) events = list(fixture, NULL, 0, 10);
    g_assert_cmpuint(of_n1->len, ==, 1);
    g_assert_cmpuint(all->len, >=, KEPT);
    g_assert_cmpuint(all->len, <=, KEPT + EVERY + 1);
    g_assert_cmpuint(events->len, ==, 0);
}

static void an_event_text_is_cut_and_made_utf8(Fixture *fixture, gconstpointer data)
{
    g_autofree char *text = g_strnfill(100000, '\xff');
    add(fixture, "n1", text);
    g_autoptr(GPtrArray) events = list(fixture, NULL, 0, 1);
    const char *stored = ((PifEvent *)g_ptr_array_index(events, 0))->text;
    g_assert_true(g_utf8_validate(stored, -1, NULL));
    g_assert_cmpuint(strlen(stored), <=, 3 * 4096);
}

/* Child: writes for ever, and says each sequence number after it is written. */
static void write_until_killed(const char *path, int report)
{
    g_autoptr(PifState) state = pif_state_open(path, NULL);
    PifEvent event = {.node = (char *)"n1", .kind = (char *)"test", .text = (char *)"text"};
    for (;;) {
        if (!pif_state_begin_boot(state, "n1", 1, NULL) ||
            !pif_state_set_wanted(state, "n1", TRUE, NULL) ||
            !pif_state_add_event(state, PIF_STATE_EVENTS, &event, NULL) ||
            write(report, &event.sequence, sizeof event.sequence) < 0)
            _exit(1);
    }
}

/* Kills a writer after it has reported this often; what it had reported last. */
static gint64 run_and_kill_writer(const char *path, unsigned n_reports)
{
    int pipe_fds[2];
    gint64 reported = 0, last = 0;
    g_assert_cmpint(pipe(pipe_fds), ==, 0);
    pid_t child = fork();
    if (child == 0) {
        close(pipe_fds[0]);
        write_until_killed(path, pipe_fds[1]);
    }
    close(pipe_fds[1]);
    for (unsigned i = 0; i < n_reports; i++)
        g_assert_cmpint(read(pipe_fds[0], &last, sizeof last), ==, sizeof last);
    kill(child, SIGKILL);
    while (read(pipe_fds[0], &reported, sizeof reported) == sizeof reported)
        last = reported;
    waitpid(child, NULL, 0);
    close(pipe_fds[0]);
    return last;
}

static void a_killed_writer_loses_nothing_it_had_written(Fixture *fixture, gconstpointer data)
{
    g_clear_pointer(&fixture->state, pif_state_free);
    for (unsigned round = 0; round < 15; round++) {
        gint64 last = run_and_kill_writer(fixture->path, 1 + 3 * round);
        reopen(fixture);
        g_autoptr(GPtrArray) events = list(fixture, NULL, 0, 20000);
        g_autoptr(PifBoot) boot = get_boot(fixture, "n1");
        g_assert_cmpuint(events->len, >=, last);
        g_assert_cmpuint(events->len, <=, last + 1);
        for (unsigned i = 0; i < events->len; i++)
            g_assert_cmpint(((PifEvent *)g_ptr_array_index(events, i))->sequence, ==, i + 1);
        g_assert_cmpint(boot->number, >=, events->len);
        g_assert_true(is_wanted(fixture, "n1"));
        g_clear_pointer(&fixture->state, pif_state_free);
    }
}

static void overwrite(const char *path, long offset, const char *bytes, size_t size)
{
    FILE *file = fopen(path, "r+");
    g_assert_nonnull(file);
    g_assert_cmpint(fseek(file, offset, SEEK_SET), ==, 0);
    g_assert_cmpuint(fwrite(bytes, 1, size, file), ==, size);
    fclose(file);
}

static void assert_damaged(Fixture *fixture)
{
    g_autoptr(GError) error = NULL;
    g_assert_null(pif_state_open(fixture->path, &error));
    g_assert_error(error, PIF_ERROR, PIF_ERROR_PROTOCOL);
    g_assert_nonnull(strstr(error->message, fixture->path));
    g_assert_nonnull(strstr(error->message, "move it aside"));
}

static void a_file_that_is_no_database_is_named(Fixture *fixture, gconstpointer data)
{
    g_clear_pointer(&fixture->state, pif_state_free);
    overwrite(fixture->path, 0, "not a database at all", 21);
    assert_damaged(fixture);
}

static void a_damaged_database_is_named(Fixture *fixture, gconstpointer data)
{
    g_autofree char *garbage = g_strnfill(4096, '\xa5');
    for (int i = 0; i < 500; i++)
        add(fixture, "n1", "some text to fill pages with");
    g_clear_pointer(&fixture->state, pif_state_free);
    for (long page = 2; page < 6; page++)
        overwrite(fixture->path, page * 4096, garbage, 4096);
    assert_damaged(fixture);
}

static void a_database_of_a_newer_version_is_left_alone(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    g_clear_pointer(&fixture->state, pif_state_free);
    overwrite(fixture->path, 60, "\0\0\0\x63",
              4); /* SQLite file format, section 1.3: user version */
    g_assert_null(pif_state_open(fixture->path, &error));
    g_assert_error(error, PIF_ERROR, PIF_ERROR_CONFIG);
    g_assert_nonnull(strstr(error->message, "newer pifarm (version 99, this one knows 3)"));
}

static void a_missing_folder_is_an_error(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = g_build_filename(fixture->folder, "none", "state.db", NULL);
    g_assert_null(pif_state_open(path, &error));
    g_assert_error(error, PIF_ERROR, PIF_ERROR_NOT_FOUND);
}

#define ADD(test) g_test_add("/state/" #test, Fixture, NULL, set_up, test, tear_down)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD(wanted_power_is_remembered);
    ADD(a_boot_keeps_when_each_stage_was_reached_first);
    ADD(stages_are_those_of_the_newest_boot);
    ADD(an_unknown_stage_is_refused);
    ADD(events_are_listed_oldest_first_after_a_number);
    ADD(the_newest_ten_thousand_events_are_kept);
    ADD(strangers_do_not_push_a_nodes_network_boots_out);
    ADD(an_event_text_is_cut_and_made_utf8);
    ADD(a_killed_writer_loses_nothing_it_had_written);
    ADD(a_file_that_is_no_database_is_named);
    ADD(a_damaged_database_is_named);
    ADD(a_database_of_a_newer_version_is_left_alone);
    ADD(a_missing_folder_is_an_error);
    return g_test_run();
}
