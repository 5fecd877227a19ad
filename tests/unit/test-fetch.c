// SPDX-License-Identifier: MIT
// What comes from outside with an image: URLs, checksum files, and what is kept of a cut download.
#include "images/fetch/fetch.h"
#include "images/fetch/partial.h"
#include "images/fetch/sidecar.h"
#include "images/fetch/url.h"
#include "tests/lib/check.h"

#include <signal.h>
#include <sys/resource.h>

#define A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static const struct {
    const char *text;
    const char *sha256; /* of disk.img.xz; NULL: none */
} sidecars[] = {
    {A "  disk.img.xz\n", A},
    {A " *disk.img.xz\n", A},
    {A "\n", A},
    {A, A},
    {A "  ./release/disk.img.xz\r\n", A},
    {"SHA256 (disk.img.xz) = " B "\n", B},
    {"SHA256 (a (b) = c) = " B "\n", B},
    {"0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF  disk.img.xz", B},
    {A "  2024-11-19-what-latest-leads-to.img.xz\n", A},
    {A "  other.img.xz\n" B "  disk.img.xz\n", B},
    {B "  disk.img.xz\n" A "  disk.img.xz.sig\n", B},
    {"# made today\n\n" A "  disk.img.xz\n", A},
    {A "  one.img\n" B "  two.img\n", NULL},
    {"", NULL},
    {"\n\n", NULL},
    {"<html><body>hello</body></html>\n", NULL},
    {"aaaa  disk.img.xz\n", NULL},
    {A "b  disk.img.xz\n", NULL},
    {"d41d8cd98f00b204e9800998ecf8427e  disk.img.xz\n", NULL},
    {"SHA512 (disk.img.xz) = " A A "\n", NULL},
    {"SHA256 (disk.img.xz) = " A A "\n", NULL},
};

static void a_checksum_is_found_as_sha256sum_writes_it(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(sidecars); i++) {
        g_autofree char *sha256 = NULL;
        const char *text = sidecars[i].text;
        g_test_message("%s", text);
        if (sidecars[i].sha256)
            ok(pif_sidecar_parse(text, strlen(text), "disk.img.xz", &sha256, &error));
        else
            fails(PIF_ERROR_PROTOCOL, "it has no SHA-256 of 'disk.img.xz'",
                  pif_sidecar_parse(text, strlen(text), "disk.img.xz", &sha256, &error));
        g_assert_cmpstr(sha256, ==, sidecars[i].sha256);
    }
}

static void bytes_that_are_no_text_are_no_checksums(void)
{
    char *sha256 = NULL;
    static const char bytes[] = A "  disk\0.img.xz\n";
    g_autofree char *much = g_strnfill(65 * 1024, '\n');
    fails(PIF_ERROR_PROTOCOL, "no file of checksums",
          pif_sidecar_parse(bytes, sizeof bytes, "disk.img.xz", &sha256, &error));
    fails(PIF_ERROR_PROTOCOL, "no file of checksums",
          pif_sidecar_parse(much, 65 * 1024, "disk.img.xz", &sha256, &error));
    g_assert_null(sha256);
}

static const struct {
    const char *source;
    const char *name;
} names[] = {
    {"https://example.org/a/debian.img.xz", "debian"},
    {"https://example.org/a/debian.img.xz?token=a/b.c", "debian"},
    {"https://example.org/a/two%20words.img", "two words"},
    {"https://example.org/latest", "latest"},
    {"https://example.org/", ""},
    {"https://example.org", ""},
    {"file:///srv/debian.tar.gz", "debian"},
    {"/srv/debian.qcow2", "debian"},
    {"debian.2024.img", "debian.2024"},
    {".img", ".img"},
};

static void an_image_is_named_after_the_end_of_its_path(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *name = pif_fetch_name(names[i].source);
        g_assert_cmpstr(name, ==, names[i].name);
    }
}

static void what_a_url_is(void)
{
    g_assert_true(pif_url_is_url("https://example.org/x"));
    g_assert_true(pif_url_is_url("ftp://example.org/x"));
    g_assert_true(pif_url_is_url("file:/x"));
    g_assert_false(pif_url_is_url("debian.img"));
    g_assert_false(pif_url_is_url("/srv/http://x"));
    g_assert_false(pif_url_is_url("c:x"));
    g_assert_false(pif_url_is_url("-"));
    g_assert_true(pif_url_is_http("HTTP://example.org/x"));
    g_assert_false(pif_url_is_http("file:///x"));
}

static void a_password_is_taken_out_of_a_url(void)
{
    g_autofree char *shown = pif_url_redact("https://me:hunter2@example.org:8443/a%20b?c=d");
    g_assert_cmpstr(shown, ==, "https://example.org:8443/a%20b?c=d");
}

static void a_suffix_goes_before_the_query(void)
{
    g_autofree char *url = pif_url_add_suffix("https://a:b@example.org/x.img?y=z", ".sha256");
    g_assert_cmpstr(url, ==, "https://a:b@example.org/x.img.sha256?y=z");
}

static void references_lead_to_http_only(void)
{
    g_autofree char *url = NULL;
    char *none = NULL;
    ok(pif_url_resolve("https://example.org/a/list.json", "../b.json", &url, &error));
    g_assert_cmpstr(url, ==, "https://example.org/b.json");
    fails(PIF_ERROR_PROTOCOL, "'file:///etc/passwd' is no http or https URL",
          pif_url_resolve("https://example.org/", "file:///etc/passwd", &none, &error));
    fails(PIF_ERROR_PROTOCOL, "'b.json'", pif_url_resolve(NULL, "b.json", &none, &error));
}

/* A folder of its own for each test. */
typedef struct {
    char *folder;
} Fixture;

static void set_up(Fixture *fixture, gconstpointer data)
{
    fixture->folder = g_dir_make_tmp("pifarm-fetch-XXXXXX", NULL);
}

static void tear_down(Fixture *fixture, gconstpointer data)
{
    pif_dir_remove(fixture->folder, NULL);
    g_free(fixture->folder);
}

static PifPartial *open_partial(const Fixture *fixture, const char *url)
{
    PifPartial *partial = NULL;
    ok(pif_partial_open(fixture->folder, url, &partial, &error));
    return partial;
}

/* Leaves `text` of that version of url behind. */
static void leave(const Fixture *fixture, const char *url, const char *validator, const char *text)
{
    g_autoptr(PifPartial) partial = open_partial(fixture, url);
    ok(pif_partial_begin(partial, 0, strlen(text), validator, &error));
    ok(pif_partial_add(partial, text, strlen(text), &error));
}

static char *list(const Fixture *fixture)
{
    return shell(fixture->folder, "cat -- *.part 2>/dev/null || true; ls | wc -l");
}

static void a_partial_file_goes_on_where_it_ended(Fixture *fixture, gconstpointer data)
{
    leave(fixture, "http://a/x", "\"v1\"", "hello ");
    g_autoptr(PifPartial) partial = open_partial(fixture, "http://a/x");
    g_assert_cmpuint(pif_partial_size(partial), ==, 6);
    g_assert_cmpstr(pif_partial_validator(partial), ==, "\"v1\"");
    ok(pif_partial_begin(partial, 6, 11, "\"v1\"", &error));
    ok(pif_partial_add(partial, "world", 5, &error));
    g_autofree char *content = shell(fixture->folder, "cat *.part");
    g_assert_cmpstr(content, ==, "hello world");
}

static void a_partial_file_of_another_version_begins_anew(Fixture *fixture, gconstpointer data)
{
    leave(fixture, "http://a/x", "\"v1\"", "hello ");
    leave(fixture, "http://a/x", "\"v2\"", "bye");
    g_autoptr(PifPartial) partial = open_partial(fixture, "http://a/x");
    g_assert_cmpstr(pif_partial_validator(partial), ==, "\"v2\"");
    g_autofree char *content = shell(fixture->folder, "cat *.part");
    g_assert_cmpstr(content, ==, "bye");
}

static void a_partial_file_without_a_good_note_counts_for_nothing(Fixture *fixture,
                                                                  gconstpointer data)
{
    static const char *const scripts[] = {"rm *.json", ": >*.json", "echo '[1]' >*.json",
                                          "echo '{\"validator\": 1}' >*.json"};
    for (size_t i = 0; i < G_N_ELEMENTS(scripts); i++) {
        leave(fixture, "http://a/x", "\"v1\"", "hello");
        run(fixture->folder, scripts[i]);
        g_autoptr(PifPartial) partial = open_partial(fixture, "http://a/x");
        g_assert_cmpuint(pif_partial_size(partial), ==, 0);
        g_assert_null(pif_partial_validator(partial));
    }
}

static void half_written_notes_are_cleared_away(Fixture *fixture, gconstpointer data)
{
    leave(fixture, "http://a/x", "\"v1\"", "hello");
    run(fixture->folder, "cp *.json \"$(echo *.json).AbCdEf\"");
    g_autoptr(PifPartial) partial = open_partial(fixture, "http://a/x");
    g_assert_cmpuint(pif_partial_size(partial), ==, 5);
    g_autofree char *after = list(fixture);
    g_assert_cmpstr(after, ==, "hello2");
    pif_partial_discard(partial);
    g_autofree char *empty = list(fixture);
    g_assert_cmpstr(empty, ==, "0");
}

static void a_partial_file_belongs_to_one_process(Fixture *fixture, gconstpointer data)
{
    PifPartial *second = NULL;
    g_autoptr(PifPartial) first = open_partial(fixture, "http://me:secret@a/x");
    fails(PIF_ERROR_BUSY, "http://a/x is being downloaded by another process",
          pif_partial_open(fixture->folder, "http://me:secret@a/x", &second, &error));
    g_assert_null(second);
}

static void more_than_there_is_room_for_is_refused_before_it_comes(Fixture *fixture,
                                                                   gconstpointer data)
{
    g_autoptr(PifPartial) partial = open_partial(fixture, "http://a/x");
    fails(PIF_ERROR_EXTERNAL, "no room for http://a/x",
          pif_partial_begin(partial, 0, G_MAXUINT64 / 2, "\"v\"", &error));
}

static void a_full_file_system_keeps_what_there_is(Fixture *fixture, gconstpointer data)
{
    struct rlimit before;
    g_assert_cmpint(getrlimit(RLIMIT_FSIZE, &before), ==, 0);
    struct rlimit small = {8192, before.rlim_max};
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    g_autofree char *much = g_strnfill(10000, 'x');
    g_autoptr(PifPartial) partial = open_partial(fixture, "http://a/x");
    ok(pif_partial_begin(partial, 0, 0, "\"v\"", &error));
    g_assert_cmpint(setrlimit(RLIMIT_FSIZE, &small), ==, 0);
    fails(PIF_ERROR_EXTERNAL, "no room for http://a/x on the file system",
          pif_partial_add(partial, much, 10000, &error));
    g_assert_cmpint(setrlimit(RLIMIT_FSIZE, &before), ==, 0);
    signal(SIGXFSZ, handler);
    g_assert_cmpuint(pif_partial_size(partial), ==, 8192);
    ok(pif_partial_begin(partial, 8192, 10000, "\"v\"", &error));
    ok(pif_partial_add(partial, much, 1808, &error));
    g_assert_cmpuint(pif_partial_size(partial), ==, 10000);
}

static void old_and_many_partial_files_go_those_in_use_stay(Fixture *fixture, gconstpointer data)
{
    leave(fixture, "http://a/old", "\"v\"", "old");
    run(fixture->folder, "touch -d '8 days ago' *.part");
    leave(fixture, "http://a/new", "\"v\"", "new");
    pif_partial_sweep(fixture->folder, 7 * 24 * 3600, 1 << 20);
    g_autofree char *after_age = list(fixture);
    g_assert_cmpstr(after_age, ==, "new2");
    g_autoptr(PifPartial) used = open_partial(fixture, "http://a/new");
    pif_partial_sweep(fixture->folder, 7 * 24 * 3600, 0);
    g_autofree char *in_use = list(fixture);
    g_assert_cmpstr(in_use, ==, "new2");
    g_clear_pointer(&used, pif_partial_free);
    pif_partial_sweep(fixture->folder, 7 * 24 * 3600, 0);
    g_autofree char *after_size = list(fixture);
    g_assert_cmpstr(after_size, ==, "0");
}

#define URL_TEST(name) g_test_add_func("/fetch/" #name, name)
#define PARTIAL_TEST(name) g_test_add("/fetch/" #name, Fixture, NULL, set_up, name, tear_down)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    URL_TEST(a_checksum_is_found_as_sha256sum_writes_it);
    URL_TEST(bytes_that_are_no_text_are_no_checksums);
    URL_TEST(an_image_is_named_after_the_end_of_its_path);
    URL_TEST(what_a_url_is);
    URL_TEST(a_password_is_taken_out_of_a_url);
    URL_TEST(a_suffix_goes_before_the_query);
    URL_TEST(references_lead_to_http_only);
    PARTIAL_TEST(a_partial_file_goes_on_where_it_ended);
    PARTIAL_TEST(a_partial_file_of_another_version_begins_anew);
    PARTIAL_TEST(a_partial_file_without_a_good_note_counts_for_nothing);
    PARTIAL_TEST(half_written_notes_are_cleared_away);
    PARTIAL_TEST(a_partial_file_belongs_to_one_process);
    PARTIAL_TEST(more_than_there_is_room_for_is_refused_before_it_comes);
    PARTIAL_TEST(a_full_file_system_keeps_what_there_is);
    PARTIAL_TEST(old_and_many_partial_files_go_those_in_use_stay);
    return g_test_run();
}
