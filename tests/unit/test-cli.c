// SPDX-License-Identifier: MIT
// Parts of the command line that need no farm: folding of help, hashing of passwords.
#include "pifarm/base/error.h"
#include "pifarm/base/fd.h"
#include "pifarm/cli/fold.h"
#include "pifarm/cli/password.h"

#include <crypt.h>
#include <fcntl.h>
#include <string.h>

static void assert_folds(const char *text, const char *expected)
{
    g_autofree char *folded = pif_fold(text, 12);
    g_assert_cmpstr(folded, ==, expected);
}

static void test_fold_breaks_paragraphs_anew(void)
{
    assert_folds("", "");
    assert_folds("one two three four", "one two\nthree four");
    assert_folds("one\ntwo\nthree", "one two\nthree");
    assert_folds("twelve chars", "twelve chars");
    assert_folds("twelve chars!", "twelve\nchars!");
    assert_folds("a incomprehensible b", "a\nincomprehensible\nb");
}

static void test_fold_keeps_blank_and_indented_lines(void)
{
    assert_folds("one\ntwo\n\nExample:\n  a long command line\nend",
                 "one two\n\nExample:\n  a long command line\nend");
}

static void test_fold_counts_characters_and_not_bytes(void)
{
    assert_folds("äöüäöü äöüäö", "äöüäöü äöüäö");
}

/* Puts the text where standard input is for as long as the function runs. */
static gboolean read_hash_of(const char *input, char **ret_hash, GError **error)
{
    int ends[2];
    g_auto(PifFd) before = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
    g_assert_cmpint(before, >=, 0);
    g_assert_cmpint(pipe(ends), ==, 0);
    g_assert_cmpint(write(ends[1], input, strlen(input)), ==, (gssize)strlen(input));
    close(ends[1]);
    g_assert_cmpint(dup2(ends[0], STDIN_FILENO), >=, 0);
    close(ends[0]);
    gboolean is_ok = pif_password_read_hash(ret_hash, error);
    g_assert_cmpint(dup2(before, STDIN_FILENO), >=, 0);
    return is_ok;
}

static void test_password_is_hashed_as_logins_check_it(void)
{
    g_autofree char *hash = NULL;
    g_autofree char *again = NULL;
    g_autoptr(GError) error = NULL;
    g_assert_true(read_hash_of("correct horse\nbattery\n", &hash, &error));
    g_assert_no_error(error);
    g_assert_true(g_str_has_prefix(hash, "$6$"));
    g_assert_cmpstr(crypt("correct horse", hash), ==, hash);
    g_assert_true(read_hash_of("correct horse", &again, &error));
    g_assert_cmpstr(hash, !=, again); /* another salt */
}

static void assert_refused(const char *input, const char *message)
{
    g_autofree char *hash = NULL;
    g_autoptr(GError) error = NULL;
    g_assert_false(read_hash_of(input, &hash, &error));
    g_assert_error(error, PIF_ERROR, PIF_ERROR_USAGE);
    g_assert_cmpstr(error->message, ==, message);
    g_assert_null(hash);
}

static void test_password_that_is_none_is_refused(void)
{
    g_autofree char *huge = g_strnfill(2000, 'x');
    assert_refused("", "the password on standard input is empty");
    assert_refused("\nsecret\n", "the password on standard input is empty");
    assert_refused("ctrl\003c\n", "the password has a control character in it");
    assert_refused(huge, "a password of 511 bytes or more is refused");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/fold/breaks-paragraphs-anew", test_fold_breaks_paragraphs_anew);
    g_test_add_func("/fold/keeps-blank-and-indented-lines",
                    test_fold_keeps_blank_and_indented_lines);
    g_test_add_func("/fold/counts-characters-and-not-bytes",
                    test_fold_counts_characters_and_not_bytes);
    g_test_add_func("/password/is-hashed-as-logins-check-it",
                    test_password_is_hashed_as_logins_check_it);
    g_test_add_func("/password/that-is-none-is-refused", test_password_that_is_none_is_refused);
    return g_test_run();
}
