// SPDX-License-Identifier: MIT
// Clones: quick to make, independent, and in the way of nobody but those who would take their
// image.
#include "images/disk/qcow2.h"
#include "images/store/backing.h"
#include "images/store/clone.h"
#include "tests/lib/store-fixture.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static char *make_clone(const Fixture *fixture, const PifImage *image, const char *name)
{
    char *path = path_in(fixture, name);
    ok(pif_clone_create(fixture->store, image, path, 0, &error));
    return path;
}

static void a_clone_is_what_qemu_img_would_have_made(Fixture *fixture, gconstpointer data)
{
    g_autoptr(PifImage) image = import_as(fixture, "disk.img", "disk");
    g_autofree char *clone = path_in(fixture, "clone, no 1.qcow2");
    g_autofree char *script = g_strdup_printf(
        "qemu-img create -q -f qcow2 -F raw -b %s theirs 16M; cmp theirs 'clone, no 1.qcow2'\n"
        "qemu-img check -q 'clone, no 1.qcow2'\n"
        "truncate -s 16M disk.img; qemu-img compare -q -f qcow2 -F raw 'clone, no 1.qcow2' "
        "disk.img",
        image->path);
    ok(pif_clone_create(fixture->store, image, clone, 9 << 20, &error));
    run(fixture->folder, script);
    g_autofree char *mode = shell(fixture->folder, "stat -c %a clone*");
    g_assert_cmpstr(mode, ==, "600");
}

static void sizes_are_powers_of_two(void)
{
    static const guint64 sizes[][2] = {
        {1, 1},
        {3, 4},
        {4, 4},
        {(1 << 30) - 1, 1 << 30},
        {(guint64)3 << 30, (guint64)4 << 30},
        {((guint64)1 << 62) + 1, (guint64)1 << 63},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++)
        g_assert_cmpuint(pif_clone_round_size(sizes[i][0]), ==, sizes[i][1]);
}

static void what_one_clone_writes_neither_the_image_nor_another_clone_sees(Fixture *fixture,
                                                                           gconstpointer data)
{
    g_autoptr(PifImage) image = import_as(fixture, "disk.img", "disk");
    g_autofree char *one = make_clone(fixture, image, "one");
    g_autofree char *two = make_clone(fixture, image, "two");
    run(fixture->folder, "qemu-io -f qcow2 -c 'write -P 1 0 4M' -c 'write -P 2 5M 64k' one\n"
                         "qemu-io -f qcow2 -c 'write -P 3 5M 64k' two\n"
                         "qemu-io -f qcow2 -c 'read -P 2 5M 64k' one | grep -q '^read 65536'\n"
                         "qemu-io -f qcow2 -c 'read -P 3 5M 64k' two | grep -q '^read 65536'\n");
    g_autofree char *script = g_strdup_printf("sha256sum %s | cut -c -64", image->path);
    g_autofree char *sha256 = shell(fixture->folder, script);
    g_assert_cmpstr(sha256, ==, fixture->disk_sha256);
}

static void a_clone_is_not_made_over_another_file(Fixture *fixture, gconstpointer data)
{
    g_autoptr(PifImage) image = import_as(fixture, "disk.img", "disk");
    g_autofree char *clone = make_clone(fixture, image, "clone");
    fails(PIF_ERROR_EXISTS, "clone: File exists",
          pif_clone_create(fixture->store, image, clone, 0, &error));
    g_autofree char *nowhere = path_in(fixture, "no such folder/clone");
    fails(PIF_ERROR_NOT_FOUND, "no such folder",
          pif_clone_create(fixture->store, image, nowhere, 0, &error));
    ok(pif_clone_remove(fixture->store, clone, &error));
    ok(pif_store_remove(fixture->store, "disk", &error));
    assert_store_is_empty(fixture);
}

static void an_image_with_clones_is_not_removed(Fixture *fixture, gconstpointer data)
{
    g_autoptr(PifImage) image = import_as(fixture, "disk.img", "disk");
    g_autoptr(PifImage) again = import_as(fixture, "disk.img", "second-name");
    g_autofree char *one = make_clone(fixture, image, "one");
    g_autofree char *two = make_clone(fixture, image, "two");
    ok(pif_store_remove(fixture->store, "second-name", &error));
    fails(PIF_ERROR_BUSY, "in use by 2 clones: ", pif_store_remove(fixture->store, "disk", &error));
    fails(PIF_ERROR_BUSY, two, pif_store_remove(fixture->store, "disk", &error));
    ok(pif_clone_remove(fixture->store, one, &error));
    ok(pif_clone_remove(fixture->store, one, &error));
    fails(PIF_ERROR_BUSY, "in use by 1 clone: ", pif_store_remove(fixture->store, "disk", &error));
    g_autoptr(PifImage) found = NULL;
    ok(pif_store_find(fixture->store, "disk", &found, &error));
    ok(pif_clone_remove(fixture->store, two, &error));
    ok(pif_store_remove(fixture->store, "disk", &error));
    assert_store_is_empty(fixture);
}

static void clones_that_are_gone_or_of_another_image_do_not_count(Fixture *fixture,
                                                                  gconstpointer data)
{
    make_disk(fixture, "other.img", 2);
    g_autoptr(PifImage) image = import_as(fixture, "disk.img", "disk");
    g_autoptr(PifImage) other = import_as(fixture, "other.img", "other");
    g_autofree char *gone = make_clone(fixture, image, "gone");
    g_autofree char *reused = make_clone(fixture, image, "reused");
    run(fixture->folder, "rm gone reused");
    g_free(make_clone(fixture, other, "reused"));
    ok(pif_store_remove(fixture->store, "disk", &error));
    fails(PIF_ERROR_BUSY, "reused", pif_store_remove(fixture->store, "other", &error));
}

static void a_user_that_is_no_qcow2_file_counts(Fixture *fixture, gconstpointer data)
{
    g_autoptr(PifImage) image = import_as(fixture, "disk.img", "disk");
    g_autofree char *user = path_in(fixture, "disk.img");
    ok(pif_store_add_user(fixture->store, image->sha256, user, &error));
    ok(pif_store_add_user(fixture->store, image->sha256, user, &error));
    fails(PIF_ERROR_BUSY, "1 clone", pif_store_remove(fixture->store, "disk", &error));
    ok(pif_store_remove_user(fixture->store, image->sha256, user, &error));
    ok(pif_store_remove(fixture->store, "disk", &error));
    fails(PIF_ERROR_NOT_FOUND, "not in the store",
          pif_store_add_user(fixture->store, image->sha256, user, &error));
}

static void a_clone_knows_its_image(Fixture *fixture, gconstpointer data)
{
    g_autoptr(PifImage) image = import_as(fixture, "disk.img", "disk");
    g_autofree char *clone = make_clone(fixture, image, "clone");
    g_autofree char *disk = path_in(fixture, "disk.img");
    g_autofree char *foreign = path_in(fixture, "foreign");
    g_autofree char *base = NULL;
    ok(pif_clone_base(clone, &base, &error));
    g_assert_cmpstr(base, ==, image->sha256);
    run(fixture->folder, "qemu-img create -q -f qcow2 -b disk.img -F raw foreign");
    fails(PIF_ERROR_CONFIG, "no clone of an image", pif_clone_base(disk, &base, &error));
    fails(PIF_ERROR_CONFIG, "no clone of an image", pif_clone_base(foreign, &base, &error));
    fails(PIF_ERROR_NOT_FOUND, "cannot open", pif_clone_base("/nonexistent", &base, &error));
}

static void a_clone_that_qemu_has_open_is_not_removed(Fixture *fixture, gconstpointer data)
{
    g_autoptr(PifImage) image = import_as(fixture, "disk.img", "disk");
    g_autofree char *clone = make_clone(fixture, image, "clone");
    g_autofree char *pid_file = path_in(fixture, "pid");
    g_autofree char *blockdev = g_strdup_printf(
        "{\"driver\": \"qcow2\", \"node-name\": \"c\", \"file\": {\"driver\": \"file\", "
        "\"filename\": \"%s\"}}",
        clone);
    g_autoptr(PifCommand) command = pif_command_new(
        "qemu-storage-daemon", "--daemonize", "--pidfile", pid_file, "--blockdev", blockdev, NULL);
    ok(pif_command_run(command, NULL, &error)); /* returns when the clone is open */
    g_autoptr(GError) busy = NULL;
    pif_clone_remove(fixture->store, clone, &busy);
    run(fixture->folder, "tail --pid=$(<pid) -f /dev/null & kill $(<pid); wait");
    g_assert_error(busy, PIF_ERROR, PIF_ERROR_BUSY);
    g_assert_true(g_str_has_suffix(busy->message, "stop its node first"));
    ok(pif_clone_remove(fixture->store, clone, &error));
    g_assert_false(g_file_test(clone, G_FILE_TEST_EXISTS));
}

static void a_header_is_read_within_its_bytes(void)
{
    guint8 head[104] = {'Q', 'F', 'I', 0xfb, 0, 0, 0, 3};
    PifQcow2Header header;
    head[31] = 7;
    head[79] = 1 << 2;
    for (gsize size = 0; size < 80; size++)
        g_assert_false(pif_qcow2_parse_header(head, size, &header));
    g_assert_true(pif_qcow2_parse_header(head, sizeof head, &header));
    g_assert_cmpuint(header.virtual_size, ==, 7);
    g_assert_true(header.has_data_file);
    head[7] = 2;
    g_assert_true(pif_qcow2_parse_header(head, 72, &header));
    g_assert_false(header.has_data_file);
    head[7] = 4;
    g_assert_false(pif_qcow2_parse_header(head, sizeof head, &header));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define TEST(name) STORE_TEST("/clone/", name)
    g_test_add_func("/clone/sizes_are_powers_of_two", sizes_are_powers_of_two);
    g_test_add_func("/clone/a_header_is_read_within_its_bytes", a_header_is_read_within_its_bytes);
    TEST(a_clone_is_what_qemu_img_would_have_made);
    TEST(what_one_clone_writes_neither_the_image_nor_another_clone_sees);
    TEST(a_clone_is_not_made_over_another_file);
    TEST(an_image_with_clones_is_not_removed);
    TEST(clones_that_are_gone_or_of_another_image_do_not_count);
    TEST(a_user_that_is_no_qcow2_file_counts);
    TEST(a_clone_knows_its_image);
    TEST(a_clone_that_qemu_has_open_is_not_removed);
    return g_test_run();
}
