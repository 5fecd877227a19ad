// SPDX-License-Identifier: MIT
// The base library: wire cursors, commands with deadlines, files, undo, errors.
#include "pifarm/base/command.h"
#include "pifarm/base/error.h"
#include "pifarm/base/file.h"
#include "pifarm/base/paths.h"
#include "pifarm/base/table.h"
#include "pifarm/base/undo.h"
#include "pifarm/base/wire.h"

#include <errno.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>

static void a_read_past_the_end_gives_zero_and_stays_overflowed(void)
{
    const uint8_t data[] = {0x12, 0x34, 0x56};
    PifReader reader;
    pif_reader_init(&reader, data, sizeof data);
    g_assert_cmphex(pif_reader_be16(&reader), ==, 0x1234);
    g_assert_cmphex(pif_reader_be32(&reader), ==, 0);
    g_assert_true(reader.overflow);
    g_assert_cmphex(pif_reader_u8(&reader), ==, 0);
    g_assert_cmpuint(pif_reader_left(&reader), ==, 0);
}

static void byte_orders_are_what_they_say(void)
{
    const uint8_t data[] = {1, 2, 3, 4, 1, 2, 3, 4, 1, 2, 1, 2};
    PifReader reader;
    pif_reader_init(&reader, data, sizeof data);
    g_assert_cmphex(pif_reader_be32(&reader), ==, 0x01020304);
    g_assert_cmphex(pif_reader_le32(&reader), ==, 0x04030201);
    g_assert_cmphex(pif_reader_be16(&reader), ==, 0x0102);
    g_assert_cmphex(pif_reader_le16(&reader), ==, 0x0201);
    g_assert_false(reader.overflow);
}

static void a_string_without_its_nul_overflows(void)
{
    PifReader reader;
    pif_reader_init(&reader, "abc\0def", 7);
    g_assert_cmpstr(pif_reader_string(&reader), ==, "abc");
    g_assert_null(pif_reader_string(&reader));
    g_assert_true(reader.overflow);
}

static void a_write_past_the_end_writes_nothing(void)
{
    uint8_t buffer[4] = {0};
    PifWriter writer;
    pif_writer_init(&writer, buffer, 3);
    pif_writer_be16(&writer, 0xabcd);
    pif_writer_be32(&writer, 0xffffffff);
    pif_writer_u8(&writer, 0x11);
    g_assert_true(writer.overflow);
    g_assert_cmpuint(writer.position, ==, 2);
    g_assert_cmpmem(buffer, 4, "\xab\xcd\0\0", 4);
}

static void a_command_returns_its_output(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *output = NULL;
    g_autoptr(PifCommand) command = pif_command_new("cat", NULL);
    g_autoptr(GBytes) input = g_bytes_new_static("hello", 5);
    pif_command_set_input(command, input);
    g_assert_true(pif_command_run(command, &output, &error));
    g_assert_no_error(error);
    g_assert_cmpstr(output, ==, "hello");
}

static void a_failing_command_says_status_and_stderr(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(PifCommand) command = pif_command_new("sh", "-c", "echo no luck >&2; exit 7", NULL);
    g_assert_false(pif_command_run(command, NULL, &error));
    g_assert_error(error, PIF_ERROR, PIF_ERROR_EXTERNAL);
    g_assert_cmpstr(error->message, ==, "sh failed with exit status 7: no luck");
}

/* What a started command writes into its pipe, to the end. */
static char *read_piped(PifCommand *command)
{
    g_autoptr(GError) error = NULL;
    char *output = NULL;
    g_autoptr(GSubprocess) process = pif_command_start_piped(command, &error);
    g_assert_no_error(error);
    g_assert_true(g_subprocess_communicate_utf8(process, NULL, NULL, &output, NULL, &error));
    return output;
}

static void a_pipe_has_the_errors_too_when_they_are_merged(void)
{
    static const char script[] = "echo out; echo wrong >&2; echo more";
    g_autofree char *log = g_build_filename(g_get_tmp_dir(), "pifarm-test-log-XXXXXX", NULL);
    g_autofree char *errors = NULL;
    close(g_mkstemp(log));
    g_autoptr(PifCommand) apart = pif_command_new("sh", "-c", script, NULL);
    pif_command_set_log_file(apart, log);
    g_autofree char *output = read_piped(apart);
    g_assert_cmpstr(output, ==, "out\nmore\n");
    g_assert_true(g_file_get_contents(log, &errors, NULL, NULL));
    g_assert_cmpstr(errors, ==, "wrong\n");
    unlink(log);
    g_autoptr(PifCommand) together = pif_command_new("sh", "-c", script, NULL);
    pif_command_set_errors_merged(together, TRUE);
    g_autofree char *both = read_piped(together);
    g_assert_cmpstr(both, ==, "out\nwrong\nmore\n");
}

static void a_command_past_its_deadline_is_killed(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(PifCommand) command = pif_command_new("sleep", "60", NULL);
    pif_command_set_timeout_ms(command, 50);
    gint64 before_us = g_get_monotonic_time();
    g_assert_false(pif_command_run(command, NULL, &error));
    g_assert_error(error, PIF_ERROR, PIF_ERROR_TIMEOUT);
    g_assert_cmpint(g_get_monotonic_time() - before_us, <, 10 * G_USEC_PER_SEC);
}

static void a_command_over_its_limit_is_killed(void)
{
    g_autofree char *folder = g_dir_make_tmp("pifarm-test-XXXXXX", NULL);
    g_autofree char *file = g_build_filename(folder, "file", NULL);
    g_autofree char *content = NULL;
    g_autoptr(GError) error = NULL;
    gsize size = 0;
    g_autoptr(PifCommand) command =
        pif_command_new("dd", "if=/dev/zero", "bs=1000", "count=3", "status=none", NULL);
    pif_command_add_format(command, "of=%s", file);
    pif_command_set_limits(command, 1500, 0);
    g_assert_false(pif_command_run(command, NULL, &error));
    g_assert_error(error, PIF_ERROR, PIF_ERROR_EXTERNAL);
    g_assert_true(g_str_has_prefix(error->message, "dd was killed by signal 25")); /* SIGXFSZ */
    g_assert_true(g_file_get_contents(file, &content, &size, NULL));
    g_assert_cmpuint(size, ==, 1500);
    g_assert_true(pif_dir_remove(folder, NULL));
}

static void assert_home(const char *home, const char *sudo_user, const char *expected)
{
    g_setenv("HOME", home, TRUE);
    g_setenv("SUDO_USER", sudo_user, TRUE);
    g_autofree char *found = pif_paths_home();
    g_assert_cmpstr(found, ==, expected);
}

static void home_is_that_of_who_called_sudo(void)
{
    const struct passwd *entry = getpwnam("daemon");
    if (geteuid() != 0 || !entry) {
        g_test_skip("needs root and a user 'daemon'");
        return;
    }
    g_autofree char *of_daemon = g_strdup(entry->pw_dir);
    g_autofree char *of_root = g_strdup(getpwuid(0)->pw_dir);
    g_autofree char *before = g_strdup(g_getenv("HOME"));
    g_autofree char *sudo_before = g_strdup(g_getenv("SUDO_USER"));
    assert_home(of_root, "daemon", of_daemon);
    assert_home("", "daemon", of_daemon);
    assert_home("/elsewhere", "daemon", "/elsewhere");
    assert_home(of_root, "", of_root);
    assert_home(of_root, "nobody-of-that-name", of_root);
    g_setenv("HOME", before ? before : of_root, TRUE);
    if (sudo_before)
        g_setenv("SUDO_USER", sudo_before, TRUE);
    else
        g_unsetenv("SUDO_USER");
}

static void a_missing_program_is_named_with_its_package(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(PifCommand) command = pif_command_new("qemu-img", NULL);
    g_autofree char *path = g_strdup(g_getenv("PATH"));
    g_setenv("PATH", "/nonexistent", TRUE);
    gboolean is_ok = pif_command_run(command, NULL, &error);
    g_setenv("PATH", path, TRUE);
    g_assert_false(is_ok);
    g_assert_error(error, PIF_ERROR, PIF_ERROR_NOT_FOUND);
    g_assert_nonnull(strstr(error->message, "apt install qemu-utils"));
}

static void a_written_file_replaces_the_old_one_whole(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *folder = g_dir_make_tmp("pifarm-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(folder, "file", NULL);
    g_autofree char *data = NULL;
    g_assert_true(pif_file_write(path, "old", -1, 0600, &error));
    g_assert_true(pif_file_write(path, "new!", -1, 0640, &error));
    g_assert_true(pif_file_read(path, 4, &data, NULL, &error));
    g_assert_cmpstr(data, ==, "new!");
    g_assert_false(pif_file_read(path, 3, &data, NULL, &error));
    g_assert_error(error, PIF_ERROR, PIF_ERROR_CONFIG);
    g_clear_error(&error);
    g_assert_true(pif_dir_remove(folder, &error));
    g_assert_false(g_file_test(folder, G_FILE_TEST_EXISTS));
}

static void a_held_lock_makes_the_second_taker_busy(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *folder = g_dir_make_tmp("pifarm-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(folder, "lock", NULL);
    g_auto(PifFd) first = -1;
    g_auto(PifFd) second = -1;
    g_assert_true(pif_file_lock(path, TRUE, FALSE, "the store", &first, &error));
    g_assert_false(pif_file_lock(path, TRUE, FALSE, "the store", &second, &error));
    g_assert_error(error, PIF_ERROR, PIF_ERROR_BUSY);
    g_assert_cmpstr(error->message, ==, "the store is in use by another process");
    pif_dir_remove(folder, NULL);
}

static void append_letter(gpointer data)
{
    gpointer *pair = data;
    g_string_append(pair[0], pair[1]);
}

static void undo_runs_backwards_unless_committed(void)
{
    g_autoptr(GString) trace = g_string_new(NULL);
    gpointer a[] = {trace, (gpointer) "a"};
    gpointer b[] = {trace, (gpointer) "b"};
    PifUndo *undo = pif_undo_new();
    pif_undo_push(undo, append_letter, a, NULL);
    pif_undo_push(undo, append_letter, b, NULL);
    pif_undo_free(undo);
    g_assert_cmpstr(trace->str, ==, "ba");
    undo = pif_undo_new();
    pif_undo_push(undo, append_letter, a, NULL);
    pif_undo_commit(undo);
    pif_undo_free(undo);
    g_assert_cmpstr(trace->str, ==, "ba");
}

static void errno_values_become_codes_and_exit_statuses(void)
{
    g_autoptr(GError) error = NULL;
    g_assert_false(pif_error_set_errno(&error, ENOENT, "cannot open %s", "x"));
    g_assert_error(error, PIF_ERROR, PIF_ERROR_NOT_FOUND);
    g_assert_cmpstr(error->message, ==, "cannot open x: No such file or directory");
    g_assert_cmpint(pif_error_exit_status(error), ==, 4);
    g_assert_cmpint(pif_error_code_parse("busy"), ==, PIF_ERROR_BUSY);
    g_assert_cmpstr(pif_error_code_name(PIF_ERROR_TIMEOUT), ==, "timeout");
}

static char *print_table(PifTable *table, PifTableFormat format)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    g_autoptr(GError) error = NULL;
    g_assert_true(pif_table_print(table, format, out, &error));
    g_assert_no_error(error);
    fclose(out);
    return text;
}

static PifTable *make_nodes_table(void)
{
    static const PifColumn columns[] = {
        {"NAME", "name", 0}, {"ID", "id", PIF_COLUMN_NUMBER}, {"ON", "on", PIF_COLUMN_TRUTH}};
    PifTable *table = pif_table_new("nodes", columns, G_N_ELEMENTS(columns));
    pif_table_add_row(table);
    pif_table_set(table, 0, "n1");
    pif_table_set_number(table, 1, 12);
    pif_table_set_truth(table, 2, TRUE);
    return table;
}

static void one_table_prints_as_text_and_as_json(void)
{
    g_autoptr(PifTable) text_table = make_nodes_table();
    g_autofree char *text = print_table(text_table, PIF_TABLE_TEXT);
    g_assert_cmpstr(text, ==, "NAME ID ON\nn1   12 yes\n");
    g_autoptr(PifTable) json_table = make_nodes_table();
    g_autofree char *json = print_table(json_table, PIF_TABLE_JSON);
    g_assert_nonnull(strstr(json, "\"id\": 12"));
    g_assert_nonnull(strstr(json, "\"on\": true"));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define TEST(name) g_test_add_func("/base/" #name, name)
    TEST(a_read_past_the_end_gives_zero_and_stays_overflowed);
    TEST(byte_orders_are_what_they_say);
    TEST(a_string_without_its_nul_overflows);
    TEST(a_write_past_the_end_writes_nothing);
    TEST(a_command_returns_its_output);
    TEST(a_failing_command_says_status_and_stderr);
    TEST(a_pipe_has_the_errors_too_when_they_are_merged);
    TEST(a_command_past_its_deadline_is_killed);
    TEST(a_command_over_its_limit_is_killed);
    TEST(home_is_that_of_who_called_sudo);
    TEST(a_missing_program_is_named_with_its_package);
    TEST(a_written_file_replaces_the_old_one_whole);
    TEST(a_held_lock_makes_the_second_taker_busy);
    TEST(undo_runs_backwards_unless_committed);
    TEST(errno_values_become_codes_and_exit_statuses);
    TEST(one_table_prints_as_text_and_as_json);
    return g_test_run();
}
