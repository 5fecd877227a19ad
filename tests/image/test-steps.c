// SPDX-License-Identifier: MIT
// What each step of a preparation leaves on a card, and cards on which steps cannot be done; in the
// real libguestfs appliance, many steps in each start of it.
#include "images/prepare/prepare.h"
#include "tests/image/fixture.h"

#include <sys/stat.h>

typedef struct {
    char *folder;
    char *boot; /* what the card is made from */
    char *root;
    char *files; /* of this host, that go into it */
    PifStore *store;
    PifImage *base;
    GPtrArray *notes;
} Fixture;

static const char elf_arm64[] = "\177ELF\2\1\1\1\1\1\1\1\1\1\1\1\3\1\267";

static void put_bytes(const char *folder, const char *name, const char *bytes, gssize size)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);
    put(folder, name, "");
    ok(pif_file_write(path, bytes, size, 0755, &error));
}

/* What every card of these tests has. */
static void make_root(const Fixture *fixture)
{
    put(fixture->root, "etc/hostname", "raspberrypi\n");
    put(fixture->root, "etc/passwd",
        "root:x:0:0:root:/root:/bin/sh\nwww:x:33:33::/srv:/bin/false\n"
        "ann:x:1001:1002::/people/ann:/bin/sh\n");
    put(fixture->root, "etc/shadow", "root:*:1::::::\n");
    put(fixture->root, "etc/group", "root:x:0:\nshadow:x:42:\n");
    put_bytes(fixture->root, "usr/bin/busybox", elf_arm64, 20);
    put(fixture->root, "boot/firmware/.keep", "");
    put(fixture->root, "root/.keep", "");
    g_free(shell(
        "cd \"$1\"; mkdir bin people usr/lib; ln -s ../usr/bin/busybox bin/sh; ln -s usr/lib lib\n"
        "chmod 700 root",
        fixture->root, NULL));
    put(fixture->boot, "cmdline.txt", "console=ttyS1 root=LABEL=rootfs\n");
}

static void set_up(Fixture *fixture, gconstpointer data)
{
    fixture->folder = g_dir_make_tmp("pifarm-test-XXXXXX", NULL);
    fixture->boot = g_build_filename(fixture->folder, "boot", NULL);
    fixture->root = g_build_filename(fixture->folder, "root", NULL);
    fixture->files = g_build_filename(fixture->folder, "files", NULL);
    fixture->notes = g_ptr_array_new_with_free_func(g_free);
    g_setenv("PIFARM_RUNTIME_DIR", fixture->folder, TRUE);
    make_root(fixture);
}

static void tear_down(Fixture *fixture, gconstpointer data)
{
    pif_image_free(fixture->base);
    pif_store_free(fixture->store);
    pif_dir_remove(fixture->folder, NULL);
    g_ptr_array_unref(fixture->notes);
    g_free(fixture->folder);
    g_free(fixture->boot);
    g_free(fixture->root);
    g_free(fixture->files);
}

static char *card_path(const Fixture *fixture)
{
    return g_build_filename(fixture->folder, "card.img", NULL);
}

static void make_card(const Fixture *fixture)
{
    g_autofree char *tool = g_test_build_filename(G_TEST_DIST, "lib", "make-small-card", NULL);
    g_autofree char *card = card_path(fixture);
    g_free(shell("\"$@\"", tool, card, fixture->boot, fixture->root, NULL));
}

static void import(Fixture *fixture)
{
    g_autofree char *card = card_path(fixture);
    g_autofree char *folder = g_build_filename(fixture->folder, "store", NULL);
    ok(fixture->store = pif_store_open(folder, &error));
    ok(pif_store_import(fixture->store, card, &(PifImportOptions){.name = "base"}, &fixture->base,
                        &error));
}

static char **paths(const Fixture *fixture, const char *first, const char *second)
{
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
    for (const char *name = first; name; name = name == first ? second : NULL) {
        g_autofree char *path = g_build_filename(fixture->files, name, NULL);
        g_strv_builder_add(builder, path);
    }
    return g_strv_builder_end(builder);
}

static void prepare(Fixture *fixture, const PifPrepareSpec *spec, PifImage **ret_image)
{
    PifPrepareOptions options = {.notes = fixture->notes};
    make_card(fixture);
    import(fixture);
    ok(pif_image_prepare(fixture->store, fixture->base, spec, &options, ret_image, &error));
}

/* describe IMAGE PATH...: each file's mode, owner and content; then what is said of it in notes. */
static const char describe_script[] =
    "image=$1; shift; root=\"$image?offset=$((41 << 20))\"\n"
    "see() { debugfs -R \"$1\" \"$root\" 2>/dev/null; }\n"
    "e2fsck -fn \"$root\" >/dev/null 2>&1 && echo root is clean\n"
    "dd if=\"$image\" bs=1M skip=1 count=40 of=\"$image.fat\" status=none\n"
    "fsck.vfat -n \"$image.fat\" >/dev/null && echo boot is clean; rm \"$image.fat\"\n"
    "for path; do\n"
    "    case $path in\n"
    "        boot:*) echo \"$path\"; mtype -i \"$image@@1M\" \"::${path#boot:}\" ;;\n"
    "        */) echo \"$path\"; see \"ls -p $path\" | awk -F/ '$6 !~ /^\\.*$/ {print $3, $4, $5, "
    "$6}' | LC_ALL=C sort -k4 ;;\n"
    "        *) facts=$(see \"stat $path\" | sed -n 's/.*Type: \\([a-z]*\\).*Mode: "
    "*\\([0-7]*\\).*/\\1 \\2/p\n"
    "            s/^User: *\\([0-9]*\\) *Group: *\\([0-9]*\\).*/\\1 \\2/p\n"
    "            s/^Fast link dest: \"\\(.*\\)\"/-> \\1/p'); echo \"$path\" $facts\n"
    "            [ \"${facts%% *}\" != regular ] || see \"cat $path\" ;;\n"
    "    esac\n"
    "done\n";

static char *join_notes(const Fixture *fixture)
{
    g_ptr_array_add(fixture->notes, NULL);
    return g_strjoinv("\n", (char **)fixture->notes->pdata);
}

/* A system with systemd, NetworkManager, cloud-init, and all that regional settings need. */
static void add_debian(const Fixture *fixture)
{
    put(fixture->root, "usr/lib/systemd/systemd", "");
    put(fixture->root, "usr/sbin/NetworkManager", "");
    put(fixture->root, "var/lib/NetworkManager/NetworkManager.state",
        "[main]\nWirelessEnabled=false\nWWANEnabled=true\n");
    put(fixture->root, "var/lib/systemd/rfkill/platform-soc:wlan", "1\n");
    put(fixture->root, "usr/share/zoneinfo/Europe/Berlin", "");
    put(fixture->root, "usr/lib/locale/locale-archive", "x");
    put_bytes(fixture->root, "usr/lib/locale/locale-archive", "\0\0de_DE.utf8\0en_US\0", 19);
    put(fixture->root, "etc/default/keyboard", "XKBMODEL=\"pc104\"\nXKBLAYOUT=\"gb\"\n");
    put(fixture->root, "etc/cloud/cloud.cfg", "users: [default]\n");
    put(fixture->boot, "user-data",
        "#cloud-config\nhostname: cloudy\nusers:\n- name: bob\n  lock_passwd: true\n"
        "packages:\n- vim\n");
}

static void add_files(const Fixture *fixture)
{
    put(fixture->files, "tree/etc/motd", "hello\n");
    put(fixture->files, "tree/etc/secret", "secret\n");
    put(fixture->files, "tree/lib/tool", "#!/bin/sh\n");
    put(fixture->files, "tree/people/ann/note", "hers\n");
    put(fixture->files, "tree/root/note", "root's\n");
    put(fixture->files, "tree/opt/new/file", "");
    put(fixture->files, "tree/boot/firmware/extra.txt", "extra\n");
    put(fixture->files, "tree.permissions",
        "# whose\netc/secret root:shadow 0640\n/opt/new/ www:33 2750\n");
    put(fixture->files, "hello.service",
        "[Service]\nExecStart=/bin/"
        "true\n[Install]\nWantedBy=multi-user.target\nAlias=hi.service\n");
    put(fixture->files, "first.sh", "#!/bin/sh\ntrue\n");
    g_free(
        shell("cd \"$1/tree\"; chmod 775 lib/tool; chmod 600 etc/motd; ln -s /etc/motd opt/link\n"
              "ln -s ../../etc/motd opt/new/up",
              fixture->files, NULL));
}

static const char debian[] =
    "root is clean\nboot is clean\n"
    "/etc/hostname regular 0644 0 0\nhost1\n"
    "/etc/NetworkManager/system-connections/pifarm-wifi.nmconnection regular 0600 0 0\n"
    "[connection]\nid=pifarm-wifi\ntype=wifi\n\n[wifi]\nmode=infrastructure\n"
    "ssid=109;121;32;110;101;116;\n\n[wifi-security]\nkey-mgmt=wpa-psk\npsk=pass\\\\word\n\n"
    "[ipv4]\nmethod=auto\n\n[ipv6]\nmethod=auto\n"
    "/var/lib/NetworkManager/NetworkManager.state regular 0644 0 0\n"
    "[main]\nWirelessEnabled=true\nWWANEnabled=true\n"
    "/var/lib/systemd/rfkill/\n"
    "boot:cmdline.txt\nconsole=ttyS1 root=LABEL=rootfs cfg80211.ieee80211_regdom=DE\n"
    "/etc/default/locale regular 0644 0 0\nLANG=de_DE.UTF-8\n"
    "/etc/localtime symlink 0777 0 0 -> /usr/share/zoneinfo/Europe/Berlin\n"
    "/etc/timezone regular 0644 0 0\nEurope/Berlin\n"
    "/etc/default/keyboard regular 0644 0 0\n"
    "XKBMODEL=\"pc104\"\nXKBLAYOUT=\"de\"\nXKBVARIANT=\"nodeadkeys\"\n"
    "/etc/motd regular 0644 0 0\nhello\n"
    "/etc/secret regular 0640 0 42\nsecret\n"
    "/lib symlink 0777 0 0 -> usr/lib\n"
    "/usr/lib/tool regular 0755 0 0\n#!/bin/sh\n"
    "/people/ann directory 0755 1001 1002\n"
    "/people/ann/note regular 0644 1001 1002\nhers\n"
    "/root directory 0700 0 0\n"
    "/root/note regular 0644 0 0\nroot's\n"
    "/opt/new directory 02750 33 33\n"
    "/opt/link symlink 0777 0 0 -> /etc/motd\n"
    "/opt/new/up symlink 0777 0 0 -> ../../etc/motd\n"
    "boot:extra.txt\nextra\n"
    "/etc/systemd/system/\n100644 0 0 hello.service\n120777 0 0 hi.service\n"
    "040755 0 0 multi-user.target.wants\n100644 0 0 pifarm-firstboot.service\n"
    "/etc/systemd/system/multi-user.target.wants/\n120777 0 0 hello.service\n"
    "120777 0 0 pifarm-firstboot.service\n"
    "/usr/lib/pifarm/firstboot.d/\n100755 0 0 01-first.sh\n"
    "/etc/cloud/cloud.cfg.d/99_pifarm.cfg regular 0644 0 0\n# By pifarm image prepare.\n"
    "preserve_hostname: true\nmanage_etc_hosts: false\nssh_deletekeys: false\n"
    "ssh_genkeytypes: [ed25519]\nusers: []\n"
    "boot:user-data\n#cloud-config\npackages:\n- vim\n"
    "preserve_hostname: true\nmanage_etc_hosts: false\nssh_deletekeys: false\n"
    "ssh_genkeytypes: [ed25519]\nusers: []\n";

static const char debian_notes[] =
    "the boot partition is /boot/firmware\n"
    "wifi: /etc/NetworkManager/system-connections/pifarm-wifi.nmconnection, for NetworkManager\n"
    "cloud-init: /etc/cloud/cloud.cfg.d/99_pifarm.cfg keeps host name and host keys, and makes no "
    "user of its own\n"
    "cloud-init: its user-data on the boot partition no longer sets host name, host keys and users";

static void each_step_leaves_what_it_promises(Fixture *fixture, gconstpointer data)
{
    g_autoptr(PifImage) image = NULL;
    g_auto(GStrv) trees = paths(fixture, "tree", NULL);
    g_auto(GStrv) units = paths(fixture, "hello.service", NULL);
    g_auto(GStrv) scripts = paths(fixture, "first.sh", NULL);
    const PifPrepareSpec spec = {
        .hostname = "host1",
        .user = "ann",
        .wifi = "my net",
        .wifi_psk = "pass\\word",
        .wifi_country = "DE",
        .locale = "de_DE.UTF-8",
        .timezone = "Europe/Berlin",
        .keyboard = "de:nodeadkeys",
        .copies = trees,
        .units = units,
        .firstboots = scripts,
    };
    add_debian(fixture);
    add_files(fixture);
    prepare(fixture, &spec, &image);
    g_autofree char *after =
        shell(describe_script, image->path, "/etc/hostname",
              "/etc/NetworkManager/system-connections/pifarm-wifi.nmconnection",
              "/var/lib/NetworkManager/NetworkManager.state", "/var/lib/systemd/rfkill/",
              "boot:cmdline.txt", "/etc/default/locale", "/etc/localtime", "/etc/timezone",
              "/etc/default/keyboard", "/etc/motd", "/etc/secret", "/lib", "/usr/lib/tool",
              "/people/ann", "/people/ann/note", "/root", "/root/note", "/opt/new", "/opt/link",
              "/opt/new/up", "boot:extra.txt", "/etc/systemd/system/",
              "/etc/systemd/system/multi-user.target.wants/", "/usr/lib/pifarm/firstboot.d/",
              "/etc/cloud/cloud.cfg.d/99_pifarm.cfg", "boot:user-data", NULL);
    g_autofree char *notes = join_notes(fixture);
    g_assert_cmpstr(after, ==, debian);
    g_assert_cmpstr(notes, ==, debian_notes);
}

/* Legacy Raspberry Pi OS' way to the network, BusyBox' init, a locale that is not compiled, and a
 * root that is not the last partition. */
static void other_systems_are_served_in_their_own_words(Fixture *fixture, gconstpointer data)
{
    g_autoptr(PifImage) image = NULL;
    g_auto(GStrv) scripts = paths(fixture, "first.sh", NULL);
    g_autofree char *card = card_path(fixture);
    const PifPrepareSpec spec = {
        .wifi = "\xc3\xa4",
        .locale = "fr_FR.UTF-8",
        .keyboard = "fr",
        .firstboots = scripts,
    };
    add_files(fixture);
    put(fixture->root, "usr/sbin/wpa_supplicant", "");
    put(fixture->root, "usr/sbin/dhcpcd", "");
    put(fixture->root, "usr/sbin/locale-gen", "");
    put(fixture->root, "etc/locale.gen", "# de_DE.UTF-8 UTF-8\n# fr_FR.UTF-8 UTF-8\n");
    put(fixture->root, "etc/locale.conf", "LC_TIME=C\nLANG=C\n");
    put(fixture->root, "etc/vconsole.conf", "KEYMAP=us\n");
    put(fixture->root, "etc/inittab", "::sysinit:/boot.sh\n");
    make_card(fixture);
    g_free(shell("truncate -s 80M \"$1\"; echo start=70MiB, size=8MiB, type=83 | sfdisk -qa \"$1\"",
                 card, NULL));
    import(fixture);
    PifPrepareOptions options = {.notes = fixture->notes};
    ok(pif_image_prepare(fixture->store, fixture->base, &spec, &options, &image, &error));
    g_autofree char *after =
        shell(describe_script, image->path, "/etc/wpa_supplicant/wpa_supplicant.conf",
              "/etc/locale.gen", "/etc/locale.conf", "/etc/vconsole.conf", "/etc/inittab",
              "/usr/lib/pifarm/firstboot.d/", NULL);
    g_autofree char *notes = join_notes(fixture);
    g_assert_cmpstr(
        after, ==,
        "root is clean\nboot is clean\n"
        "/etc/wpa_supplicant/wpa_supplicant.conf regular 0600 0 0\n"
        "ctrl_interface=DIR=/run/wpa_supplicant GROUP=netdev\nupdate_config=1\n\n"
        "network={\n\tssid=c3a4\n\tkey_mgmt=NONE\n}\n"
        "/etc/locale.gen regular 0644 0 0\n# de_DE.UTF-8 UTF-8\nfr_FR.UTF-8 UTF-8\n"
        "/etc/locale.conf regular 0644 0 0\nLC_TIME=C\nLANG=fr_FR.UTF-8\n"
        "/etc/vconsole.conf regular 0644 0 0\nKEYMAP=fr\n"
        "/etc/inittab regular 0644 0 0\n::sysinit:/boot.sh\n::once:/usr/lib/pifarm/firstboot\n"
        "/usr/lib/pifarm/firstboot.d/\n100755 0 0 01-locale-gen\n100755 0 0 02-first.sh\n");
    g_assert_cmpstr(notes, ==,
                    "partition 2, the root, is not the last on the disk: not grown\n"
                    "the boot partition is /boot/firmware\n"
                    "wifi: /etc/wpa_supplicant/wpa_supplicant.conf, for wpa_supplicant\n"
                    "the first boot makes the locale fr_FR.UTF-8\n"
                    "firstboot: started by BusyBox' init");
}

/* A card, changed by a script, on which a step cannot be done. */
typedef struct {
    const char *name; /* a sentence */
    const char *root; /* with the folder of the root, before the card is made */
    const char *boot; /* with that of the boot partition */
    const char *card; /* with the finished card */
    PifPrepareSpec spec;
    const char *message;
    PifErrorCode code; /* 0: CONFIG */
} BadCard;

#define ROOT_OF_CARD "\"$1?offset=$((41 << 20))\""

/* Those with a message of the step check fail before the appliance would start. */
static const BadCard bad_cards[] = {
    {"a GPT is refused",
     NULL,
     NULL,
     "sfdisk -d \"$1\" | sed 's/^label: dos/label: gpt/; /label-id/d; "
     "s/type=c/type=EBD0A0A2-B9E5-4433-87C0-68B6B72699C7/; s/type=83/type=L/; s/, *$//' >\"$1.t\"\n"
     "truncate -s 66M \"$1\"; sfdisk -q --wipe always \"$1\" <\"$1.t\"",
     {0},
     "step 'check': a GPT partition table"},
    {"a card without a Linux partition is refused",
     NULL,
     NULL,
     "sfdisk -q --part-type \"$1\" 2 7",
     {0},
     "step 'check': no primary partition is a Linux one"},
    {"a root in a logical partition is refused",
     NULL,
     NULL,
     "sfdisk -q --delete \"$1\" 2; printf '%s\\n' 'start=41MiB, type=5' 'start=43MiB, type=83' |\n"
     "    sfdisk -q --append \"$1\"",
     {0},
     "step 'check': no primary partition is a Linux one"},
    {"partitions that overlap are refused",
     NULL,
     NULL,
     "printf '\\0\\x48\\1\\0' | dd of=\"$1\" bs=1 seek=$((446 + 12)) conv=notrunc status=none",
     {0},
     "step 'check': partitions 1 and 2 overlap"},
    {"an encrypted root is refused",
     NULL,
     NULL,
     "printf 'LUKS\\272\\276\\0\\1' | dd of=\"$1\" bs=1M seek=41 conv=notrunc status=none\n"
     "printf '\\0\\0' | dd of=\"$1\" bs=1 seek=$((41 * 1048576 + 1080)) conv=notrunc status=none",
     {0},
     "step 'check': partition 2, the root, is encrypted (LUKS)"},
    {"a root without ext4 is refused",
     NULL,
     NULL,
     "dd if=/dev/zero of=\"$1\" bs=1M seek=41 count=24 conv=notrunc status=none",
     {0},
     "step 'check': partition 2, the root, has no file system that we know, not ext4"},
    {"a root that is not the last partition does not grow to a size",
     NULL,
     NULL,
     "truncate -s 80M \"$1\"; echo start=70MiB, size=8MiB, type=83 | sfdisk -qa \"$1\"",
     {.size = 256 << 20},
     "step 'check': partition 2, the root, is not the last"},
    {"a damaged root is not mended unasked",
     NULL,
     NULL,
     "debugfs -w -R 'clri <2>' " ROOT_OF_CARD " 2>/dev/null",
     {0},
     "step 'grow': the root file system is damaged",
     PIF_ERROR_EXTERNAL},
    {"a full boot partition is an error",
     "mkdir usr/sbin; touch usr/sbin/{wpa_supplicant,dhcpcd}",
     "head -c 510 /dev/zero | tr '\\0' x >cmdline.txt",
     "free=$(mdir -i \"$1@@1M\" :: | sed -n '/bytes free/s/[^0-9]//gp')\n"
     "head -c \"$free\" /dev/zero | mcopy -i \"$1@@1M\" - ::full",
     {.wifi = "a", .wifi_country = "DE"},
     "step 'wifi': cannot write /boot/firmware/cmdline.txt",
     PIF_ERROR_EXTERNAL},
    {"an image for 32-bit ARM only is refused",
     "printf '\\050' | dd of=usr/bin/busybox bs=1 seek=18 conv=notrunc status=none",
     NULL,
     NULL,
     {0},
     "step 'mount': it is an image for 32-bit ARM (armhf) only"},
    {"settings for a first boot that will not be are not dropped",
     NULL,
     "echo quiet init=/usr/lib/raspberrypi-sys-mods/firstboot >cmdline.txt; touch custom.toml",
     NULL,
     {0},
     "step 'first-boot': there is a custom.toml"},
    {"cloud-init's script is not edited",
     "mkdir -p etc/cloud; touch etc/cloud/cloud.cfg",
     "echo '#!/bin/sh' >user-data",
     NULL,
     {0},
     "step 'cloud-init': cloud-init's user-data"},
};

static void refuses(Fixture *fixture, gconstpointer data)
{
    const BadCard *bad = data;
    g_autoptr(PifImage) image = NULL;
    g_autofree char *card = card_path(fixture);
    g_autofree char *folder = g_build_filename(fixture->folder, "store", NULL);
    if (bad->root)
        g_free(shell("cd \"$1\"; eval \"$2\"", fixture->root, bad->root, NULL));
    if (bad->boot)
        g_free(shell("cd \"$1\"; eval \"$2\"", fixture->boot, bad->boot, NULL));
    make_card(fixture);
    if (bad->card)
        g_free(shell(bad->card, card, NULL));
    import(fixture);
    fails((bad->code ? bad->code : PIF_ERROR_CONFIG), bad->message,
          pif_image_prepare(fixture->store, fixture->base, &bad->spec, NULL, &image, &error));
    g_autofree char *content =
        shell("cd \"$1\"; ls *.img | wc -l; find tmp -type f; sha256sum *.img | cut -c -64", folder,
              NULL);
    g_autofree char *expected = g_strdup_printf("1\n%s\n", fixture->base->sha256);
    g_assert_cmpstr(content, ==, expected);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define TEST(name) g_test_add("/steps/" #name, Fixture, NULL, set_up, name, tear_down)
    TEST(each_step_leaves_what_it_promises);
    TEST(other_systems_are_served_in_their_own_words);
    for (size_t i = 0; i < G_N_ELEMENTS(bad_cards); i++) {
        g_autofree char *path = g_strconcat("/bad-cards/", bad_cards[i].name, NULL);
        g_test_add(path, Fixture, &bad_cards[i], set_up, refuses, tear_down);
    }
    return g_test_run();
}
