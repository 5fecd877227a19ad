// SPDX-License-Identifier: MIT
// Files of FAT file systems that mkfs.vfat and mtools made, found by any of their names.
#include "pifarm/base/fat.h"

#include "pifarm/base/fd.h"
#include "tests/lib/check.h"

#include <fcntl.h>

static char *folder;

static int open_disk(void)
{
    g_autofree char *path = g_build_filename(folder, "disk", NULL);
    int fd = open(path, O_RDWR | O_CLOEXEC);
    g_assert_cmpint(fd, >=, 0);
    return fd;
}

static void read_all(PifFat *fat, const char *path, GByteArray *ret_bytes, unsigned *ret_runs)
{
    PifFatEntry entry;
    g_autoptr(GArray) runs = NULL;
    ok(pif_fat_find(fat, path, &entry, &error));
    g_assert_false(entry.is_folder);
    ok(pif_fat_locate(fat, &entry, &runs, &error));
    for (guint i = 0; i < runs->len; i++) {
        const PifFatRun *run = &g_array_index(runs, PifFatRun, i);
        g_autofree guint8 *bytes = g_malloc(run->size);
        g_assert_cmpint(pread(fat->fd, bytes, run->size, (off_t)run->offset), ==,
                        (gssize)run->size);
        g_byte_array_append(ret_bytes, bytes, (guint)run->size);
    }
    g_assert_cmpuint(ret_bytes->len, ==, entry.size);
    *ret_runs = runs->len;
}

static void assert_content(PifFat *fat, const char *path, const char *original)
{
    g_autofree char *file = g_build_filename(folder, original, NULL);
    g_autofree char *expected = NULL;
    gsize size = 0;
    unsigned n_runs = 0;
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    read_all(fat, path, bytes, &n_runs);
    ok(pif_file_read(file, 1 << 30, &expected, &size, &error));
    g_assert_cmpmem(bytes->data, bytes->len, expected, size);
}

static void files_are_found_in_fat12_fat16_and_fat32(void)
{
    static const struct {
        const char *options;
        unsigned bits;
    } rows[] = {{"-F 12 -C disk 8192", 12},
                {"-F 16 -C disk 32768", 16},
                {"-F 32 -s 1 -C disk 65536", 32},
                {"-F 16 -S 4096 -s 1 -C disk 65536", 16}};
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        PifFat fat;
        PifFatEntry entry;
        g_autofree char *script = g_strdup_printf(
            "rm -f disk; mkfs.vfat %s >/dev/null; export MTOOLS_SKIP_CHECK=1\n"
            "head -c 3000000 /dev/urandom >kernel; echo small >small; : >empty\n"
            "mmd -i disk ::/overlays; mkdir -p o; for i in $(seq 60); do echo $i "
            ">o/a-rather-long-name-$i.dtbo; done; mcopy -i disk o/* ::/overlays\n"
            "mcopy -i disk kernel ::/kernel8.img; mcopy -i disk small ::/CONFIG.TXT\n"
            "mcopy -i disk empty ::/empty; mcopy -i disk small '::/Größe der Datei.txt'",
            rows[i].options);
        g_free(shell(folder, script));
        g_auto(PifFd) fd = open_disk();
        ok(pif_fat_open(&fat, fd, 0, (guint64)lseek(fd, 0, SEEK_END), &error));
        g_assert_cmpuint(fat.layout.bits, ==, rows[i].bits);
        assert_content(&fat, "kernel8.img", "kernel");
        assert_content(&fat, "/KERNEL8.IMG", "kernel");
        assert_content(&fat, "config.txt", "small");
        assert_content(&fat, "Größe der Datei.txt", "small");
        assert_content(&fat, "overlays//A-Rather-Long-Name-60.dtbo",
                       "o/a-rather-long-name-60.dtbo");
        assert_content(&fat, "overlays/A-RATH~1.DTB", "o/a-rather-long-name-1.dtbo");
        assert_content(&fat, "empty", "empty");
        ok(pif_fat_find(&fat, "overlays", &entry, &error));
        g_assert_true(entry.is_folder);
        static const char *const missing[] = {
            "",        "/",       "nothing",   "overlays/..", "overlays/../empty",
            "./empty", "empty/x", "overlays/."};
        for (size_t k = 0; k < G_N_ELEMENTS(missing); k++)
            fails(PIF_ERROR_NOT_FOUND, "", pif_fat_find(&fat, missing[k], &entry, &error));
    }
}

static void a_file_in_pieces_is_read_in_order(void)
{
    PifFat fat;
    unsigned n_runs = 0;
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    /* all that is free, so that the gaps are used too */
    g_free(shell(folder, "rm -f disk; mkfs.vfat -F 16 -C disk 16384 >/dev/null; mkdir gaps\n"
                         "for i in $(seq 100 199); do echo $i >gaps/g$i; done\n"
                         "export MTOOLS_SKIP_CHECK=1; mmd -i disk ::/d; mcopy -i disk gaps/* ::/d\n"
                         "mdel -i disk '::/d/g??[02468]'; head -c 16600000 /dev/urandom >kernel\n"
                         "mcopy -i disk kernel ::/kernel8.img"));
    g_auto(PifFd) fd = open_disk();
    ok(pif_fat_open(&fat, fd, 0, (guint64)lseek(fd, 0, SEEK_END), &error));
    read_all(&fat, "kernel8.img", bytes, &n_runs);
    g_assert_cmpuint(n_runs, >, 1);
    assert_content(&fat, "kernel8.img", "kernel");
}

static void what_is_no_fat_is_told(void)
{
    PifFat fat;
    g_free(shell(folder,
                 "rm -f disk; mkfs.vfat -F 16 -C disk 16384 >/dev/null\n"
                 "mkdir -p gaps; for i in $(seq 100 199); do echo $i >gaps/g$i; done\n"
                 "export MTOOLS_SKIP_CHECK=1; mmd -i disk ::/d; mcopy -i disk gaps/* ::/d; mdel -i "
                 "disk '::/d/g??[02468]'\n"
                 "head -c 5000000 /dev/urandom >kernel; mcopy -i disk kernel ::/kernel8.img"));
    g_auto(PifFd) fd = open_disk();
    fails(PIF_ERROR_PROTOCOL, "there is no FAT", pif_fat_open(&fat, fd, 0, 100000, &error));
    fails(PIF_ERROR_PROTOCOL, "there is no FAT", pif_fat_open(&fat, fd, 99900, 100, &error));
}

static void a_chain_that_goes_round_ends(void)
{
    PifFat fat;
    PifFatEntry entry;
    g_autoptr(GArray) runs = NULL;
    g_free(shell(
        folder,
        "rm -f disk; mkfs.vfat -F 16 -C disk 16384 >/dev/null; head -c 1000000 /dev/zero >file\n"
        "MTOOLS_SKIP_CHECK=1 mcopy -i disk file ::/file"));
    g_auto(PifFd) fd = open_disk();
    ok(pif_fat_open(&fat, fd, 0, 16384 * 1024, &error));
    ok(pif_fat_find(&fat, "file", &entry, &error));
    const guint16 itself = GUINT16_TO_LE((guint16)entry.cluster);
    g_assert_cmpint(pwrite(fd, &itself, 2, (off_t)(fat.layout.table + entry.cluster * 2)), ==, 2);
    ok(pif_fat_open(&fat, fd, 0, 16384 * 1024, &error));
    ok(pif_fat_locate(&fat, &entry, &runs, &error));
    const guint16 outside = 0xfff0;
    g_assert_cmpint(pwrite(fd, &outside, 2, (off_t)(fat.layout.table + entry.cluster * 2)), ==, 2);
    ok(pif_fat_open(&fat, fd, 0, 16384 * 1024, &error));
    g_clear_pointer(&runs, g_array_unref);
    fails(PIF_ERROR_PROTOCOL, "damaged", pif_fat_locate(&fat, &entry, &runs, &error));
    entry.size = G_MAXUINT32;
    fails(PIF_ERROR_PROTOCOL, "damaged", pif_fat_locate(&fat, &entry, &runs, &error));
}

#define TEST(name) g_test_add_func("/fat/" #name, name)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    folder = g_dir_make_tmp("fat-XXXXXX", NULL);
    TEST(files_are_found_in_fat12_fat16_and_fat32);
    TEST(a_file_in_pieces_is_read_in_order);
    TEST(what_is_no_fat_is_told);
    TEST(a_chain_that_goes_round_ends);
    int status = g_test_run();
    pif_dir_remove(folder, NULL);
    g_free(folder);
    return status;
}
