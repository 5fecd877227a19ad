// SPDX-License-Identifier: MIT
// An image that was changed behind the store's back is noticed, and mended by importing it again.
#include "images/store/store.h"
#include "tests/lib/store-fixture.h"

#include <unistd.h>

/* Runs a script on the image's file, $1. */
static void change(const Fixture *fixture, const PifImage *image, const char *script)
{
    g_autofree char *whole = g_strdup_printf("set -- %s\n%s", image->path, script);
    run(fixture->folder, whole);
}

static char *stamp(const PifImage *image)
{
    g_autofree char *script =
        g_strdup_printf("jq -c .file '%.*s.json'", (int)strlen(image->path) - 4, image->path);
    return shell("/", script);
}

static void a_new_image_is_good(Fixture *fixture, gconstpointer data)
{
    g_autoptr(PifImage) image = import_as(fixture, "disk.img", "disk");
    g_autofree char *script = g_strdup_printf("stat -c '\"inode\":%%i,' %s", image->path);
    g_autofree char *expected = shell("/", script);
    g_autofree char *found = stamp(image);
    g_assert_nonnull(strstr(found, expected));
    ok(pif_store_check(fixture->store, image->sha256, &error));
    ok(pif_store_verify(fixture->store, image->sha256, NULL, &error));
}

/* proc(5): bytes that this process has read so far, from files or the page cache. */
static guint64 bytes_read(void)
{
    g_autofree char *text = NULL;
    ok(pif_file_read("/proc/self/io", 4096, &text, NULL, &error));
    return g_ascii_strtoull(strstr(text, "rchar: ") + strlen("rchar: "), NULL, 10);
}

static void a_file_that_looks_the_same_is_not_read(Fixture *fixture, gconstpointer data)
{
    enum { LOOKS = 200 };
    g_autoptr(PifImage) image = import_as(fixture, "disk.img", "disk");
    guint64 read_before = bytes_read();
    gint64 begun_us = g_get_monotonic_time();
    for (int i = 0; i < LOOKS; i++) { /* as pifarm-card does */
        g_autoptr(PifStore) store = NULL;
        ok(store = pif_store_open(fixture->directory, &error));
        ok(pif_store_check(store, image->sha256, &error));
    }
    gint64 each_us = (g_get_monotonic_time() - begun_us) / LOOKS;
    g_test_message("opening and a look take %d us", (int)each_us);
    g_assert_cmpuint(bytes_read() - read_before, <, 1 << 20); /* the disk has 1.2 MB a look */
}

static void a_file_that_was_only_touched_is_hashed_once(Fixture *fixture, gconstpointer data)
{
    g_autoptr(PifImage) image = import_as(fixture, "disk.img", "disk");
    g_autofree char *before = stamp(image);
    change(fixture, image, "cp --sparse=always \"$1\" copy; mv -f copy \"$1\"");
    ok(pif_store_check(fixture->store, image->sha256, &error));
    g_autofree char *after = stamp(image);
    g_assert_cmpstr(before, !=, after);
    ok(pif_store_check(fixture->store, image->sha256, &error));
    g_autofree char *last = stamp(image);
    g_assert_cmpstr(last, ==, after);
}

/* How somebody may change an image, and what the error then says. */
static const struct {
    const char *script;
    const char *says;
} changes[] = {
    {"printf x | dd of=\"$1\" bs=1 seek=6000000 conv=notrunc status=none", "has the SHA-256"},
    {"touch -r \"$1\" t; printf x | dd of=\"$1\" bs=1 seek=600 conv=notrunc status=none; "
     "touch -r t \"$1\"",
     "has the SHA-256"},
    {"truncate -s -512 \"$1\"", "has the SHA-256"},
    {"truncate -s -1 \"$1\"", "ends within a sector"},
    {": >\"$1\"", "has the SHA-256"},
};

static void a_changed_file_is_noticed_and_import_mends_it(Fixture *fixture, gconstpointer data)
{
    g_autofree char *path = path_in(fixture, "disk.img");
    g_autofree char *advice = g_strdup_printf("pifarm image import %s", path);
    for (size_t i = 0; i < G_N_ELEMENTS(changes); i++) {
        g_autoptr(PifImage) image = import_as(fixture, "disk.img", "disk");
        g_test_message("%s", changes[i].script);
        ok(pif_store_check(fixture->store, image->sha256, &error));
        change(fixture, image, changes[i].script);
        fails(PIF_ERROR_CONFIG, "image 'disk' was changed behind our back",
              pif_store_check(fixture->store, image->sha256, &error));
        fails(PIF_ERROR_CONFIG, changes[i].says,
              pif_store_check(fixture->store, image->sha256, &error));
        fails(PIF_ERROR_CONFIG, advice,
              pif_store_verify(fixture->store, image->sha256, NULL, &error));
    }
    g_autoptr(PifImage) mended = import_as(fixture, "disk.img", "disk");
    ok(pif_store_verify(fixture->store, mended->sha256, NULL, &error));
}

static void an_image_of_an_older_store_is_hashed_before_its_first_use(Fixture *fixture,
                                                                      gconstpointer data)
{
    g_autoptr(PifImage) image = import_as(fixture, "disk.img", "disk");
    g_autofree char *first = stamp(image);
    run(fixture->directory, "jq 'del(.file)' *.json >new; mv new \"$(echo *.json)\"");
    ok(pif_store_check(fixture->store, image->sha256, &error));
    g_autofree char *again = stamp(image);
    g_assert_cmpstr(again, ==, first);
}

static void a_prepared_image_cannot_be_imported_again(Fixture *fixture, gconstpointer data)
{
    g_autoptr(PifImage) image = NULL;
    g_autofree char *temporary = NULL;
    ok(temporary = pif_store_new_temporary(fixture->store, &error));
    g_autofree char *script = g_strdup_printf("cp disk.img %s", temporary);
    run(fixture->folder, script);
    ok(pif_store_adopt(fixture->store, temporary, "made", "disk", fixture->disk_sha256, &image,
                       &error));
    change(fixture, image, "printf x | dd of=\"$1\" bs=1 seek=6000 conv=notrunc status=none");
    fails(PIF_ERROR_CONFIG, "make it anew", pif_store_check(fixture->store, image->sha256, &error));
}

static void an_image_that_is_not_there_is_not_found(Fixture *fixture, gconstpointer data)
{
    fails(PIF_ERROR_NOT_FOUND, "is not in the store",
          pif_store_check(fixture->store, fixture->disk_sha256, &error));
}

#define VERIFY_TEST(name) STORE_TEST("/verify/", name)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    VERIFY_TEST(a_new_image_is_good);
    VERIFY_TEST(a_file_that_looks_the_same_is_not_read);
    VERIFY_TEST(a_file_that_was_only_touched_is_hashed_once);
    VERIFY_TEST(a_changed_file_is_noticed_and_import_mends_it);
    VERIFY_TEST(an_image_of_an_older_store_is_hashed_before_its_first_use);
    VERIFY_TEST(a_prepared_image_cannot_be_imported_again);
    VERIFY_TEST(an_image_that_is_not_there_is_not_found);
    return g_test_run();
}
