// SPDX-License-Identifier: MIT
// Recipes and the files that they name: what is understood, what is refused, and in which words.
#include "images/prepare/permissions.h"
#include "images/prepare/recipe.h"
#include "images/prepare/settings.h"
#include "images/prepare/tree.h"
#include "images/prepare/unit-file.h"
#include "tests/lib/check.h"

#include <sys/stat.h>

#define KEY "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJbwpbwQC0lsX2N2VMyVHVn5uw3kmX+Ozv1l0jCuZ0kF me"

typedef struct {
    char *folder;
} Fixture;

static void put(const char *folder, const char *name, const char *content)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);
    g_autofree char *parent = g_path_get_dirname(path);
    ok(pif_dir_make(parent, 0755, &error));
    ok(pif_file_write(path, content, -1, 0644, &error));
}

static void set_up(Fixture *fixture, gconstpointer data)
{
    fixture->folder = g_dir_make_tmp("pifarm-test-XXXXXX", NULL);
    put(fixture->folder, "tree/etc/motd", "hello\n");
    put(fixture->folder, "hello.service", "[Service]\nExecStart=/bin/true\n");
    put(fixture->folder, "first.sh", "true\n");
    put(fixture->folder, "key.pub", KEY "\n");
}

static void tear_down(Fixture *fixture, gconstpointer data)
{
    pif_dir_remove(fixture->folder, NULL);
    g_free(fixture->folder);
}

static PifRecipe *parse(const Fixture *fixture, const char *text, GError **error)
{
    g_autofree char *path = g_build_filename(fixture->folder, "r.yaml", NULL);
    return pif_recipe_parse(path, text, strlen(text), error);
}

/* The error without the folder that the test is in. Free it. */
static char *mistakes_in(const Fixture *fixture, const char *text)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *prefix = g_strconcat(fixture->folder, "/", NULL);
    g_autoptr(PifRecipe) recipe = parse(fixture, text, &error);
    g_assert_null(recipe);
    g_assert_error(error, PIF_ERROR, PIF_ERROR_CONFIG);
    GString *message = g_string_new(error->message);
    g_string_replace(message, prefix, "", 0);
    return g_string_free(message, FALSE);
}

static void a_recipe_has_a_key_for_each_step(Fixture *fixture, gconstpointer data)
{
    static const char text[] =
        "grow: 4GiB\nhostname: h\nuser: { name: pi, password-hash: $6$a$b }\n"
        "ssh-keys: [key.pub, " KEY "]\nssh-enable: no\n"
        "wifi: { ssid: my net, psk: passphrase, country: DE }\n"
        "locale: de_DE.UTF-8@euro\ntimezone: America/Argentina/Salta\n"
        "keyboard: de:nodeadkeys\ncopy: tree\nunit: [hello.service]\n"
        "firstboot: first.sh\n";
    g_autoptr(PifRecipe) recipe = NULL;
    ok(recipe = parse(fixture, text, &error));
    json_t *plan = NULL;
    ok(plan = pif_prepare_plan(&recipe->spec, &error));
    g_autofree char *hash = pif_prepare_plan_hash(plan);
    json_object_del(json_array_get(json_object_get(plan, "copy"), 0), "from");
    char *dump = json_dumps(plan, JSON_COMPACT | JSON_SORT_KEYS);
    g_autofree char *expected = g_strdup_printf(
        "{\"copy\":[{\"sha256\":\"%s\"}],"
        "\"firstboot\":[{\"name\":\"first.sh\",\"text\":\"true\\n\"}],\"hostname\":\"h\","
        "\"keyboard\":\"de:nodeadkeys\",\"locale\":\"de_DE.UTF-8@euro\","
        "\"password-hash\":\"$6$a$b\",\"ssh-keys\":[\"" KEY "\",\"" KEY "\"],"
        "\"timezone\":\"America/Argentina/Salta\",\"unit\":[{\"name\":\"hello.service\","
        "\"text\":\"[Service]\\nExecStart=/bin/true\\n\"}],\"user\":\"pi\",\"wifi\":\"my net\","
        "\"wifi-country\":\"DE\",\"wifi-psk\":\"passphrase\"}",
        json_string_value(
            json_object_get(json_array_get(json_object_get(plan, "copy"), 0), "sha256")));
    g_assert_cmpstr(dump, ==, expected);
    g_autofree char *of_dump = g_compute_checksum_for_string(G_CHECKSUM_SHA256, dump, -1);
    g_assert_cmpstr(hash, ==, of_dump);
    g_assert_cmpuint(recipe->spec.size, ==, 4ULL << 30);
    free(dump);
    json_decref(plan);
}

static void short_forms_mean_the_long_ones(Fixture *fixture, gconstpointer data)
{
    g_autoptr(PifRecipe) recipe = NULL;
    ok(recipe = parse(fixture, "user: pi\nwifi: open\nhostname: \"{node}-x\"\n", &error));
    g_assert_cmpstr(recipe->spec.user, ==, "pi");
    g_assert_cmpstr(recipe->spec.wifi, ==, "open");
    g_assert_null(recipe->spec.hostname);
    g_assert_cmpstr(recipe->hostname, ==, "{node}-x");
    g_assert_true(recipe->spec.enable_ssh);
}

static void all_mistakes_are_shown_with_their_places(Fixture *fixture, gconstpointer data)
{
    g_autofree char *mistakes = mistakes_in(
        fixture, "hostnam: x\nhostname: \"{id}\"\nuser: { password-hash: raspberry }\n"
                 "wifi: { ssid: \"a\\nb\", psk: short, country: de }\nlocale: ../../etc/passwd\n"
                 "timezone: -rf\nkeyboard: [de]\ncopy: [nowhere, key.pub]\n"
                 "unit: [\"-rf.service\", first.sh]\nfirstboot: missing.sh\nssh-keys: key.pub\n");
    g_assert_cmpstr(
        mistakes, ==,
        "r.yaml:1:1: unknown key 'hostnam' in this recipe; did you mean 'hostname'?\n"
        "hostnam: x\n"
        "^~~~~~~\n"
        "r.yaml:2:11: 'hostname' of this recipe: only {node}, the node's name, can be in a host "
        "name; the rest can be in units and scripts, and in texts of 'expand'\n"
        "hostname: \"{id}\"\n"
        "          ^~~~~~\n"
        "r.yaml:3:7: 'user' of this recipe has no 'name'\n"
        "user: { password-hash: ********* }\n"
        "      ^\n"
        "r.yaml:3:24: 'password-hash' of 'user' of this recipe: that is no password hash (it is "
        "not "
        "shown here): a hash as `openssl passwd -6` prints it, not the password\n"
        "user: { password-hash: ********* }\n"
        "                       ^~~~~~~~~\n"
        "r.yaml:4:15: 'ssid' of 'wifi' of this recipe: 'a?b' is no name of a wireless network: 1 "
        "to 32 characters, none of them a control character\n"
        "wifi: { ssid: \"a\\n"
        "b\", psk: *****, country: de }\n"
        "              ^~~~~~\n"
        "r.yaml:4:28: 'psk' of 'wifi' of this recipe: that is no passphrase of a wireless "
        "network (it is not shown here): 8 to 63 ASCII characters, or 64 hex digits\n"
        "wifi: { ssid: \"a\\n"
        "b\", psk: *****, country: de }\n"
        "                           ^~~~~\n"
        "r.yaml:4:44: 'country' of 'wifi' of this recipe: 'de' is no country code: two capital "
        "letters, as DE\n"
        "wifi: { ssid: \"a\\n"
        "b\", psk: *****, country: de }\n"
        "                                           ^~\n"
        "r.yaml:5:9: 'locale' of this recipe: '../../etc/passwd' is no locale: as de_DE.UTF-8\n"
        "locale: ../../etc/passwd\n"
        "        ^~~~~~~~~~~~~~~~\n"
        "r.yaml:6:11: 'timezone' of this recipe: '-rf' is no time zone: as Europe/Berlin\n"
        "timezone: -rf\n"
        "          ^~~\n"
        "r.yaml:7:11: 'keyboard' of this recipe must be a single value, not a list\n"
        "keyboard: [de]\n"
        "          ^\n"
        "r.yaml:8:8: 'copy' of this recipe: there is no folder nowhere\n"
        "copy: [nowhere, key.pub]\n"
        "       ^~~~~~~\n"
        "r.yaml:8:17: 'copy' of this recipe: there is no folder key.pub\n"
        "copy: [nowhere, key.pub]\n"
        "                ^~~~~~~\n"
        "r.yaml:9:8: 'unit' of this recipe: '-rf.service' is no name of a systemd unit: as "
        "hello.service, of letters, digits and : _ . @ -\n"
        "unit: [\"-rf.service\", first.sh]\n"
        "       ^~~~~~~~~~~~~\n"
        "r.yaml:9:23: 'unit' of this recipe: 'first.sh' is no name of a systemd unit: as "
        "hello.service, of letters, digits and : _ . @ -\n"
        "unit: [\"-rf.service\", first.sh]\n"
        "                      ^~~~~~~~\n"
        "r.yaml:10:12: 'firstboot' of this recipe: there is no file missing.sh\n"
        "firstboot: missing.sh\n"
        "           ^~~~~~~~~~");
}

static void a_recipe_alone_knows_whose_keys_they_are(Fixture *fixture, gconstpointer data)
{
    g_autofree char *mistakes = mistakes_in(fixture, "ssh-keys: key.pub\n");
    g_assert_cmpstr(mistakes, ==,
                    "r.yaml:1:1: this recipe has 'ssh-keys' but no 'user': whose are they?\n"
                    "ssh-keys: key.pub\n^~~~~~~~");
}

static void options_win_and_lists_grow(Fixture *fixture, gconstpointer data)
{
    g_auto(PifPrepareSpec) spec = {0};
    const PifPrepareSpec first = {
        .size = 1, .user = "a", .locale = "C", .units = (char *[]){(char *)"x", NULL}};
    const PifPrepareSpec second = {
        .user = "b", .enable_ssh = TRUE, .units = (char *[]){(char *)"y", NULL}};
    pif_prepare_spec_merge(&spec, &first);
    pif_prepare_spec_merge(&spec, &second);
    g_autofree char *units = g_strjoinv("|", spec.units);
    g_assert_cmpstr(spec.user, ==, "b");
    g_assert_cmpstr(spec.locale, ==, "C");
    g_assert_cmpstr(units, ==, "x|y");
    g_assert_cmpuint(spec.size, ==, 1);
    g_assert_true(spec.enable_ssh);
}

static void the_recipes_that_ship_are_right(Fixture *fixture, gconstpointer data)
{
    g_autofree char *source = g_test_build_filename(G_TEST_DIST, "..", "images", "recipes", NULL);
    g_autoptr(GDir) folder = g_dir_open(source, 0, NULL);
    guint count = 0;
    for (const char *name; (name = g_dir_read_name(folder));) {
        g_autofree char *path = g_build_filename(source, name, NULL);
        g_autoptr(PifRecipe) recipe = NULL;
        json_t *plan = NULL;
        if (!g_str_has_suffix(name, ".yaml"))
            continue;
        ok(recipe = pif_recipe_load(path, &error));
        ok(pif_prepare_spec_check(&recipe->spec, &error));
        ok(plan = pif_prepare_plan(&recipe->spec, &error));
        json_decref(plan);
        count++;
    }
    g_assert_cmpuint(count, >=, 2);
}

/* The hash of the tree, or the error without the folder that the test is in. Free it. */
static char *tree_of(const Fixture *fixture)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = g_build_filename(fixture->folder, "tree", NULL);
    g_autoptr(PifTree) tree = pif_tree_open(path, &error);
    if (tree)
        return g_strdup(tree->sha256);
    GString *message = g_string_new(error->message);
    g_string_replace(message, fixture->folder, "", 0);
    return g_string_free(message, FALSE);
}

/* Each script changes the tree, and so its hash. */
static void a_tree_is_known_by_all_that_is_copied(Fixture *fixture, gconstpointer data)
{
    static const char *const changes[] = {
        "echo more >>tree/etc/motd",
        "mv tree/etc/motd tree/etc/issue",
        "chmod 755 tree/etc/issue",
        "mkdir tree/empty",
        "ln -s /etc/issue tree/link",
        "ln -sfn /etc/motd tree/link",
        "echo etc/issue root:root 0600 >tree.permissions",
        "echo etc/issue root:mail 0600 >tree.permissions",
    };
    static const char *const nothing[] = {
        "chmod 775 tree/etc/issue; chmod 700 tree/empty; touch -d 2001-01-01 tree/etc/issue",
        "mv tree other; cp -r other tree; rm -r other",
    };
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_assert_true(g_hash_table_add(seen, tree_of(fixture)));
    for (size_t i = 0; i < G_N_ELEMENTS(changes); i++) {
        run(fixture->folder, changes[i]);
        g_assert_true(g_hash_table_add(seen, tree_of(fixture)));
    }
    g_autofree char *last = tree_of(fixture);
    g_assert_cmpuint(strlen(last), ==, 64);
    for (size_t i = 0; i < G_N_ELEMENTS(nothing); i++) {
        run(fixture->folder, nothing[i]);
        g_autofree char *same = tree_of(fixture);
        g_assert_cmpstr(same, ==, last);
    }
}

typedef struct {
    const char *name; /* a sentence */
    const char *script;
    const char *message;
} TreeCase;

static const TreeCase tree_cases[] = {
    {"a link that leaves the root is refused", "ln -s ../../etc/passwd tree/etc/x",
     "/tree/etc/x is a link to '../../etc/passwd', which leaves the folder; make it absolute, as "
     "it is "
     "to be on the card"},
    {"a link that leaves the root and comes back is refused", "ln -s ../../tree/etc tree/etc/x",
     "/tree/etc/x is a link to '../../tree/etc', which leaves the folder; make it absolute, as it "
     "is to "
     "be on the card"},
    {"an absolute link that climbs is refused", "ln -s /../x tree/x",
     "/tree/x is a link to '/../x', which leaves the folder; make it absolute, as it is to be on "
     "the "
     "card"},
    {"a FIFO is refused", "mkfifo tree/etc/x", "/tree/etc/x is a FIFO, which is not copied"},
    {"a name with a newline is refused", "touch $'tree/a\\nb'",
     "/tree: the name 'a\\nb' is not UTF-8 or has control characters in it; rename it"},
    {"a name that is not UTF-8 is refused", "touch $'tree/\\xff'",
     "/tree: the name '\\377' is not UTF-8 or has control characters in it; rename it"},
    {"a folder that is a file is refused", "rm -r tree; touch tree",
     "cannot copy the folder /tree: Not a directory"},
    {"a folder that is not there is refused", "rm -r tree",
     "cannot copy the folder /tree: No such file or directory"},
    {"a permission for what is not there is refused",
     "echo etc/motc root:root 644 >tree.permissions",
     "/tree.permissions has a line for 'etc/motc', which is not in the folder"},
    {"a permission is three fields", "echo etc/motd root 644 >tree.permissions",
     "/tree.permissions:1: 'etc/motd root 644': it is not `PATH OWNER:GROUP MODE`, as: etc/motd "
     "root:root 0644"},
    {"a permission stays below the folder",
     "printf '#\\n\\n../motd root:root 644\\n' >tree.permissions",
     "/tree.permissions:3: '../motd root:root 644': the path is not one below the folder"},
    {"a permission's owner is no option", "echo etc/motd -rf:root 644 >tree.permissions",
     "/tree.permissions:1: 'etc/motd -rf:root 644': owner and group are names of a-z, 0-9, - and "
     "_, or "
     "numbers"},
    {"a path has one permission", "printf '%s\\n' 'etc a:b 755' '/etc/ a:b 700' >tree.permissions",
     "/tree.permissions:2: '/etc/ a:b 700': the path has a line already"},
};

static void check_tree(Fixture *fixture, gconstpointer data)
{
    const TreeCase *row = data;
    run(fixture->folder, row->script);
    g_autofree char *message = tree_of(fixture);
    g_assert_cmpstr(message, ==, row->message);
}

static void options_and_links_are_names_like_others(Fixture *fixture, gconstpointer data)
{
    run(fixture->folder,
        "touch 'tree/-rf'; ln -s ../etc tree/etc/self; ln -s / tree/all\n"
        "printf '/with space/ 0:mail 2755\\n' >tree.permissions; mkdir 'tree/with space'");
    g_autofree char *path = g_build_filename(fixture->folder, "tree", NULL);
    g_autoptr(PifTree) tree = NULL;
    ok(tree = pif_tree_open(path, &error));
    GString *list = g_string_new(NULL);
    for (guint i = 0; i < tree->entries->len; i++) {
        const PifTreeEntry *entry = tree->entries->pdata[i];
        g_string_append_printf(list, "%s %o%s%s\n", entry->path, entry->type | entry->mode,
                               entry->target ? " " : "", entry->target ? entry->target : "");
    }
    g_autofree char *text = g_string_free(list, FALSE);
    g_assert_cmpstr(text, ==,
                    "-rf 100644\nall 120755 /\netc 40755\netc/motd 100644\netc/self 120755 ../etc\n"
                    "with space 42755\n");
}

typedef struct {
    const char *name; /* a sentence */
    const char *unit;
    const char *text;
    const char *links; /* sorted, or the error */
} UnitCase;

static const UnitCase unit_cases[] = {
    {"WantedBy, RequiredBy and Alias make links", "a.service",
     "# x\n[Unit]\nA=b\n[Install]\nWantedBy = b.target  "
     "c.target\nRequiredBy=d.target\nAlias=e.service\n",
     "b.target.wants/a.service c.target.wants/a.service d.target.requires/a.service e.service"},
    {"lines go on behind a backslash", "a.service", "[Install]\nWantedBy=\\\n b.target\n",
     "b.target.wants/a.service"},
    {"a unit without Install is not enabled", "a.service", "[Service]\nWantedBy=b.target\n", ""},
    {"a template is enabled as its default instance", "a@.service",
     "[Install]\nWantedBy=b.target\nDefaultInstance=x\n", "b.target.wants/a@x.service"},
    {"a template without one is not enabled", "a@.service", "[Install]\nWantedBy=b.target\n", ""},
    {"a folder is no unit", "a.service", "[Install]\nWantedBy=../../etc/x.target\n",
     "a.service: '../../etc/x.target' in [Install] is no name of a unit"},
    {"an option is no unit", "a.service", "[Install]\nAlias=-rf.service\n",
     "a.service: '-rf.service' in [Install] is no name of a unit"},
    {"an instance stays in its folder", "a@.service",
     "[Install]\nWantedBy=b.target\nDefaultInstance=../x\n",
     "a@.service: '../x' cannot be a DefaultInstance"},
    {"a script is no unit", "a.service", "#!/bin/sh\necho hello\n",
     "a.service is no systemd unit: 'echo hello' is neither a [Section] nor Key=Value in one"},
    {"an empty file is no unit", "a.service", "\n", "a.service is no systemd unit: it is empty"},
    {"a node's own value may be in it", "a.service",
     "[Service]\nExecStart=/bin/x {address}\n[Install]\nWantedBy=b.target\n",
     "b.target.wants/a.service"},
    {"but not in what enables it", "a.service", "[Install]\nWantedBy={node}.target\n",
     "a.service: '{node}.target' in [Install] is no name of a unit"},
};

static void check_unit(gconstpointer data)
{
    const UnitCase *row = data;
    g_autoptr(GError) error = NULL;
    g_autoptr(GHashTable) links = NULL;
    if (pif_unit_file_check(row->unit, row->text, &error))
        links = pif_unit_file_links(row->unit, row->text, &error);
    g_autoptr(GList) keys =
        g_list_sort(links ? g_hash_table_get_keys(links) : NULL, (GCompareFunc)strcmp);
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    for (GList *key = keys; key; key = key->next)
        g_ptr_array_add(names, key->data);
    g_ptr_array_add(names, NULL);
    g_autofree char *text = g_strjoinv(" ", (char **)names->pdata);
    g_assert_cmpstr(links ? text : error->message, ==, row->links);
}

static void settings_are_replaced_or_appended(void)
{
    static const char *const texts[][2] = {
        {"", "A=x\n"},
        {"A=1\nB=2", "A=x\nB=2"},
        {"B=2", "B=2\nA=x\n"},
        {"# A=1\nAA=1\nA=1\nA=2\n", "# A=1\nAA=1\nA=x\n"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autofree char *after = pif_settings_set(texts[i][0], "A", "x");
        g_assert_cmpstr(after, ==, texts[i][1]);
    }
    g_autofree char *locale = pif_settings_enable_locale("# en_US ISO-8859-1\n", "en_US");
    g_assert_cmpstr(locale, ==, "en_US ISO-8859-1\n");
}

static void user_data_loses_what_would_undo_ours(void)
{
    static const char *const dropped[] = {"users", "hostname", NULL};
    static const char *const texts[][2] = {
        {"", "#cloud-config\nA: 1\n"},
        {"#cloud-config\n\"hostname\": x\nruncmd:\n  - [a]\n",
         "#cloud-config\nruncmd:\n  - [a]\nA: 1\n"},
        {"#cloud-config\nusers:\n- name: a\n\n  b: c\n# on\nx: y",
         "#cloud-config\n# on\nx: y\nA: 1\n"},
        {"#cloud-config\nx:\n  hostname: kept\n", "#cloud-config\nx:\n  hostname: kept\nA: 1\n"},
        {"#include\nx", NULL},
        {"#cloud-config\n{hostname: x}\n", NULL},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *after =
            pif_settings_edit_cloud_config(texts[i][0], dropped, "A: 1\n", &error);
        g_assert_cmpstr(after, ==, texts[i][1]);
        g_assert_true((after == NULL) == (error != NULL));
    }
}

static void a_network_that_is_a_key_is_no_passphrase(void)
{
    g_autofree char *key = g_strnfill(64, 'a');
    g_autofree char *wpa = pif_settings_format_wpa_supplicant("lab", key, "DE");
    g_autofree char *expected = g_strdup_printf(
        "ctrl_interface=DIR=/run/wpa_supplicant GROUP=netdev\nupdate_config=1\ncountry=DE\n\n"
        "network={\n\tssid=\"lab\"\n\tpsk=%s\n}\n",
        key);
    g_assert_cmpstr(wpa, ==, expected);
    g_autofree char *quoted = pif_settings_format_wpa_supplicant("lab", "pass\"word", NULL);
    g_assert_nonnull(strstr(quoted, "psk=\"pass\"word\"\n"));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define TEST(name) g_test_add("/recipe/" #name, Fixture, NULL, set_up, name, tear_down)
    TEST(a_recipe_has_a_key_for_each_step);
    TEST(short_forms_mean_the_long_ones);
    TEST(all_mistakes_are_shown_with_their_places);
    TEST(a_recipe_alone_knows_whose_keys_they_are);
    TEST(options_win_and_lists_grow);
    TEST(the_recipes_that_ship_are_right);
    TEST(a_tree_is_known_by_all_that_is_copied);
    TEST(options_and_links_are_names_like_others);
    for (size_t i = 0; i < G_N_ELEMENTS(tree_cases); i++) {
        g_autofree char *path = g_strconcat("/tree/", tree_cases[i].name, NULL);
        g_test_add(path, Fixture, &tree_cases[i], set_up, check_tree, tear_down);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(unit_cases); i++) {
        g_autofree char *path = g_strconcat("/unit/", unit_cases[i].name, NULL);
        g_test_add_data_func(path, &unit_cases[i], check_unit);
    }
    g_test_add_func("/settings/replaced", settings_are_replaced_or_appended);
    g_test_add_func("/settings/user-data", user_data_loses_what_would_undo_ours);
    g_test_add_func("/settings/wifi", a_network_that_is_a_key_is_no_passphrase);
    return g_test_run();
}
