// SPDX-License-Identifier: MIT
// The pieces of a node's identity, where on a card its partitions are, and scratch folders.
#include "images/card/card-layout.h"
#include "images/card/identity.h"
#include "images/disk/scratch.h"
#include "pifarm/base/command.h"
#include "pifarm/base/error.h"
#include "pifarm/base/file.h"

#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

typedef struct {
    const char *name; /* a sentence */
    const char *before;
    const char *after;
} HostsCase;

static const HostsCase hosts_cases[] = {
    {"the line of the old name is replaced",
     "127.0.0.1\tlocalhost\n127.0.1.1\traspberrypi\n::1 ip6-localhost\n",
     "127.0.0.1\tlocalhost\n127.0.1.1\tn1\n::1 ip6-localhost\n"},
    {"a line is added where there is none", "127.0.0.1 localhost\n",
     "127.0.0.1 localhost\n127.0.1.1\tn1\n"},
    {"no file gives a new one", NULL, "127.0.0.1\tlocalhost\n127.0.1.1\tn1\n"},
    {"an empty file gets the line", "", "127.0.1.1\tn1\n"},
    {"several lines become one", "127.0.1.1 a\n127.0.1.1 b\n", "127.0.1.1\tn1\n"},
    {"another address that begins alike stays", "127.0.1.10 a\n", "127.0.1.10 a\n127.0.1.1\tn1\n"},
    {"comments, blank lines and a missing newline stay as they are",
     "# 127.0.1.1 old\n\n10.0.0.1 x", "# 127.0.1.1 old\n\n10.0.0.1 x\n127.0.1.1\tn1\n"},
};

static void check_hosts(gconstpointer data)
{
    const HostsCase *row = data;
    g_autofree char *once = pif_identity_edit_hosts(row->before, "n1");
    g_autofree char *twice = pif_identity_edit_hosts(once, "n1");
    g_assert_cmpstr(once, ==, row->after);
    g_assert_cmpstr(twice, ==, row->after);
}

static void a_machine_id_is_a_random_uuid_without_dashes(void)
{
    g_autofree char *id = pif_identity_make_machine_id();
    g_autofree char *other = pif_identity_make_machine_id();
    g_assert_true(g_regex_match_simple("^[0-9a-f]{12}4[0-9a-f]{3}[89ab][0-9a-f]{15}$", id, 0, 0));
    g_assert_cmpstr(id, !=, other);
}

static void a_host_key_is_a_pair_with_its_comment(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *key = NULL;
    g_autofree char *key_public = NULL;
    g_assert_true(pif_identity_make_host_key("root@n 1", &key, &key_public, &error));
    g_assert_no_error(error);
    g_assert_true(g_str_has_prefix(key, "-----BEGIN OPENSSH PRIVATE KEY-----\n"));
    g_assert_true(g_str_has_suffix(key, "-----END OPENSSH PRIVATE KEY-----\n"));
    g_assert_true(g_str_has_prefix(key_public, "ssh-ed25519 AAAA"));
    g_assert_true(g_str_has_suffix(key_public, " root@n 1\n"));
}

/* OpenSSH's own reading of the private key gives the public one, for comments of every length that
 * padding has to do with; and what it signs with the one is right by the other. */
static void ssh_keygen_reads_the_key(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *folder = g_dir_make_tmp("pifarm-test-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(folder, "key", NULL);
    for (int length = 1; length <= 9; length++) {
        g_autofree char *comment = g_strnfill((gsize)length, 'c');
        g_autofree char *key = NULL;
        g_autofree char *key_public = NULL;
        g_autofree char *output = NULL;
        g_autoptr(PifCommand) command = pif_command_new("ssh-keygen", "-y", "-f", path, NULL);
        g_assert_true(pif_identity_make_host_key(comment, &key, &key_public, &error));
        g_assert_true(pif_file_write(path, key, -1, 0600, &error));
        g_assert_true(pif_command_run(command, &output, &error));
        g_assert_no_error(error);
        g_assert_cmpstr(output, ==, key_public);
    }
    g_autofree char *script =
        g_strdup_printf("cd %s; { printf 'n1 '; ssh-keygen -y -f key; } >signers\n"
                        "ssh-keygen -q -Y sign -f key -n test <signers >signature\n"
                        "ssh-keygen -q -Y verify -f signers -I n1 -n test -s signature <signers",
                        folder);
    g_autoptr(PifCommand) command = pif_command_new("sh", "-euc", script, NULL);
    pif_command_run(command, NULL, &error);
    g_assert_no_error(error);
    g_assert_true(pif_dir_remove(folder, &error));
}

/* dropbear's own reading of its form of the key gives the same public one; its own writing of the
 * other form, the same file. */
static void dropbear_reads_the_key(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *folder = g_dir_make_tmp("pifarm-test-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(folder, "key", NULL);
    g_autofree char *dropbear_path = g_build_filename(folder, "dropbear", NULL);
    g_autofree char *key = NULL, *key_public = NULL, *output = NULL;
    g_assert_true(pif_identity_make_host_key("n1", &key, &key_public, &error));
    g_autoptr(GBytes) dropbear = pif_identity_to_dropbear(key);
    g_assert_nonnull(dropbear);
    g_assert_true(pif_file_write(path, key, -1, 0600, &error));
    g_assert_true(pif_file_write(dropbear_path, g_bytes_get_data(dropbear, NULL),
                                 (gssize)g_bytes_get_size(dropbear), 0600, &error));
    g_autofree char *script =
        g_strdup_printf("cd %s; dropbearkey -y -f dropbear | awk '/^ssh-/ {print $1, $2}'\n"
                        "dropbearconvert openssh dropbear key converted 2>/dev/null\n"
                        "cmp converted dropbear >&2",
                        folder);
    g_autoptr(PifCommand) command = pif_command_new("sh", "-euc", script, NULL);
    pif_command_run(command, &output, &error);
    g_assert_no_error(error);
    g_strchomp(output);
    g_assert_true(g_str_has_prefix(key_public, output));
    g_assert_cmpuint(strlen(output), >, 60);
    g_assert_true(pif_dir_remove(folder, &error));
}

static void what_is_no_key_of_ours_has_no_form_for_dropbear(void)
{
    static const char *const texts[] = {
        "", "a private key\n",
        "-----BEGIN OPENSSH PRIVATE KEY-----\n-----END OPENSSH PRIVATE KEY-----\n",
        "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAA\n"
        "-----END OPENSSH PRIVATE KEY-----\n"};
    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++)
        g_assert_null(pif_identity_to_dropbear(texts[i]));
}

/* One entry of the partition table: type, first sector and count of sectors. */
static void put_partition(guint8 *sector, int number, guint8 type, guint8 start, guint8 count)
{
    guint8 *entry = sector + 446 + (number - 1) * 16;
    entry[4] = type;
    entry[8] = start;
    entry[12] = count;
}

static void a_card_has_a_boot_and_a_root_partition(void)
{
    g_autoptr(GError) error = NULL;
    PifCardLayout layout;
    guint8 sector[512] = {[510] = 0x55, [511] = 0xaa};
    put_partition(sector, 1, 0x82, 1, 1);
    put_partition(sector, 2, 0x0c, 2, 3);
    put_partition(sector, 3, 0x83, 5, 4);
    put_partition(sector, 4, 0x0b, 9, 1);
    g_assert_true(pif_card_layout_parse(sector, 10 * 512, &layout, &error));
    g_assert_no_error(error);
    g_assert_cmpuint(layout.boot_offset, ==, 2 * 512);
    g_assert_cmpuint(layout.boot_size, ==, 3 * 512);
    g_assert_cmpuint(layout.root_offset, ==, 5 * 512);
    g_assert_cmpuint(layout.root_size, ==, 4 * 512);
}

static void refuses(const guint8 *sector, guint64 size, const char *message)
{
    g_autoptr(GError) error = NULL;
    PifCardLayout layout;
    g_assert_false(pif_card_layout_parse(sector, size, &layout, &error));
    g_assert_error(error, PIF_ERROR, PIF_ERROR_CONFIG);
    g_assert_cmpstr(error->message, ==, message);
}

static void a_card_that_is_none_is_refused(void)
{
    guint8 sector[512] = {0};
    refuses(sector, 512, "no partition table (MBR) in the first sector");
    sector[510] = 0x55;
    sector[511] = 0xaa;
    put_partition(sector, 1, 0xee, 1, 9);
    refuses(sector, 10 * 512, "a GPT partition table; the boot ROM of a Pi 3 reads only MBR");
    put_partition(sector, 1, 0x0c, 1, 10);
    refuses(sector, 10 * 512, "partition 1 ends behind the end of the disk (truncated?)");
}

static char *make_scratch_and_be_killed(void)
{
    int ends[2];
    char folder[256] = "";
    g_assert_cmpint(pipe(ends), ==, 0);
    pid_t child = fork();
    if (child == 0) {
        PifScratch scratch = {0};
        if (pif_scratch_make(&scratch, NULL))
            (void)!write(ends[1], scratch.folder, strlen(scratch.folder));
        raise(SIGKILL);
    }
    waitpid(child, NULL, 0);
    g_assert_cmpint(read(ends[0], folder, sizeof folder - 1), >, 0);
    close(ends[0]);
    close(ends[1]);
    return g_strdup(folder);
}

static void a_scratch_folder_goes_with_its_owner_and_no_sooner(void)
{
    g_autoptr(GError) error = NULL;
    struct stat status;
    PifScratch first = {0};
    PifScratch second = {0};
    g_assert_true(pif_scratch_make(&first, &error));
    g_assert_no_error(error);
    g_autofree char *leftover = make_scratch_and_be_killed();
    g_autofree char *file = pif_scratch_path(&first, "file");
    g_autofree char *folder = g_strdup(first.folder);
    g_assert_true(pif_file_write(file, "content", -1, 0600, &error));
    g_assert_true(g_file_test(leftover, G_FILE_TEST_IS_DIR));
    g_assert_true(pif_scratch_make(&second, &error));
    g_assert_false(g_file_test(leftover, G_FILE_TEST_EXISTS));
    g_assert_true(g_file_test(file, G_FILE_TEST_EXISTS));
    g_assert_cmpint(stat(folder, &status), ==, 0);
    g_assert_cmphex(status.st_mode & 0777, ==, 0700);
    pif_scratch_clear(&first);
    pif_scratch_clear(&second);
    g_assert_false(g_file_test(folder, G_FILE_TEST_EXISTS));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_autofree char *runtime = g_dir_make_tmp("pifarm-test-XXXXXX", NULL);
    g_setenv("PIFARM_RUNTIME_DIR", runtime, TRUE);
    for (size_t i = 0; i < G_N_ELEMENTS(hosts_cases); i++) {
        g_autofree char *path = g_strconcat("/hosts/", hosts_cases[i].name, NULL);
        g_test_add_data_func(path, &hosts_cases[i], check_hosts);
    }
    g_test_add_func("/identity/a machine id is a random UUID without dashes",
                    a_machine_id_is_a_random_uuid_without_dashes);
    g_test_add_func("/identity/a host key is a pair with its comment",
                    a_host_key_is_a_pair_with_its_comment);
    g_test_add_func("/identity/ssh-keygen reads the key, and it signs", ssh_keygen_reads_the_key);
    g_test_add_func("/identity/dropbear reads the key", dropbear_reads_the_key);
    g_test_add_func("/identity/what is no key of ours has no form for dropbear",
                    what_is_no_key_of_ours_has_no_form_for_dropbear);
    g_test_add_func("/layout/a card has a boot and a root partition",
                    a_card_has_a_boot_and_a_root_partition);
    g_test_add_func("/layout/a card that is none is refused", a_card_that_is_none_is_refused);
    g_test_add_func("/scratch/a scratch folder goes with its owner and no sooner",
                    a_scratch_folder_goes_with_its_owner_and_no_sooner);
    int status = g_test_run();
    pif_dir_remove(runtime, NULL);
    return status;
}
