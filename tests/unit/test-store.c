// SPDX-License-Identifier: MIT
// The image store: what it takes in, what it refuses, and what it remembers.
#include "images/disk/sha256.h"
#include "images/store/source.h"
#include "tests/lib/store-fixture.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* How the same disk arrives. */
static const struct {
    const char *script;
    const char *file;
} forms[] = {
    {"", "disk.img"},
    {"xz -k disk.img", "disk.img.xz"},
    {"xz -k -T2 --block-size=500000 disk.img", "disk.img.xz"},
    {"head -c 3M disk.img | xz >two.xz; tail -c +3145729 disk.img | xz >>two.xz", "two.xz"},
    {"gzip -k disk.img", "disk.img.gz"},
    {"head -c 3M disk.img | gzip >two.gz; tail -c +3145729 disk.img | gzip >>two.gz", "two.gz"},
    {"zstd -q disk.img", "disk.img.zst"},
    {"echo hello >README; zip -q disk.zip README disk.img", "disk.zip"},
    {"zip -q - - <disk.img >disk.zip", "disk.zip"},
    {"echo hello >README; tar cS README disk.img | xz >disk.tar.xz", "disk.tar.xz"},
    {"qemu-img convert -O qcow2 disk.img disk.qcow2", "disk.qcow2"},
    {"qemu-img convert -c -O qcow2 disk.img disk.qcow2", "disk.qcow2"},
    {"qemu-img convert -O qcow2 -o compat=0.10 disk.img disk.qcow2", "disk.qcow2"},
    {"cp disk.img misnamed.xz", "misnamed.xz"},
    {"cp disk.img $'new\\nline'", "new\nline"},
    {"cp disk.img -- --help", "--help"},
    {"cp disk.img $'\\xff.img'", "\xff.img"},
};

static void assert_is_the_disk(const Fixture *fixture, const PifImage *image)
{
    struct stat status;
    g_autofree char *compare = g_strdup_printf("cmp disk.img %s", image->path);
    run(fixture->folder, compare);
    g_assert_cmpint(stat(image->path, &status), ==, 0);
    g_assert_cmphex(status.st_mode, ==, S_IFREG | 0444);
    g_assert_cmpstr(image->sha256, ==, fixture->disk_sha256);
    g_assert_cmpuint(image->size, ==, 8 << 20);
    g_assert_cmpuint(image->allocated, <, 2 << 20);
}

static void every_form_of_a_disk_gives_the_same_image(Fixture *fixture, gconstpointer data)
{
    for (size_t i = 0; i < G_N_ELEMENTS(forms); i++) {
        g_autoptr(PifImage) image = NULL;
        g_autoptr(PifImage) found = NULL;
        g_test_message("%s", forms[i].file);
        run(fixture->folder, forms[i].script);
        image = import_as(fixture, forms[i].file, "disk");
        assert_is_the_disk(fixture, image);
        g_autofree char *path = path_in(fixture, forms[i].file);
        g_autofree char *quoted = g_shell_quote(path);
        g_autofree char *script = g_strdup_printf("sha256sum <%s | cut -c -64", quoted);
        g_autofree char *source_sha256 = shell(fixture->folder, script);
        ok(pif_store_find_source(fixture->store, source_sha256, &found, &error));
        g_assert_cmpstr(found->path, ==, image->path);
        ok(pif_store_remove(fixture->store, "disk", &error));
        assert_store_is_empty(fixture);
        run(fixture->folder, "find . -maxdepth 1 -type f ! -name disk.img -delete");
    }
}

/* What is no disk image, and what the user reads. */
static const struct {
    const char *script; /* makes the file f */
    PifErrorCode code;
    const char *says;
} bad_files[] = {
    {"true", PIF_ERROR_NOT_FOUND, "f: cannot open it: No such file"},
    {"mkdir f", PIF_ERROR_USAGE, "f: it is a folder"},
    {"mkfifo f", PIF_ERROR_USAGE, "no ordinary file"},
    {": >f", PIF_ERROR_PROTOCOL, "it is empty"},
    {"echo hello >f", PIF_ERROR_PROTOCOL, "it is no disk image"},
    {"seq 100000 >f", PIF_ERROR_PROTOCOL, "it is no disk image"},
    {"seq 100000 | xz >f", PIF_ERROR_PROTOCOL, "it is no disk image"},
    {": | xz >f", PIF_ERROR_PROTOCOL, "it is no disk image"},
    {"xz <disk.img | head -c -20 >f", PIF_ERROR_PROTOCOL, "cut off"},
    {"xz <disk.img | head -c 10000 >f", PIF_ERROR_PROTOCOL, "cut off"},
    {"xz -T2 --block-size=500000 <disk.img | head -c 10000 >f", PIF_ERROR_PROTOCOL, "cut off"},
    {"xz <disk.img >f; printf xxxx | dd of=f bs=1 seek=9000 conv=notrunc status=none",
     PIF_ERROR_PROTOCOL, "damaged"},
    {"xz <disk.img >f; echo more and more >>f", PIF_ERROR_PROTOCOL, "damaged"},
    {"gzip <disk.img | head -c -4 >f", PIF_ERROR_PROTOCOL, "cut off"},
    {"gzip <disk.img | head -c 10000 >f", PIF_ERROR_PROTOCOL, "cut off"},
    {"gzip <disk.img | head -c -8 >f; printf 12345678 >>f", PIF_ERROR_PROTOCOL, "damaged"},
    {"zstd -q <disk.img | head -c 10000 >f", PIF_ERROR_PROTOCOL, "damaged or cut off"},
    {"zstd -q <disk.img >f; printf xxxx | dd of=f bs=1 seek=9000 conv=notrunc status=none",
     PIF_ERROR_PROTOCOL, "damaged or cut off"},
    {"zip -q - disk.img | head -c 10000 >f", PIF_ERROR_PROTOCOL, "damaged or cut off"},
    {"zip -q - disk.img >f; printf xxxx | dd of=f bs=1 seek=9000 conv=notrunc status=none",
     PIF_ERROR_PROTOCOL, "damaged or cut off"},
    {"echo hello >README; zip -q - README >f", PIF_ERROR_PROTOCOL, "none of the files in this"},
    {"cp disk.img b.img; zip -q - disk.img b.img >f", PIF_ERROR_PROTOCOL,
     "several disk images in it ('disk.img', 'b.img')"},
    {"head -c 6M disk.img >f", PIF_ERROR_PROTOCOL,
     "cut off: its partition 2 ends at byte 8388608, the disk at 6291456"},
    {"head -c 6M disk.img | xz >f", PIF_ERROR_PROTOCOL, "cut off: its partition 2"},
    {"head -c 5000000 disk.img >f", PIF_ERROR_PROTOCOL, "ends within a sector (5000000 bytes"},
    {"mke2fs -q f 4M", PIF_ERROR_PROTOCOL, "it is no disk image"},
    {"mkfs.vfat -C f 4096", PIF_ERROR_PROTOCOL, "it has no partitions"},
    {"truncate -s 8M f; sfdisk -q f <<<$'label: gpt\\n2048,8192'; truncate -s 6M f",
     PIF_ERROR_PROTOCOL, "GPT whose end is cut off"},
    {"qemu-img create -q -f qcow2 -b disk.img -F raw f", PIF_ERROR_PROTOCOL, "only a part"},
    {"qemu-img create -q -f qcow2 -o data_file=raw f 8M", PIF_ERROR_PROTOCOL, "only a part"},
    {"qemu-img create -q -f qcow2 f 8M", PIF_ERROR_PROTOCOL, "it has no partitions"},
    {"qemu-img create -q -f qcow2 f 80G", PIF_ERROR_USAGE, "larger than the limit of 64GiB"},
    {"qemu-img convert -O qcow2 disk.img f; truncate -s 500K f", PIF_ERROR_PROTOCOL, "cut off"},
    {"qemu-img convert -c -O qcow2 disk.img f; truncate -s 500K f", PIF_ERROR_PROTOCOL, "cut off"},
    {"qemu-img convert -O qcow2 disk.img f; printf '\\2' | dd of=f bs=1 seek=35 conv=notrunc "
     "status=none",
     PIF_ERROR_PROTOCOL, "is encrypted"},
    {"cp disk.img f; truncate -s 65G f", PIF_ERROR_USAGE, "larger than the limit of 64GiB"},
};

static void what_is_no_disk_image_is_refused_with_one_clear_error(Fixture *fixture,
                                                                  gconstpointer data)
{
    for (size_t i = 0; i < G_N_ELEMENTS(bad_files); i++) {
        PifImage *image = NULL;
        g_autofree char *path = path_in(fixture, "f");
        g_autofree char *prefix = g_strdup_printf("cannot import %s: ", path);
        g_test_message("%s", bad_files[i].script);
        run(fixture->folder, bad_files[i].script);
        g_autoptr(GError) failure = NULL;
        g_assert_false(import_file(fixture, "f", NULL, &image, &failure));
        g_test_message("%s", failure->message);
        g_assert_error(failure, PIF_ERROR, (int)bad_files[i].code);
        g_assert_true(g_str_has_prefix(failure->message, prefix));
        g_assert_null(strchr(failure->message, '\n'));
        if (!strstr(failure->message, bad_files[i].says))
            g_error("expected '%s' in: %s", bad_files[i].says, failure->message);
        g_assert_null(image);
        assert_store_is_empty(fixture);
        run(fixture->folder, "rm -rf f b.img raw");
    }
}

static void a_wrong_checksum_leaves_nothing(Fixture *fixture, gconstpointer data)
{
    PifImage *image = NULL;
    PifImportOptions options = {.name = "disk", .sha256 = fixture->disk_sha256};
    make_disk(fixture, "other.img", 2);
    fails(PIF_ERROR_PROTOCOL, "was expected; fetch it again",
          import_file(fixture, "other.img", &options, &image, &error));
    options.sha256 = "1234";
    fails(PIF_ERROR_USAGE, "64 hexadecimal digits",
          import_file(fixture, "disk.img", &options, &image, &error));
    assert_store_is_empty(fixture);
}

static void the_checksum_may_be_of_the_file_or_of_the_disk_in_it(Fixture *fixture,
                                                                 gconstpointer data)
{
    run(fixture->folder, "gzip -k disk.img");
    g_autofree char *of_file = shell(fixture->folder, "sha256sum disk.img.gz | cut -c -64");
    g_autofree char *of_disk = g_ascii_strup(fixture->disk_sha256, -1);
    for (int i = 0; i < 2; i++) {
        g_autoptr(PifImage) image = NULL;
        PifImportOptions options = {.name = "disk", .sha256 = i ? of_file : of_disk};
        ok(import_file(fixture, "disk.img.gz", &options, &image, &error));
        ok(pif_store_remove(fixture->store, "disk", &error));
    }
}

static void a_small_file_with_a_large_disk_in_it_stops_at_the_limit(Fixture *fixture,
                                                                    gconstpointer data)
{
    PifImage *image = NULL;
    PifImportOptions options = {.max_size = 16 << 20};
    run(fixture->folder, "cp disk.img bomb; truncate -s 100M bomb; gzip -1 bomb");
    fails(PIF_ERROR_USAGE, "larger than the limit of 16MiB",
          import_file(fixture, "bomb.gz", &options, &image, &error));
    assert_store_is_empty(fixture);
}

static void hostile_names_are_refused(Fixture *fixture, gconstpointer data)
{
    static const char *const names[] = {
        "",
        "..",
        ".hidden",
        "../disk",
        "a/b",
        "--help",
        "-",
        "a b",
        "new\nline",
        "a\33",
        "\xff\n",
        "dïsk",
        "0123456789012345678901234567890123456789012345678901234567890123x",
    };
    PifImage *image = NULL;
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        PifImportOptions options = {.name = names[i]};
        fails(PIF_ERROR_USAGE, "is no name for an image",
              import_file(fixture, "disk.img", &options, &image, &error));
    }
    PifImportOptions options = {.name = fixture->disk_sha256};
    fails(PIF_ERROR_USAGE, "no SHA-256",
          import_file(fixture, "disk.img", &options, &image, &error));
    assert_store_is_empty(fixture);
    ok(pif_image_check_name("2024-11-19-raspios_bookworm.arm64", &error));
}

static void a_name_belongs_to_one_image_until_it_is_taken_away(Fixture *fixture, gconstpointer data)
{
    g_autoptr(PifImage) first = import_as(fixture, "disk.img", "disk");
    g_autoptr(PifImage) second = NULL;
    g_autoptr(PifImage) found = NULL;
    PifImportOptions options = {.name = "disk"};
    make_disk(fixture, "other.img", 2);
    fails(PIF_ERROR_EXISTS, "has the name 'disk'",
          import_file(fixture, "other.img", &options, &second, &error));
    options.replace_name = TRUE;
    ok(import_file(fixture, "other.img", &options, &second, &error));
    ok(pif_store_find(fixture->store, "disk", &found, &error));
    g_assert_cmpstr(found->sha256, ==, second->sha256);
    g_clear_pointer(&found, pif_image_free);
    ok(pif_store_find(fixture->store, first->sha256, &found, &error));
    g_assert_cmpuint(g_strv_length(found->names), ==, 0);
}

static void importing_what_is_there_adds_the_name(Fixture *fixture, gconstpointer data)
{
    run(fixture->folder, "xz -k disk.img; cp disk.img copy.img");
    g_autoptr(PifImage) first = import_as(fixture, "disk.img.xz", "b");
    g_autoptr(PifImage) second = import_as(fixture, "copy.img", "a");
    g_autoptr(PifImage) third = import_as(fixture, "disk.img.xz", "c");
    g_autoptr(PifImage) again = import_as(fixture, "disk.img.xz", "c");
    g_autofree char *names = g_strjoinv(" ", again->names);
    g_assert_cmpstr(names, ==, "b a c");
    g_autoptr(GPtrArray) images = NULL;
    ok(images = pif_store_list(fixture->store, &error));
    g_assert_cmpuint(images->len, ==, 1);
}

static void images_are_listed_by_name_with_where_they_came_from(Fixture *fixture,
                                                                gconstpointer data)
{
    make_disk(fixture, "other.img", 2);
    g_autoptr(PifImage) z = import_as(fixture, "disk.img", "z");
    g_autoptr(PifImage) a = import_as(fixture, "other.img", "a");
    g_autoptr(GPtrArray) images = NULL;
    ok(images = pif_store_list(fixture->store, &error));
    g_assert_cmpuint(images->len, ==, 2);
    const PifImage *first = g_ptr_array_index(images, 0);
    const PifImage *second = g_ptr_array_index(images, 1);
    g_autofree char *origin = path_in(fixture, "other.img");
    g_assert_cmpstr(first->names[0], ==, "a");
    g_assert_cmpstr(first->origin, ==, origin);
    g_assert_cmpint(ABS(first->created_s - g_get_real_time() / G_USEC_PER_SEC), <, 60);
    g_assert_null(first->recipe);
    g_assert_cmpstr(second->names[0], ==, "z");
}

static void a_misspelt_name_is_answered_with_all_names_and_the_nearest(Fixture *fixture,
                                                                       gconstpointer data)
{
    g_autoptr(PifImage) image = import_as(fixture, "disk.img", "debian");
    g_autoptr(PifImage) again = import_as(fixture, "disk.img", "tiny");
    PifImage *none = NULL;
    fails(PIF_ERROR_NOT_FOUND, "; there are: debian, tiny; did you mean 'tiny'?",
          pif_store_find(fixture->store, "tniy", &none, &error));
    fails(PIF_ERROR_NOT_FOUND, "; there are: debian, tiny",
          pif_store_find(fixture->store, "raspios", &none, &error));
}

static void an_image_is_found_by_the_beginning_of_its_hash(Fixture *fixture, gconstpointer data)
{
    g_autoptr(PifImage) image = import_as(fixture, "disk.img", "disk");
    g_autoptr(PifImage) found = NULL;
    g_autofree char *six = g_strndup(image->sha256, 6);
    g_autofree char *five = g_strndup(image->sha256, 5);
    ok(pif_store_find(fixture->store, six, &found, &error));
    g_assert_cmpstr(found->sha256, ==, image->sha256);
    PifImage *none = NULL;
    fails(PIF_ERROR_NOT_FOUND, "there are: disk",
          pif_store_find(fixture->store, five, &none, &error));
    fails(PIF_ERROR_NOT_FOUND, "no image 'dsik' in the store",
          pif_store_find(fixture->store, "dsik", &none, &error));
    fails(PIF_ERROR_NOT_FOUND, "no image '../x\\n'",
          pif_store_find(fixture->store, "../x\n", &none, &error));
    g_autofree char *twin = g_strdup_printf("%s/%s%058d.img", fixture->directory, six, 0);
    ok(pif_file_write(twin, "", 0, 0444, &error));
    fails(PIF_ERROR_USAGE, "give more digits", pif_store_find(fixture->store, six, &none, &error));
}

static void an_unchanged_file_is_known_without_being_read(Fixture *fixture, gconstpointer data)
{
    g_autofree char *path = path_in(fixture, "disk.img.xz");
    run(fixture->folder, "xz -k disk.img");
    g_autoptr(PifImage) image = import_as(fixture, "disk.img.xz", "disk");
    g_autoptr(PifImage) found = NULL;
    PifImage *none = NULL;
    ok(pif_store_find_unchanged_file(fixture->store, path, &found, &error));
    g_assert_cmpstr(found->sha256, ==, image->sha256);
    g_autofree char *wrong = g_strdup_printf("%064d", 0);
    PifImportOptions options = {.sha256 = wrong};
    fails(PIF_ERROR_PROTOCOL, "was expected",
          import_file(fixture, "disk.img.xz", &options, &none, &error));
    run(fixture->folder, "touch disk.img.xz");
    fails(PIF_ERROR_NOT_FOUND, "no image of",
          pif_store_find_unchanged_file(fixture->store, path, &none, &error));
    run(fixture->folder, "rm disk.img.xz");
    fails(PIF_ERROR_NOT_FOUND, "cannot open",
          pif_store_find_unchanged_file(fixture->store, path, &none, &error));
}

static void a_file_still_being_written_is_noticed(Fixture *fixture, gconstpointer data)
{
    g_autofree char *path = path_in(fixture, "disk.img");
    g_autoptr(PifSource) source = NULL;
    ok(source = pif_source_open(path, NULL, &error));
    ok(pif_source_check_unchanged(source, &error));
    run(fixture->folder, "echo more >>disk.img");
    fails(PIF_ERROR_BUSY, "written to while it was read",
          pif_source_check_unchanged(source, &error));
}

static void kill_self(int signal_number)
{
    kill(getpid(), SIGKILL);
}

/* In a child that may write no more than a megabyte to a file. */
static int import_in_limited_child(const Fixture *fixture, gboolean dies_of_it)
{
    pid_t child = fork();
    g_assert_cmpint(child, >=, 0);
    if (child == 0) {
        g_autoptr(GError) error = NULL;
        PifImage *image = NULL;
        setrlimit(RLIMIT_FSIZE, &(struct rlimit){1 << 20, 1 << 20});
        signal(SIGXFSZ, dies_of_it ? kill_self : SIG_IGN);
        import_file(fixture, "disk.img", NULL, &image, &error);
        _exit(error && strstr(error->message, "no room for the disk") ? 0 : 1);
    }
    int status = 0;
    g_assert_cmpint(waitpid(child, &status, 0), ==, child);
    return status;
}

static void no_room_for_the_disk_is_one_error_and_leaves_nothing(Fixture *fixture,
                                                                 gconstpointer data)
{
    g_assert_cmpint(import_in_limited_child(fixture, FALSE), ==, 0);
    assert_store_is_empty(fixture);
}

static void a_killed_import_is_cleared_away_at_the_next_open(Fixture *fixture, gconstpointer data)
{
    int status = import_in_limited_child(fixture, TRUE);
    g_assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    g_autofree char *left = list_store(fixture);
    g_assert_true(g_str_has_prefix(left, "tmp/"));
    g_autoptr(GPtrArray) images = NULL;
    ok(images = pif_store_list(fixture->store, &error));
    g_assert_cmpuint(images->len, ==, 0);
    pif_store_free(fixture->store); /* the killed child had inherited our folder's lock */
    ok(fixture->store = pif_store_open(fixture->directory, &error));
    assert_store_is_empty(fixture);
}

static void temporary_files_of_the_living_stay(Fixture *fixture, gconstpointer data)
{
    g_autoptr(PifStore) other = NULL;
    g_autofree char *dead = g_build_filename(fixture->directory, "tmp/dead/file", NULL);
    g_autofree char *dead_folder = g_path_get_dirname(dead);
    g_autofree char *alive = NULL;
    ok(alive = pif_store_new_temporary(fixture->store, &error));
    ok(pif_dir_make(dead_folder, 0700, &error));
    ok(pif_file_write(dead, "x", 1, 0600, &error));
    ok(other = pif_store_open(fixture->directory, &error));
    g_assert_true(g_file_test(alive, G_FILE_TEST_EXISTS));
    g_assert_false(g_file_test(dead_folder, G_FILE_TEST_EXISTS));
    g_clear_pointer(&fixture->store, pif_store_free);
    g_assert_false(g_file_test(alive, G_FILE_TEST_EXISTS));
}

static void a_record_without_an_image_is_no_image(Fixture *fixture, gconstpointer data)
{
    g_autofree char *name = g_strdup_printf("%064d.json", 7);
    g_autofree char *path = g_build_filename(fixture->directory, name, NULL);
    g_autoptr(GPtrArray) images = NULL;
    ok(pif_file_write(path, "{\"names\": [\"ghost\"]}", -1, 0644, &error));
    ok(images = pif_store_list(fixture->store, &error));
    g_assert_cmpuint(images->len, ==, 0);
    pif_store_free(fixture->store);
    ok(fixture->store = pif_store_open(fixture->directory, &error));
    assert_store_is_empty(fixture);
}

static void a_spoilt_record_is_named_with_the_place(Fixture *fixture, gconstpointer data)
{
    g_autoptr(PifImage) image = import_as(fixture, "disk.img", "disk");
    g_autofree char *json = g_strdup_printf("%s/%s.json", fixture->directory, image->sha256);
    ok(pif_file_write(json, "{\n \"names\": [", -1, 0644, &error));
    fails(PIF_ERROR_CONFIG, ".json:2:", pif_store_list(fixture->store, &error));
    g_assert_cmpint(unlink(json), ==, 0);
    g_autoptr(PifImage) found = NULL;
    ok(pif_store_find(fixture->store, image->sha256, &found, &error));
    g_assert_null(found->names[0]);
}

static pid_t import_in_child(const Fixture *fixture, const char *file, const char *name)
{
    pid_t child = fork();
    g_assert_cmpint(child, >=, 0);
    if (child > 0)
        return child;
    g_autoptr(PifStore) store = pif_store_open(fixture->directory, NULL);
    g_autofree char *path = path_in(fixture, file);
    PifImage *image = NULL;
    PifImportOptions options = {.name = name};
    _exit(pif_store_import(store, path, &options, &image, NULL) ? 0 : 1);
}

static void several_processes_import_at_once(Fixture *fixture, gconstpointer data)
{
    enum { CHILDREN = 6 };
    pid_t children[CHILDREN];
    make_disk(fixture, "other.img", 2);
    run(fixture->folder, "xz -k disk.img other.img");
    for (int i = 0; i < CHILDREN; i++) {
        g_autofree char *name = g_strdup_printf("name%d", i);
        children[i] = import_in_child(fixture, i % 2 ? "disk.img.xz" : "other.img.xz", name);
    }
    for (int i = 0; i < CHILDREN; i++) {
        int status = -1;
        waitpid(children[i], &status, 0);
        g_assert_cmpint(status, ==, 0);
    }
    g_autoptr(GPtrArray) images = NULL;
    ok(images = pif_store_list(fixture->store, &error));
    g_assert_cmpuint(images->len, ==, 2);
    for (int i = 0; i < CHILDREN; i++) {
        g_autoptr(PifImage) image = NULL;
        g_autofree char *name = g_strdup_printf("name%d", i);
        ok(pif_store_find(fixture->store, name, &image, &error));
    }
}

static char *copy_to_temporary(const Fixture *fixture, const char *file)
{
    char *temporary = NULL;
    ok(temporary = pif_store_new_temporary(fixture->store, &error));
    g_autofree char *script = g_strdup_printf("cp --sparse=always %s %s", file, temporary);
    run(fixture->folder, script);
    return temporary;
}

static void a_built_disk_is_adopted_and_found_by_its_recipe(Fixture *fixture, gconstpointer data)
{
    g_autofree char *temporary = copy_to_temporary(fixture, "disk.img");
    g_autoptr(PifImage) image = NULL;
    g_autoptr(PifImage) found = NULL;
    PifImage *none = NULL;
    ok(pif_store_adopt(fixture->store, temporary, "made", "disk, prepared", "recipe1", &image,
                       &error));
    assert_is_the_disk(fixture, image);
    g_assert_false(g_file_test(temporary, G_FILE_TEST_EXISTS));
    ok(pif_store_find_recipe(fixture->store, "recipe1", &found, &error));
    g_assert_cmpstr(found->names[0], ==, "made");
    g_assert_cmpstr(found->origin, ==, "disk, prepared");
    g_assert_cmpstr(found->recipe, ==, "recipe1");
    fails(PIF_ERROR_NOT_FOUND, "recipe",
          pif_store_find_recipe(fixture->store, "recipe2", &none, &error));
}

static void what_cannot_be_adopted_is_removed(Fixture *fixture, gconstpointer data)
{
    PifImage *none = NULL;
    run(fixture->folder, "seq 100000 | head -c 102400 >text");
    g_autofree char *text = copy_to_temporary(fixture, "text");
    fails(PIF_ERROR_PROTOCOL, "no partitions",
          pif_store_adopt(fixture->store, text, "made", "x", NULL, &none, &error));
    g_autofree char *disk = copy_to_temporary(fixture, "disk.img");
    fails(PIF_ERROR_USAGE, "no name for an image",
          pif_store_adopt(fixture->store, disk, "a/b", "x", NULL, &none, &error));
    assert_store_is_empty(fixture);
}

static void an_image_goes_with_its_last_name(Fixture *fixture, gconstpointer data)
{
    g_autoptr(PifImage) first = import_as(fixture, "disk.img", "a");
    g_autoptr(PifImage) second = import_as(fixture, "disk.img", "b");
    ok(pif_store_remove(fixture->store, "a", &error));
    g_assert_true(g_file_test(first->path, G_FILE_TEST_EXISTS));
    fails(PIF_ERROR_NOT_FOUND, "there are: b", pif_store_remove(fixture->store, "a", &error));
    ok(pif_store_remove(fixture->store, "b", &error));
    assert_store_is_empty(fixture);
}

static void an_image_named_by_hash_goes_with_all_its_names(Fixture *fixture, gconstpointer data)
{
    g_autoptr(PifImage) first = import_as(fixture, "disk.img", "a");
    g_autoptr(PifImage) second = import_as(fixture, "disk.img", "b");
    ok(pif_store_remove(fixture->store, first->sha256, &error));
    assert_store_is_empty(fixture);
}

static void hashes_are_those_of_sha256sum(void)
{
    PifSha256 hash;
    pif_sha256_init(&hash);
    pif_sha256_add_zeros(&hash, 200000);
    g_autofree char *zeros = pif_sha256_finish(&hash);
    g_autofree char *expected = shell("/", "head -c 200000 /dev/zero | sha256sum | cut -c -64");
    g_assert_cmpstr(zeros, ==, expected);
    g_assert_true(pif_sha256_is_valid(zeros));
    g_assert_false(pif_sha256_is_valid("abc"));
    zeros[3] = 'G';
    g_assert_false(pif_sha256_is_valid(zeros));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define TEST(name) STORE_TEST("/store/", name)
    g_test_add_func("/store/hashes_are_those_of_sha256sum", hashes_are_those_of_sha256sum);
    TEST(every_form_of_a_disk_gives_the_same_image);
    TEST(what_is_no_disk_image_is_refused_with_one_clear_error);
    TEST(a_wrong_checksum_leaves_nothing);
    TEST(the_checksum_may_be_of_the_file_or_of_the_disk_in_it);
    TEST(a_small_file_with_a_large_disk_in_it_stops_at_the_limit);
    TEST(hostile_names_are_refused);
    TEST(a_name_belongs_to_one_image_until_it_is_taken_away);
    TEST(importing_what_is_there_adds_the_name);
    TEST(images_are_listed_by_name_with_where_they_came_from);
    TEST(a_misspelt_name_is_answered_with_all_names_and_the_nearest);
    TEST(an_image_is_found_by_the_beginning_of_its_hash);
    TEST(an_unchanged_file_is_known_without_being_read);
    TEST(a_file_still_being_written_is_noticed);
    TEST(no_room_for_the_disk_is_one_error_and_leaves_nothing);
    TEST(a_killed_import_is_cleared_away_at_the_next_open);
    TEST(temporary_files_of_the_living_stay);
    TEST(a_record_without_an_image_is_no_image);
    TEST(a_spoilt_record_is_named_with_the_place);
    TEST(several_processes_import_at_once);
    TEST(a_built_disk_is_adopted_and_found_by_its_recipe);
    TEST(what_cannot_be_adopted_is_removed);
    TEST(an_image_goes_with_its_last_name);
    TEST(an_image_named_by_hash_goes_with_all_its_names);
    return g_test_run();
}
