// SPDX-License-Identifier: MIT
// Cards on real disks: qcow2 overlays over FUSE, boot files out of the FAT, identity into the ext4.
#include "images/card/card-layout.h"
#include "images/card/card-root.h"
#include "images/card/card.h"
#include "images/card/identity.h"
#include "pifarm/boot/boot-files.h"
#include "tests/image/fixture.h"

#include <sys/stat.h>
#include <sys/wait.h>

#define DTB "bcm2710-rpi-3-b-plus.dtb"

typedef struct {
    char *folder; /* with a comma and a space in its name */
    char *boot;   /* what the card is made from */
    char *root;
    char *image;
    char *clone;
    char *copies;
} Fixture;

static void put_kernel(const char *folder, const char *name, const char *version)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);
    char kernel[128] = {[56] = 'A', 'R', 'M', 0x64};
    g_strlcpy(kernel + 64, version, sizeof kernel - 64);
    ok(pif_file_write(path, kernel, sizeof kernel, 0644, &error));
}

static void put_device_tree(const char *folder)
{
    g_autofree char *source =
        g_test_build_filename(G_TEST_DIST, "data", "overlays", "base.dts", NULL);
    g_free(shell("dtc -q -@ -I dts -O dtb -o \"$1/" DTB "\" \"$2\"", folder, source, NULL));
}

static void assert_content(const char *path, const char *expected)
{
    g_autofree char *content = NULL;
    ok(pif_file_read(path, 65536, &content, NULL, &error));
    g_assert_cmpstr(content, ==, expected);
}

static void set_up(Fixture *fixture, gconstpointer data)
{
    fixture->folder = g_dir_make_tmp("pifarm, test-XXXXXX", NULL);
    fixture->boot = g_build_filename(fixture->folder, "boot", NULL);
    fixture->root = g_build_filename(fixture->folder, "root", NULL);
    fixture->image = g_build_filename(fixture->folder, "base.img", NULL);
    fixture->clone = g_build_filename(fixture->folder, "clone.qcow2", NULL);
    fixture->copies = g_build_filename(fixture->folder, "copies", NULL);
    ok(pif_dir_make(fixture->copies, 0755, &error));
    g_setenv("PIFARM_RUNTIME_DIR", fixture->folder, TRUE);
    put(fixture->boot, "config.txt", "arm_64bit=1\nauto_initramfs=1\n");
    put(fixture->boot, "cmdline.txt",
        "console=serial0,115200 root=PARTUUID=5066a001-02 rootwait\n");
    put(fixture->boot, "initramfs8", "an initramfs");
    put_device_tree(fixture->boot);
    put(fixture->boot, "overlays/README", "overlays");
    put_kernel(fixture->boot, "kernel8.img", "version 1");
    put(fixture->root, "etc/hostname", "raspberrypi\n");
    put(fixture->root, "etc/hosts", "127.0.0.1\tlocalhost\n::1\tip6\n127.0.1.1\traspberrypi\n");
    put(fixture->root, "etc/machine-id", "");
    put(fixture->root, "etc/ssh/ssh_host_rsa_key", "an old key");
    put(fixture->root, "etc/ssh/ssh_host_ed25519_key", "another old key");
    put(fixture->root, "etc/ssh/sshd_config", "stays");
    put(fixture->root, "var/lib/dbus/machine-id", "");
}

static void tear_down(Fixture *fixture, gconstpointer data)
{
    pif_dir_remove(fixture->folder, NULL);
    g_free(fixture->folder);
    g_free(fixture->boot);
    g_free(fixture->root);
    g_free(fixture->image);
    g_free(fixture->clone);
    g_free(fixture->copies);
}

static void make_image(const Fixture *fixture)
{
    g_autofree char *tool = g_test_build_filename(G_TEST_DIST, "lib", "make-small-card", NULL);
    g_free(shell("\"$@\"", tool, fixture->image, fixture->boot, fixture->root, NULL));
}

static void make_clone(const Fixture *fixture)
{
    make_image(fixture);
    g_free(
        shell("qemu-img create -q -f qcow2 -b base.img -F raw \"$1\" 128M", fixture->clone, NULL));
}

static PifCard *open_card(const char *path, gboolean is_writable)
{
    PifCard *card = NULL;
    ok(pif_card_open(path, is_writable, &card, &error));
    return card;
}

/* A card of one's own is changed by a guest; here by mtools. */
static void put_on_boot_partition(const char *clone, const char *file, const char *name)
{
    PifCardLayout layout;
    g_autoptr(PifCard) card = open_card(clone, TRUE);
    ok(pif_card_layout_read(pif_card_raw_path(card), &layout, &error));
    g_autofree char *drive =
        g_strdup_printf("%s@@%" G_GUINT64_FORMAT, pif_card_raw_path(card), layout.boot_offset);
    g_autofree char *target = g_strconcat("::", name, NULL);
    g_free(shell("mcopy -o -i \"$1\" \"$2\" \"$3\"", drive, file, target, NULL));
    ok(pif_card_close(card, &error));
}

/* What pif_boot_files_read says with a board of serial number 0x1234abcd. */
static gboolean read_boot_files(const Fixture *fixture, const PifCard *card,
                                PifBootFiles **ret_files, GError **error)
{
    PifBoard board = pif_board_new(0x1234abcd);
    return pif_boot_files_read(card, &board, fixture->copies, ret_files, error);
}

static void assert_property(const char *tree, const char *node, const char *property,
                            const char *expected)
{
    g_autofree char *value = shell("fdtget \"$@\"", tree, node, property, NULL);
    g_assert_cmpstr(g_strchomp(value), ==, expected);
}

static void boot_files_are_copied_out(Fixture *fixture, gconstpointer data)
{
    g_autoptr(PifBootFiles) files = NULL;
    make_clone(fixture);
    g_autoptr(PifCard) card = open_card(fixture->clone, FALSE);
    ok(read_boot_files(fixture, card, &files, &error));
    g_autofree char *same =
        shell("cd \"$1\"; cmp \"$2\" kernel8.img && echo same", fixture->boot, files->kernel, NULL);
    g_assert_cmpstr(same, ==, "same\n");
    assert_content(files->initramfs, "an initramfs");
    g_assert_true(g_str_has_prefix(files->command_line,
                                   "coherent_pool=1M console=ttyS0,115200 "
                                   "root=PARTUUID=5066a001-02 rootwait modprobe.blacklist="));
    g_assert_true(g_str_has_suffix(files->command_line, " console=ttyS1,115200"));
}

static void the_device_tree_knows_its_board(Fixture *fixture, gconstpointer data)
{
    g_autoptr(PifBootFiles) files = NULL;
    make_image(fixture);
    g_autoptr(PifCard) card = open_card(fixture->image, FALSE);
    ok(read_boot_files(fixture, card, &files, &error));
    assert_property(files->device_tree, "/", "serial-number", "000000001234abcd");
    assert_property(files->device_tree, "/soc/ethernet@1", "local-mac-address",
                    "184 39 235 52 171 205");
}

static void overlays_of_the_card_are_applied(Fixture *fixture, gconstpointer data)
{
    g_autoptr(PifBootFiles) files = NULL;
    g_autofree char *source =
        g_test_build_filename(G_TEST_DIST, "data", "overlays", "types.dts", NULL);
    put(fixture->boot, "config.txt", "arm_64bit=1\ndtoverlay=types,text=bye\ndtparam=audio\n");
    g_free(shell("dtc -q -@ -I dts -O dtb -o \"$1/overlays/TYPES.DTBO\" \"$2\"", fixture->boot,
                 source, NULL));
    make_image(fixture);
    g_autoptr(PifCard) card = open_card(fixture->image, FALSE);
    ok(read_boot_files(fixture, card, &files, &error));
    assert_property(files->device_tree, "/test_node", "text", "bye");
    assert_property(files->device_tree, "/soc/audio", "status", "okay");
}

/* A second FAT in the place of the root, with a config.txt of its own. */
static void make_a_b_image(const Fixture *fixture, const char *more_files)
{
    put(fixture->boot, "autoboot.txt", "boot_partition=2\n");
    put(fixture->boot, "start.elf", "");
    put(fixture->boot, "second.txt", "arm_64bit=1\nkernel=two.img\n");
    put_kernel(fixture->boot, "two.img", "the second");
    make_image(fixture);
    g_free(shell("cd \"$1\"; sfdisk -q --part-type base.img 2 c\n"
                 "mformat -i base.img@@41M -T 49152 ::\n"
                 "mcopy -i base.img@@41M boot/second.txt ::config.txt\n"
                 "mcopy -i base.img@@41M boot/two.img boot/cmdline.txt boot/" DTB " $2 ::",
                 fixture->folder, more_files, NULL));
}

static void autoboot_txt_leads_to_another_partition(Fixture *fixture, gconstpointer data)
{
    g_autoptr(PifBootFiles) files = NULL;
    make_a_b_image(fixture, "boot/start.elf");
    g_autoptr(PifCard) card = open_card(fixture->image, FALSE);
    ok(read_boot_files(fixture, card, &files, &error));
    g_autofree char *version = shell("tail -c +65 \"$1\" | head -c 10", files->kernel, NULL);
    g_assert_cmpstr(version, ==, "the second");
    g_assert_null(files->initramfs);
    assert_property(files->device_tree, "/chosen/bootloader", "partition", "2");
}

static void a_partition_without_start_elf_is_none_to_boot_from(Fixture *fixture, gconstpointer data)
{
    g_autoptr(PifBootFiles) files = NULL;
    make_a_b_image(fixture, "");
    g_autoptr(PifCard) card = open_card(fixture->image, FALSE);
    ok(read_boot_files(fixture, card, &files, &error));
    assert_content(files->initramfs, "an initramfs");
    assert_property(files->device_tree, "/chosen/bootloader", "partition", "1");
}

static void a_kernel_upgraded_on_the_clone_is_the_one_read(Fixture *fixture, gconstpointer data)
{
    g_autoptr(PifBootFiles) files = NULL;
    g_autofree char *kernel = g_build_filename(fixture->boot, "kernel8.img", NULL);
    make_clone(fixture);
    g_autofree char *before = shell("sha256sum <\"$1\"", fixture->image, NULL);
    put_kernel(fixture->boot, "kernel8.img", "version 2");
    put_on_boot_partition(fixture->clone, kernel, "kernel8.img");
    g_autoptr(PifCard) card = open_card(fixture->clone, FALSE);
    ok(read_boot_files(fixture, card, &files, &error));
    g_autofree char *version = shell("tail -c +65 \"$1\" | head -c 9", files->kernel, NULL);
    g_assert_cmpstr(version, ==, "version 2");
    g_autofree char *after = shell("sha256sum <\"$1\"", fixture->image, NULL);
    g_assert_cmpstr(after, ==, before);
}

static void several_initramfs_become_one_file(Fixture *fixture, gconstpointer data)
{
    g_autoptr(PifBootFiles) files = NULL;
    put(fixture->boot, "more", " and more");
    put(fixture->boot, "include.txt", "initramfs initramfs8,more followkernel\n");
    put(fixture->boot, "config.txt", "arm_64bit=1\ninclude include.txt\n");
    make_image(fixture);
    g_autoptr(PifCard) card = open_card(fixture->image, FALSE);
    ok(read_boot_files(fixture, card, &files, &error));
    assert_content(files->initramfs, "an initramfs and more");
}

static void refuses_to_boot(const Fixture *fixture, const char *message)
{
    g_autoptr(PifBootFiles) files = NULL;
    g_autoptr(PifCard) card = open_card(fixture->image, FALSE);
    fails(PIF_ERROR_CONFIG, fixture->image, read_boot_files(fixture, card, &files, &error));
    fails(PIF_ERROR_CONFIG, message, read_boot_files(fixture, card, &files, &error));
    g_assert_null(files);
}

static void a_kernel_that_is_none_is_refused(Fixture *fixture, gconstpointer data)
{
    put(fixture->boot, "kernel8.img", "short");
    make_image(fixture);
    refuses_to_boot(fixture, "the kernel 'kernel8.img' is too short for a kernel");
}

static void an_empty_command_line_is_refused(Fixture *fixture, gconstpointer data)
{
    put(fixture->boot, "cmdline.txt", " \nroot=/dev/mmcblk0p2\n");
    make_image(fixture);
    refuses_to_boot(fixture, "the kernel's command line 'cmdline.txt' is empty");
}

static void a_damaged_fat_is_refused(Fixture *fixture, gconstpointer data)
{
    make_image(fixture);
    g_free(shell("dd if=/dev/urandom of=\"$1\" bs=1M seek=1 count=1 conv=notrunc status=none",
                 fixture->image, NULL));
    refuses_to_boot(fixture, "the FAT of the boot partition is damaged");
}

static void an_empty_boot_partition_is_called_empty(Fixture *fixture, gconstpointer data)
{
    g_free(shell("rm -r \"$1\"/*", fixture->boot, NULL));
    make_image(fixture);
    refuses_to_boot(fixture, "the boot partition is empty: no kernel in it");
}

static void a_card_without_a_fat_is_refused(Fixture *fixture, gconstpointer data)
{
    make_image(fixture);
    g_free(shell("sfdisk -q --part-type \"$1\" 1 83", fixture->image, NULL));
    refuses_to_boot(fixture, "no FAT partition to boot from");
}

static void a_disk_that_is_no_card_is_refused(Fixture *fixture, gconstpointer data)
{
    put(fixture->folder, "base.img", "no disk");
    refuses_to_boot(fixture, "no partition table (MBR) in the first sector");
}

static void a_card_in_use_is_busy(Fixture *fixture, gconstpointer data)
{
    PifCard *second = NULL;
    make_clone(fixture);
    g_autoptr(PifCard) first = open_card(fixture->clone, TRUE);
    fails(PIF_ERROR_BUSY, "power its node off first",
          pif_card_open(fixture->clone, FALSE, &second, &error));
    fails(PIF_ERROR_BUSY, fixture->clone, pif_card_open(fixture->clone, TRUE, &second, &error));
    g_assert_null(second);
}

static void a_missing_card_is_not_found(Fixture *fixture, gconstpointer data)
{
    PifCard *card = NULL;
    fails(PIF_ERROR_NOT_FOUND, fixture->clone, pif_card_open(fixture->clone, TRUE, &card, &error));
}

static void a_damaged_clone_says_what_qemu_says(Fixture *fixture, gconstpointer data)
{
    PifCard *card = NULL;
    put(fixture->folder, "clone.qcow2", "QFI\xfb but no more");
    fails(PIF_ERROR_EXTERNAL, "cannot open the card",
          pif_card_open(fixture->clone, FALSE, &card, &error));
}

/* The kernel kills the export with us, but a moment later: so the lock is tried for a while. */
static void a_killed_process_leaves_no_export_behind(Fixture *fixture, gconstpointer data)
{
    make_clone(fixture);
    pid_t child = fork();
    if (child == 0) {
        open_card(fixture->clone, TRUE);
        raise(SIGKILL);
    }
    int status;
    waitpid(child, &status, 0);
    g_assert_cmpint(WTERMSIG(status), ==, SIGKILL);
    g_autofree char *leftovers =
        shell("cd \"$1\"; ls scratch; grep \" $PWD\" /proc/self/mountinfo || true", fixture->folder,
              NULL);
    g_assert_cmpstr(leftovers, ==, "");
    g_autoptr(PifCard) card = NULL;
    g_autoptr(GError) error = NULL;
    gint64 deadline_us = g_get_monotonic_time() + 10 * G_USEC_PER_SEC;
    while (!pif_card_open(fixture->clone, TRUE, &card, &error) &&
           g_error_matches(error, PIF_ERROR, PIF_ERROR_BUSY) &&
           g_get_monotonic_time() < deadline_us)
        g_clear_error(&error);
    g_assert_no_error(error);
}

static const PifIdentity identity = {
    .hostname = "n1",
    .machine_id = "0123456789abcdef0123456789abcdef",
    .host_key = "a private key\n",
    .host_key_public = "a public key\n",
    .node_env = "NODE=n1\nADDRESS=10.77.0.11\n",
};

static void write_identity(const Fixture *fixture)
{
    g_autoptr(PifCard) card = open_card(fixture->clone, TRUE);
    ok(pif_card_write_identity(card, &identity, &error));
    ok(pif_card_close(card, &error));
}

/* What debugfs says of the card's root, and e2fsck. */
static char *describe_root(const Fixture *fixture)
{
    PifCardLayout layout;
    g_autoptr(PifCard) card = open_card(fixture->clone, FALSE);
    ok(pif_card_layout_read(pif_card_raw_path(card), &layout, &error));
    g_autofree char *root = g_strdup_printf("%s?offset=%" G_GUINT64_FORMAT, pif_card_raw_path(card),
                                            layout.root_offset);
    return shell("e2fsck -fn \"$1\" >/dev/null 2>&1 && echo clean\n"
                 "for file in /etc/hostname /etc/hosts /etc/machine-id /var/lib/dbus/machine-id "
                 "/etc/pifarm/node.env; do\n"
                 "    echo \"$file:\"; debugfs -R \"cat $file\" \"$1\" 2>/dev/null\n"
                 "done\n"
                 "debugfs -R 'ls -p /etc/ssh' \"$1\" 2>/dev/null |\n"
                 "    awk -F/ '$6 !~ /^\\.*$/ {print $3, $4, $5, $6, $7}' | sort -k4",
                 root, NULL);
}

static const char identity_on_card[] =
    "clean\n"
    "/etc/hostname:\nn1\n"
    "/etc/hosts:\n127.0.0.1\tlocalhost\n::1\tip6\n127.0.1.1\tn1\n"
    "/etc/machine-id:\n0123456789abcdef0123456789abcdef\n"
    "/var/lib/dbus/machine-id:\n0123456789abcdef0123456789abcdef\n"
    "/etc/pifarm/node.env:\nNODE=n1\nADDRESS=10.77.0.11\n"
    "100600 0 0 ssh_host_ed25519_key 14\n"
    "100644 0 0 ssh_host_ed25519_key.pub 13\n";

static void the_identity_is_on_the_card_and_the_rest_stays(Fixture *fixture, gconstpointer data)
{
    g_autofree char *expected = g_strconcat(identity_on_card, "100644 0 0 sshd_config 5\n", NULL);
    make_clone(fixture);
    g_free(shell("chown -R 0:0 \"$1\"", fixture->root, NULL));
    write_identity(fixture);
    g_autofree char *once = describe_root(fixture);
    g_assert_cmpstr(once, ==, expected);
    write_identity(fixture);
    g_autofree char *twice = describe_root(fixture);
    g_assert_cmpstr(twice, ==, expected);
}

static void a_card_without_ssh_gets_the_folder(Fixture *fixture, gconstpointer data)
{
    g_free(shell("rm -r \"$1\"/etc/ssh", fixture->root, NULL));
    make_clone(fixture);
    write_identity(fixture);
    g_autofree char *description = describe_root(fixture);
    g_assert_cmpstr(description, ==, identity_on_card);
}

static void a_linked_bus_id_stays_a_link(Fixture *fixture, gconstpointer data)
{
    g_free(shell("ln -sf /etc/machine-id \"$1\"/var/lib/dbus/machine-id", fixture->root, NULL));
    make_clone(fixture);
    write_identity(fixture);
    g_autoptr(GHashTable) entries = NULL;
    g_autoptr(PifCard) card = open_card(fixture->clone, FALSE);
    g_autoptr(PifCardRoot) root = NULL;
    ok(pif_card_root_open(card, &root, &error));
    ok(pif_card_root_list(root, (const char *const[]){"/var/lib/dbus", NULL}, &entries, &error));
    const PifCardEntry *entry = g_hash_table_lookup(entries, "/var/lib/dbus/machine-id");
    g_assert_true(S_ISLNK(entry->mode));
}

/* The paths under the root that find prints, one a line. */
static char *list_root(const Fixture *fixture, const char *const *folders)
{
    g_autoptr(GHashTable) entries = NULL;
    g_autoptr(PifCard) card = open_card(fixture->clone, FALSE);
    g_autoptr(PifCardRoot) root = NULL;
    ok(pif_card_root_open(card, &root, &error));
    ok(pif_card_root_list(root, folders, &entries, &error));
    GString *text = g_string_new(NULL);
    g_autoptr(GList) paths = g_list_sort(g_hash_table_get_keys(entries), (GCompareFunc)strcmp);
    for (GList *path = paths; path; path = path->next)
        if (!g_str_has_suffix(path->data, "."))
            g_string_append_printf(text, "%s\n", (char *)path->data);
    return g_string_free(text, FALSE);
}

static void what_a_base_was_known_by_is_not_on_its_clone(Fixture *fixture, gconstpointer data)
{
    put(fixture->root, "var/lib/systemd/random-seed", "seed");
    put(fixture->root, "var/lib/systemd/timers/stamp", "stays");
    put(fixture->root, "var/lib/dhcp/dhclient.eth0.leases", "default-duid \"a\";\n");
    put(fixture->root, "var/lib/NetworkManager/secret_key", "secret");
    put(fixture->root, "var/lib/NetworkManager/NetworkManager.state", "stays");
    make_clone(fixture);
    write_identity(fixture);
    g_autofree char *paths =
        list_root(fixture, (const char *const[]){"/var/lib/systemd", "/var/lib/dhcp",
                                                 "/var/lib/NetworkManager", NULL});
    g_assert_cmpstr(paths, ==,
                    "/var/lib/NetworkManager/NetworkManager.state\n/var/lib/systemd/timers\n");
}

#define WANTS "etc/systemd/system/multi-user.target.wants/"
static void nothing_makes_another_key_at_the_first_boot(Fixture *fixture, gconstpointer data)
{
    put(fixture->root, WANTS "regenerate_ssh_host_keys.service", "link");
    put(fixture->root, WANTS "rpi-generate-ssh-host-keys.service", "link");
    put(fixture->root, WANTS "ssh.service", "link");
    put(fixture->root, "etc/cloud/cloud.cfg", "stays");
    make_clone(fixture);
    write_identity(fixture);
    write_identity(fixture);
    g_autofree char *paths =
        list_root(fixture, (const char *const[]){"/" WANTS ".", "/etc/cloud",
                                                 "/etc/cloud/cloud.cfg.d", NULL});
    g_assert_cmpstr(paths, ==,
                    "/etc/cloud/cloud.cfg\n/etc/cloud/cloud.cfg.d\n"
                    "/etc/cloud/cloud.cfg.d/99-pifarm-identity.cfg\n"
                    "/" WANTS "./ssh.service\n");
}

static void refuses_identity(const Fixture *fixture, PifErrorCode code, const char *message)
{
    g_autoptr(PifCard) card = open_card(fixture->clone, TRUE);
    fails(code, message, pif_card_write_identity(card, &identity, &error));
}

static void a_root_not_shut_down_cleanly_is_refused(Fixture *fixture, gconstpointer data)
{
    make_clone(fixture);
    g_free(shell("debugfs -w -R 'feature needs_recovery' \"$1?offset=$((41 << 20))\" 2>/dev/null",
                 fixture->image, NULL));
    refuses_identity(fixture, PIF_ERROR_CONFIG, "was not shut down cleanly");
}

static void a_root_that_is_no_ext4_is_refused(Fixture *fixture, gconstpointer data)
{
    make_clone(fixture);
    g_free(shell("dd if=/dev/zero of=\"$1\" bs=1M seek=41 count=1 conv=notrunc status=none",
                 fixture->image, NULL));
    refuses_identity(fixture, PIF_ERROR_CONFIG, "no ext4 file system in the root partition");
}

static void a_full_root_is_an_error(Fixture *fixture, gconstpointer data)
{
    make_clone(fixture);
    g_free(shell("cd \"$1\"; drive=\"base.img?offset=$((41 << 20))\"\n"
                 "head -c 30M /dev/zero | tr '\\0' x >fill\n"
                 "debugfs -w -R 'write fill fill' \"$drive\" 2>/dev/null || true",
                 fixture->folder, NULL));
    refuses_identity(fixture, PIF_ERROR_EXTERNAL, "is the file system full?");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define TEST(name) g_test_add("/card/" #name, Fixture, NULL, set_up, name, tear_down)
    TEST(boot_files_are_copied_out);
    TEST(the_device_tree_knows_its_board);
    TEST(overlays_of_the_card_are_applied);
    TEST(autoboot_txt_leads_to_another_partition);
    TEST(a_partition_without_start_elf_is_none_to_boot_from);
    TEST(a_kernel_upgraded_on_the_clone_is_the_one_read);
    TEST(several_initramfs_become_one_file);
    TEST(a_kernel_that_is_none_is_refused);
    TEST(an_empty_command_line_is_refused);
    TEST(a_damaged_fat_is_refused);
    TEST(an_empty_boot_partition_is_called_empty);
    TEST(a_card_without_a_fat_is_refused);
    TEST(a_disk_that_is_no_card_is_refused);
    TEST(a_card_in_use_is_busy);
    TEST(a_missing_card_is_not_found);
    TEST(a_damaged_clone_says_what_qemu_says);
    TEST(a_killed_process_leaves_no_export_behind);
    TEST(the_identity_is_on_the_card_and_the_rest_stays);
    TEST(a_card_without_ssh_gets_the_folder);
    TEST(a_linked_bus_id_stays_a_link);
    TEST(what_a_base_was_known_by_is_not_on_its_clone);
    TEST(nothing_makes_another_key_at_the_first_boot);
    TEST(a_root_not_shut_down_cleanly_is_refused);
    TEST(a_root_that_is_no_ext4_is_refused);
    TEST(a_full_root_is_an_error);
    return g_test_run();
}
