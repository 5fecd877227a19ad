// SPDX-License-Identifier: MIT
// What inspection says of cards: those that boot, and the reasons of those that do not.
#include "pifarm/boot/inspect.h"
#include "tests/lib/check.h"

#include <sys/stat.h>

#define DTB "bcm2710-rpi-3-b-plus.dtb"

typedef struct {
    char *folder; /* boot/ and root/ become the partitions of card.img */
    char *image;
} Card;

static void put(const Card *card, const char *name, const char *content)
{
    g_autofree char *path = g_build_filename(card->folder, name, NULL);
    g_autofree char *parent = g_path_get_dirname(path);
    ok(pif_dir_make(parent, 0755, &error));
    ok(pif_file_write(path, content, -1, 0644, &error));
}

static void put_kernel(const Card *card, const char *banner)
{
    g_autofree char *path = g_build_filename(card->folder, "boot/kernel8.img", NULL);
    char kernel[256] = {[56] = 'A', 'R', 'M', 0x64};
    g_strlcpy(kernel + 128, banner, sizeof kernel - 128);
    ok(pif_file_write(path, kernel, sizeof kernel, 0644, &error));
}

static char *device_tree_script(void)
{
    g_autofree char *source =
        g_test_build_filename(G_TEST_DIST, "data", "overlays", "base.dts", NULL);
    g_autofree char *absolute = g_canonicalize_filename(source, NULL);
    g_autofree char *quoted = g_shell_quote(absolute);
    return g_strdup_printf("dtc -q -@ -I dts -O dtb -o boot/" DTB " %s", quoted);
}

static void set_up(Card *card, gconstpointer data)
{
    card->folder = g_dir_make_tmp("pifarm, inspect-XXXXXX", NULL);
    card->image = g_build_filename(card->folder, "card.img", NULL);
    put(card, "boot/config.txt", "arm_64bit=1\nauto_initramfs=1\n");
    put(card, "boot/cmdline.txt", "root=LABEL=rootfs\n");
    put(card, "boot/initramfs8", "an initramfs");
    g_autofree char *tree = device_tree_script();
    run(card->folder, tree);
    put_kernel(card, "Linux version 6.1.0-56-arm64 (somebody@somewhere) #1");
    put(card, "root/usr/lib/os-release", "ID=debian\nPRETTY_NAME=\"Debian GNU/Linux 12\"\n");
    put(card, "root/etc/hostname", "pi\n");
}

static void tear_down(Card *card, gconstpointer data)
{
    pif_dir_remove(card->folder, NULL);
    g_free(card->folder);
    g_free(card->image);
}

static void make_image(const Card *card)
{
    g_autofree char *tool = g_test_build_filename(G_TEST_DIST, "lib", "make-small-card", NULL);
    g_autofree char *absolute = g_canonicalize_filename(tool, NULL);
    g_autofree char *quoted = g_shell_quote(absolute);
    g_autofree char *script = g_strconcat(quoted, " card.img boot root", NULL);
    run(card->folder, script);
}

/* The whole inspection as text. */
static char *describe(const char *path)
{
    g_autoptr(PifInspection) seen = NULL;
    ok(pif_image_inspect(path, &seen, &error));
    GString *text = g_string_new(NULL);
    g_string_append_printf(text, "%s", seen->table ? seen->table : "no table");
    for (guint i = 0; i < seen->partitions->len; i++) {
        const PifPartition *part = g_ptr_array_index(seen->partitions, i);
        g_string_append_printf(text, "; %u: %g+%g MiB %02x %s %s", part->number,
                               (double)part->start / 1048576, (double)part->size / 1048576,
                               part->type, part->filesystem, part->label);
    }
    g_string_append_printf(text, "; boot %u root %u; %s; %s %s, %s, %s; %s", seen->boot_partition,
                           seen->root_partition, seen->os_name, seen->kernel, seen->kernel_version,
                           seen->initramfs, seen->device_tree, seen->problem);
    return g_string_free(text, FALSE);
}

static void assert_inspection(const char *path, const char *expected)
{
    g_autofree char *text = describe(path);
    g_assert_cmpstr(text, ==, expected);
}

static void assert_problem(const Card *card, const char *expected)
{
    g_autoptr(PifInspection) seen = NULL;
    ok(pif_image_inspect(card->image, &seen, &error));
    g_assert_nonnull(seen->problem);
    if (!strstr(seen->problem, expected))
        g_error("expected '%s' in: %s", expected, seen->problem);
}

#define PARTITIONS "dos; 1: 1+40 MiB 0c vfat bootfs; 2: 41+24 MiB 83 ext4 rootfs; "
#define DEBIAN_CARD                                                                                \
    PARTITIONS "boot 1 root 2; Debian GNU/Linux 12; kernel8.img 6.1.0-56-arm64, initramfs8, " DTB  \
               "; (null)"

static void a_card_that_boots_is_described(Card *card, gconstpointer data)
{
    make_image(card);
    assert_inspection(card->image, DEBIAN_CARD);
}

static void a_clone_is_described_as_its_image_is(Card *card, gconstpointer data)
{
    g_autofree char *clone = g_build_filename(card->folder, "clone", NULL);
    make_image(card);
    run(card->folder, "qemu-img create -q -f qcow2 -b card.img -F raw clone 128M");
    assert_inspection(clone, DEBIAN_CARD);
}

static void a_compressed_kernel_has_the_version_of_its_modules(Card *card, gconstpointer data)
{
    put(card, "boot/config.txt", "initramfs initramfs8,more\n");
    put(card, "boot/more", "more");
    run(card->folder, "gzip boot/kernel8.img; mv boot/kernel8.img.gz boot/kernel8.img\n"
                      "mkdir -p root/usr/lib/modules/6.6.51+rpt-rpi-{v6,v7,v8,2712}\n"
                      "ln -s usr/lib root/lib\n"
                      "mv root/usr/lib/os-release root/etc/os-release");
    make_image(card);
    assert_inspection(card->image,
                      PARTITIONS "boot 1 root 2; Debian GNU/Linux 12; kernel8.img "
                                 "6.6.51+rpt-rpi-v8, initramfs8,more, " DTB "; (null)");
}

static void a_card_without_a_root_may_boot(Card *card, gconstpointer data)
{
    make_image(card);
    run(card->folder, "sfdisk -q --delete card.img 2");
    assert_inspection(card->image,
                      "dos; 1: 1+40 MiB 0c vfat bootfs; boot 1 root 0; (null); kernel8.img "
                      "6.1.0-56-arm64, initramfs8, " DTB "; (null)");
}

static void a_gpt_is_described_and_refused(Card *card, gconstpointer data)
{
    run(card->folder, "truncate -s 32M card.img; sfdisk -q card.img <<<$'label: gpt\\n2048,16M'");
    assert_inspection(card->image,
                      "gpt; 1: 1+16 MiB 00 (null) (null); boot 0 root 0; (null); (null) (null), "
                      "(null), (null); a GPT partition table; the boot ROM of a Pi 3 reads only "
                      "MBR");
}

static void a_file_without_partitions_is_described(Card *card, gconstpointer data)
{
    put(card, "card.img", "hello\n");
    assert_inspection(card->image, "no table; boot 0 root 0; (null); (null) (null), (null), "
                                   "(null); no partition table (MBR) in the first sector");
}

static void a_32_bit_card_is_told(Card *card, gconstpointer data)
{
    put(card, "boot/config.txt", "");
    put(card, "boot/kernel7.img", "32 bits");
    run(card->folder, "rm boot/kernel8.img");
    make_image(card);
    assert_problem(card, "would start kernel7.img in 32-bit mode");
}

static void a_missing_device_tree_is_told(Card *card, gconstpointer data)
{
    run(card->folder, "rm boot/" DTB);
    make_image(card);
    assert_problem(card, "no device tree of a Pi 3 B+");
}

static void a_kernel_that_is_none_is_told(Card *card, gconstpointer data)
{
    put(card, "boot/kernel8.img", "hello");
    make_image(card);
    assert_problem(card, "the kernel 'kernel8.img' is too short");
}

static void a_missing_fat_is_told(Card *card, gconstpointer data)
{
    make_image(card);
    run(card->folder, "sfdisk -q --part-type card.img 1 83");
    assert_problem(card, "no FAT partition to boot from");
}

static void an_encrypted_root_is_told(Card *card, gconstpointer data)
{
    make_image(card);
    run(card->folder, "dd if=/dev/zero of=card.img bs=1M seek=41 count=2 conv=notrunc status=none\n"
                      "printf 'LUKS\\xba\\xbe\\0\\1' |\n"
                      "    dd of=card.img bs=1M seek=41 conv=notrunc status=none");
    assert_problem(card, "partition 2 is encrypted (LUKS)");
}

static void a_missing_image_is_an_error(Card *card, gconstpointer data)
{
    PifInspection *none = NULL;
    fails(PIF_ERROR_NOT_FOUND, card->image, pif_image_inspect(card->image, &none, &error));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define TEST(name) g_test_add("/inspect/" #name, Card, NULL, set_up, name, tear_down)
    TEST(a_card_that_boots_is_described);
    TEST(a_clone_is_described_as_its_image_is);
    TEST(a_compressed_kernel_has_the_version_of_its_modules);
    TEST(a_card_without_a_root_may_boot);
    TEST(a_gpt_is_described_and_refused);
    TEST(a_file_without_partitions_is_described);
    TEST(a_32_bit_card_is_told);
    TEST(a_missing_device_tree_is_told);
    TEST(a_kernel_that_is_none_is_told);
    TEST(a_missing_fat_is_told);
    TEST(an_encrypted_root_is_told);
    TEST(a_missing_image_is_an_error);
    return g_test_run();
}
