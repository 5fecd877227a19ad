// SPDX-License-Identifier: MIT
// Preparation of a small card in the real libguestfs appliance, and what happens when that fails.
#include "images/card/card.h"
#include "images/prepare/prepare.h"
#include "images/store/clone.h"
#include "tests/image/fixture.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/wait.h>

#define KEY "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5 me@host"

typedef struct {
    char *folder;
    char *boot; /* what the card is made from */
    char *root;
    char *launches; /* process IDs of the appliances that the hanging QEMU pretends to be */
    PifStore *store;
    PifImage *base;
} Fixture;

/* A system with all that a step looks for. */
static void make_root(const Fixture *fixture)
{
    put(fixture->root, "etc/hostname", "raspberrypi\n");
    put(fixture->root, "etc/hosts", "127.0.0.1\tlocalhost\n127.0.1.1\traspberrypi\n");
    put(fixture->root, "etc/passwd", "root:x:0:0:root:/root:/bin/bash\n");
    put(fixture->root, "etc/shadow", "root:*:19000:0:99999:7:::\n");
    put(fixture->root, "etc/group", "root:x:0:\nsudo:x:27:\n");
    put(fixture->root, "etc/skel/.profile", "# a profile\n");
    put(fixture->root, "etc/sudoers.d/README", "");
    put(fixture->root, "etc/machine-id", "11111111111111111111111111111111\n");
    put(fixture->root, "var/lib/dbus/machine-id", "11111111111111111111111111111111\n");
    put(fixture->root, "var/lib/systemd/random-seed", "random");
    put(fixture->root, "etc/ssh/ssh_host_rsa_key", "key");
    put(fixture->root, "etc/ssh/ssh_host_rsa_key.pub", "key");
    put(fixture->root, "etc/ssh/sshd_config", "");
    put(fixture->root, "etc/ssh/sshd_config.d/rename_user.conf", "");
    put(fixture->root, "bin/bash", "");
    put(fixture->root, "boot/firmware/.keep", "");
    put(fixture->root, "lib/systemd/system/ssh.service", "");
    put(fixture->root, "lib/systemd/system/sshswitch.service", "");
    put(fixture->root, "lib/systemd/system/userconfig.service", "");
    g_free(shell("cd \"$1\"; chown -R 0:0 .; chmod 640 etc/shadow; mkdir home\n"
                 "mkdir -p etc/systemd/system/multi-user.target.wants; cd etc/systemd/system\n"
                 "ln -s /dev/null ssh.service\n"
                 "ln -s /lib/systemd/system/{userconfig,regenerate_ssh_host_keys}.service "
                 "multi-user.target.wants\n",
                 fixture->root, NULL));
    put(fixture->boot, "cmdline.txt",
        "root=PARTUUID=5066a001-02 init=/usr/lib/raspberrypi-sys-mods/firstboot\n");
}

static void set_up(Fixture *fixture, gconstpointer data)
{
    fixture->folder = g_dir_make_tmp("pifarm-test-XXXXXX", NULL);
    fixture->boot = g_build_filename(fixture->folder, "boot", NULL);
    fixture->root = g_build_filename(fixture->folder, "root", NULL);
    fixture->launches = g_build_filename(fixture->folder, "launches", NULL);
    g_setenv("PIFARM_RUNTIME_DIR", fixture->folder, TRUE);
    make_root(fixture);
}

static void tear_down(Fixture *fixture, gconstpointer data)
{
    g_unsetenv("LIBGUESTFS_HV");
    g_unsetenv("PIFARM_APPLIANCE_KERNEL");
    pif_image_free(fixture->base);
    pif_store_free(fixture->store);
    pif_dir_remove(fixture->folder, NULL);
    g_free(fixture->folder);
    g_free(fixture->boot);
    g_free(fixture->root);
    g_free(fixture->launches);
}

static char *store_folder(const Fixture *fixture)
{
    return g_build_filename(fixture->folder, "store", NULL);
}

/* The card, not shut down cleanly, in a store. */
static void import(Fixture *fixture)
{
    g_autofree char *tool = g_test_build_filename(G_TEST_DIST, "lib", "make-small-card", NULL);
    g_autofree char *card = g_build_filename(fixture->folder, "card.img", NULL);
    g_autofree char *folder = store_folder(fixture);
    g_free(shell("\"$@\"", tool, card, fixture->boot, fixture->root, NULL));
    g_free(
        shell("debugfs -w -R 'ssv state 0' \"$1?offset=$((41 << 20))\" 2>/dev/null", card, NULL));
    ok(fixture->store = pif_store_open(folder, &error));
    ok(pif_store_import(fixture->store, card, &(PifImportOptions){.name = "base"}, &fixture->base,
                        &error));
}

static const PifPrepareSpec whole = {
    .hostname = "n1",
    .user = "pi",
    .password_hash = "$6$salt$hash",
    .ssh_keys = (char *[]){(char *)KEY, NULL},
    .enable_ssh = TRUE,
};

/* What is in the store, and in the folder in which images are built. */
static char *list_store(const Fixture *fixture)
{
    g_autofree char *folder = store_folder(fixture);
    return shell("cd \"$1\"; echo $(ls *.img | wc -l) images; find tmp -type f", folder, NULL);
}

static const char describe_script[] =
    "root=\"$1?offset=$((41 << 20))\"\n"
    "see() { debugfs -R \"$1\" \"$root\" 2>/dev/null; }\n"
    "entries() { see \"ls -p $1\" | awk -F/ '$6 !~ /^\\.*$/ {print $3, $4, $5, $6}' | sort -k4; }\n"
    "e2fsck -fn \"$root\" >/dev/null 2>&1 && echo clean\n"
    "sfdisk -d \"$1\" | sed -n 's/.*size= *\\([0-9]*\\), type=83/\\1/p'\n"
    "dumpe2fs -h \"$root\" 2>/dev/null | sed -n 's/^Block count: *//p'\n"
    "for file in hostname hosts passwd shadow group machine-id sudoers.d/010_pi-nopasswd; do\n"
    "    echo \"$file:\"; see \"cat /etc/$file\"\n"
    "done\n"
    "entries /etc/ssh; entries /etc/ssh/sshd_config.d\n"
    "entries /etc/sudoers.d; entries /etc/systemd/system\n"
    "entries /etc/systemd/system/multi-user.target.wants\n"
    "entries /etc/systemd/system/getty.target.wants\n"
    "entries /var/lib/dbus; entries /var/lib/systemd\n"
    "home=/home; entries $home; entries $home/pi; entries $home/pi/.ssh\n"
    "see \"cat $home/pi/.ssh/authorized_keys\"\n"
    "mdir -b -i \"$1@@1M\" ::; mtype -i \"$1@@1M\" ::cmdline.txt\n";

static const char description[] = "clean\n178176\n89088\n" /* the root: 128 - 41 MiB */
                                  "hostname:\nn1\n"
                                  "hosts:\n127.0.0.1\tlocalhost\n127.0.1.1\tn1\n"
                                  "passwd:\nroot:x:0:0:root:/root:/bin/bash\n"
                                  "pi:x:1000:1000::/home/pi:/bin/bash\n"
                                  "shadow:\nroot:*:19000:0:99999:7:::\npi:$6$salt$hash:::::::\n"
                                  "group:\nroot:x:0:\nsudo:x:27:pi\npi:x:1000:\n"
                                  "machine-id:\n"
                                  "sudoers.d/010_pi-nopasswd:\npi ALL=(ALL) NOPASSWD: ALL\n"
                                  "100644 0 0 sshd_config\n040755 0 0 sshd_config.d\n"
                                  "100440 0 0 010_pi-nopasswd\n100644 0 0 README\n"
                                  "040755 0 0 getty.target.wants\n"
                                  "040755 0 0 multi-user.target.wants\n"
                                  "120777 0 0 ssh.service\n"
                                  "120777 0 0 getty@tty1.service\n"
                                  "120777 0 0 machine-id\n"
                                  "040755 1000 1000 pi\n"
                                  "100644 1000 1000 .profile\n040700 1000 1000 .ssh\n"
                                  "100600 1000 1000 authorized_keys\n" KEY "\n"
                                  "::/cmdline.txt\n::/ssh\nroot=PARTUUID=5066a001-02\n";

static void check_that_a_clone_takes_an_identity(const Fixture *fixture, const PifImage *image)
{
    g_autoptr(PifCard) card = NULL;
    g_autofree char *clone = g_build_filename(fixture->folder, "clone.qcow2", NULL);
    PifIdentity identity = {.hostname = "n2", .host_key = "key\n"};
    ok(pif_clone_create(fixture->store, image, clone, 0, &error));
    ok(pif_card_open(clone, TRUE, &card, &error));
    ok(pif_card_write_identity(card, &identity, &error));
    ok(pif_card_close(card, &error));
}

static void a_prepared_image_has_all_that_was_asked_for(Fixture *fixture, gconstpointer data)
{
    g_autoptr(PifImage) image = NULL;
    import(fixture);
    ok(pif_image_prepare(fixture->store, fixture->base, &whole, NULL, &image, &error));
    g_assert_cmpuint(image->size, ==, 128 << 20);
    g_autofree char *after = shell(describe_script, image->path, NULL);
    g_assert_cmpstr(after, ==, description);
    g_autofree char *recipe = pif_prepare_recipe(fixture->base, &whole, NULL);
    g_autofree char *name = g_strdup_printf("base-%.8s", recipe);
    g_assert_cmpstr(image->recipe, ==, recipe);
    g_assert_cmpstr(image->names[0], ==, name);
    g_assert_cmpstr(image->origin, ==, "prepared from base");
    g_autofree char *base_hash = shell("sha256sum <\"$1\" | cut -c -64", fixture->base->path, NULL);
    g_assert_cmpstr(g_strchomp(base_hash), ==, fixture->base->sha256);
    check_that_a_clone_takes_an_identity(fixture, image);
}

static void a_preparation_done_before_is_not_done_again(Fixture *fixture, gconstpointer data)
{
    g_autoptr(PifImage) first = NULL;
    g_autoptr(PifImage) again = NULL;
    g_autoptr(PifImage) named = NULL;
    PifPrepareOptions options = {.name = "mine"};
    import(fixture);
    ok(pif_image_prepare(fixture->store, fixture->base, &(PifPrepareSpec){0}, NULL, &first,
                         &error));
    g_setenv("LIBGUESTFS_HV", "/bin/false", TRUE);
    ok(pif_image_prepare(fixture->store, fixture->base, &(PifPrepareSpec){0}, NULL, &again,
                         &error));
    ok(pif_image_prepare(fixture->store, fixture->base, &(PifPrepareSpec){0}, &options, &named,
                         &error));
    g_assert_cmpstr(again->sha256, ==, first->sha256);
    g_assert_cmpstr(named->sha256, ==, first->sha256);
    g_assert_true(g_strv_contains((const char *const *)named->names, "mine"));
    g_autofree char *content = list_store(fixture);
    g_assert_cmpstr(content, ==, "2 images\n");
}

static void refuses(Fixture *fixture, const PifPrepareSpec *spec, const PifPrepareOptions *options,
                    PifErrorCode code, const char *message)
{
    g_autoptr(PifImage) image = NULL;
    import(fixture);
    fails(code, message,
          pif_image_prepare(fixture->store, fixture->base, spec, options, &image, &error));
    g_assert_null(image);
    g_autofree char *content = list_store(fixture);
    g_assert_cmpstr(content, ==, "1 images\n");
}

static void a_step_that_cannot_be_done_is_named(Fixture *fixture, gconstpointer data)
{
    g_free(shell("rm \"$1\"/etc/passwd", fixture->root, NULL));
    refuses(fixture, &whole, NULL, PIF_ERROR_CONFIG,
            "step 'user': the system on the card has no /etc/passwd");
}

static void what_cannot_be_right_is_refused_at_once(Fixture *fixture, gconstpointer data)
{
    refuses(fixture, &(PifPrepareSpec){.hostname = "n 1"}, NULL, PIF_ERROR_USAGE,
            "'n 1' is no host name");
}

static void a_name_that_is_taken_is_refused_at_once(Fixture *fixture, gconstpointer data)
{
    refuses(fixture, &whole, &(PifPrepareOptions){.name = "base"}, PIF_ERROR_EXISTS,
            "there is an image 'base' already");
}

static void a_host_without_a_kernel_is_told_where_to_get_one(Fixture *fixture, gconstpointer data)
{
    g_setenv("PIFARM_APPLIANCE_KERNEL", fixture->folder, TRUE);
    refuses(fixture, &whole, NULL, PIF_ERROR_NOT_FOUND, "no boot/vmlinuz-VERSION");
}

/* Room for the copy, but not for what growing adds; in a mount namespace of this process. */
static void a_full_store_is_noticed_before_the_appliance_starts(Fixture *fixture,
                                                                gconstpointer data)
{
    g_autofree char *folder = store_folder(fixture);
    ok(pif_dir_make(folder, 0755, &error));
    g_assert_cmpint(unshare(CLONE_NEWNS), ==, 0);
    g_assert_cmpint(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), ==, 0);
    g_assert_cmpint(mount("full", folder, "tmpfs", 0, "size=40m"), ==, 0);
    g_setenv("LIBGUESTFS_HV", "/bin/false", TRUE);
    refuses(fixture, &whole, NULL, PIF_ERROR_EXTERNAL, "no room for the disk");
    g_clear_pointer(&fixture->store, pif_store_free);
    g_assert_cmpint(umount2(folder, MNT_DETACH), ==, 0);
}

static void an_appliance_that_does_not_start_is_an_error(Fixture *fixture, gconstpointer data)
{
    g_setenv("LIBGUESTFS_HV", "/bin/false", TRUE);
    refuses(fixture, &whole, NULL, PIF_ERROR_EXTERNAL, "step 'launch': the libguestfs appliance");
}

/* A QEMU that answers all questions about itself, but hangs as soon as it is to boot. */
static void use_hanging_qemu(const Fixture *fixture)
{
    g_autofree char *qemu = g_build_filename(fixture->folder, "qemu", NULL);
    g_autofree char *script = g_strdup_printf("#!/bin/bash\n"
                                              "[[ \" $* \" == *' -kernel '* ]] ||\n"
                                              "    exec qemu-system-x86_64 \"$@\"\n"
                                              "echo $$ >>'%s'\n"
                                              "exec sleep 1000\n",
                                              fixture->launches);
    ok(pif_file_write(qemu, script, -1, 0755, &error));
    g_setenv("LIBGUESTFS_HV", qemu, TRUE);
}

/* Process IDs are taken again late: one that is gone now is the appliance's end. */
static gboolean is_running(int pid)
{
    return kill(pid, 0) == 0 || errno != ESRCH;
}

static void an_appliance_that_hangs_is_ended_and_tried_three_times(Fixture *fixture,
                                                                   gconstpointer data)
{
    use_hanging_qemu(fixture);
    refuses(fixture, &whole, &(PifPrepareOptions){.launch_timeout_ms = 5000}, PIF_ERROR_TIMEOUT,
            "starting the libguestfs appliance took longer than 5 s");
    g_autofree char *pids = NULL;
    ok(pif_file_read(fixture->launches, 4096, &pids, NULL, &error));
    g_auto(GStrv) lines = g_strsplit(g_strchomp(pids), "\n", -1);
    g_assert_cmpuint(g_strv_length(lines), ==, 3);
    for (char **line = lines; *line; line++)
        g_assert_false(is_running(atoi(*line)));
}

static int wait_for_launch(const Fixture *fixture)
{
    g_autofree char *pid =
        shell("until [ -s \"$1\" ]; do sleep 0.05; done; cat \"$1\"", fixture->launches, NULL);
    return atoi(pid);
}

static void a_killed_preparation_leaves_nothing_behind(Fixture *fixture, gconstpointer data)
{
    int status;
    use_hanging_qemu(fixture);
    import(fixture);
    pid_t child = fork();
    if (child == 0) {
        g_autoptr(PifImage) image = NULL;
        g_autofree char *folder = store_folder(fixture);
        g_autoptr(PifStore) store = pif_store_open(folder, NULL);
        pif_image_prepare(store, fixture->base, &whole, NULL, &image, NULL);
        _exit(1);
    }
    int appliance = wait_for_launch(fixture);
    g_assert_true(is_running(appliance));
    kill(child, SIGKILL);
    waitpid(child, &status, 0);
    gint64 deadline_us = g_get_monotonic_time() + 10 * G_USEC_PER_SEC;
    while (is_running(appliance) && g_get_monotonic_time() < deadline_us)
        g_usleep(10 * 1000); /* it is not our child: nothing tells us of its end */
    g_assert_false(is_running(appliance));
    g_autofree char *folder = store_folder(fixture);
    g_clear_pointer(&fixture->store, pif_store_free);
    ok(fixture->store = pif_store_open(folder, &error));
    g_autofree char *content = list_store(fixture);
    g_assert_cmpstr(content, ==, "1 images\n");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define TEST(name) g_test_add("/prepare/" #name, Fixture, NULL, set_up, name, tear_down)
    TEST(a_prepared_image_has_all_that_was_asked_for);
    TEST(a_preparation_done_before_is_not_done_again);
    TEST(a_step_that_cannot_be_done_is_named);
    TEST(what_cannot_be_right_is_refused_at_once);
    TEST(a_name_that_is_taken_is_refused_at_once);
    TEST(a_host_without_a_kernel_is_told_where_to_get_one);
    TEST(a_full_store_is_noticed_before_the_appliance_starts);
    TEST(an_appliance_that_does_not_start_is_an_error);
    TEST(an_appliance_that_hangs_is_ended_and_tried_three_times);
    TEST(a_killed_preparation_leaves_nothing_behind);
    return g_test_run();
}
