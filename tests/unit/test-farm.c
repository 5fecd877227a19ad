// SPDX-License-Identifier: MIT
// farm.yaml: each tests/data/farm/*.yaml gives its .expected, the farm or the mistakes. With
// PIFARM_REGENERATE=1 the .expected files are written instead: review the difference.
#include "pifarm/base/error.h"
#include "pifarm/base/file.h"
#include "pifarm/model/farm-keys.h"

#include <string.h>
#include <unistd.h>

static void append_texts(GString *out, const char *label, char **texts)
{
    for (; texts && *texts; texts++)
        g_string_append_printf(out, " %s '%s'", label, *texts);
}

/* Paths below this folder without it: the same in every checkout. */
static const char *shorten(const char *path)
{
    g_autofree char *here = g_get_current_dir();
    return path && g_str_has_prefix(path, here) ? path + strlen(here) + 1 : path;
}

static void append_image(GString *out, const PifImageSpec *image)
{
    g_string_append_printf(out, "image %s\n  source %s sha256 %s size %" G_GUINT64_FORMAT "\n",
                           image->name, shorten(image->source), image->sha256, image->size);
    g_string_append_printf(out, "  user %s password %s hostname %s identity %s", image->enrol.user,
                           image->enrol.password_hash, image->enrol.hostname,
                           shorten(image->enrol.ssh_identity));
    append_texts(out, "key", image->enrol.ssh_keys);
    g_string_append(out, image->is_static ? " static\n" : "\n");
}

/* More than the one for SSH. */
static void append_forwards(GString *out, const PifNode *node)
{
    for (guint i = 0; node->forwards->len > 1 && i < node->forwards->len; i++) {
        g_autofree char *text =
            pif_node_forward_format(&g_array_index(node->forwards, PifNodeForward, i));
        g_string_append_printf(out, " forward %s", text);
    }
}

static void append_list(GString *out, const char *word, char **texts)
{
    g_autofree char *list = texts ? g_strjoinv(",", texts) : NULL;
    if (list)
        g_string_append_printf(out, " %s %s", word, list);
}

static void append_node(GString *out, const PifNode *node)
{
    g_autofree char *mac = pif_mac_format(&node->mac);
    g_autofree char *address = pif_ipv4_format(node->address);
    g_string_append_printf(out,
                           "node %u %s mac %s serial %08x address %s port %s/%u image %s ssh %u",
                           node->id, node->name, mac, node->serial, address, node->switch_name,
                           node->port, node->image->name, node->ssh_port);
    append_texts(out, "group", node->groups);
    if (node->is_isolated)
        g_string_append(out, " isolated");
    g_string_append_printf(out, "%s%s", node->has_wan ? " wan" : "", node->has_wlan ? " wlan" : "");
    append_forwards(out, node);
    append_list(out, "options", node->dhcp_options);
    g_string_append_c(out, '\n');
}

/* What most farms do not say: nothing then. */
static void append_lan_options(GString *out, const PifFarm *farm)
{
    g_autofree char *remote = pif_ipv4_format(farm->lan.vxlan.remote);
    if (farm->lan.has_nat || !farm->lan.has_guard || farm->lan.is_accepted)
        g_string_append_printf(out, "lan nat %d guard %d accepted %d\n", farm->lan.has_nat,
                               farm->lan.has_guard, farm->lan.is_accepted);
    if (farm->lan.mtu)
        g_string_append_printf(out, "lan mtu %u\n", farm->lan.mtu);
    if (farm->lan.uplink)
        g_string_append_printf(out, "lan uplink %s\n", farm->lan.uplink);
    if (farm->lan.vxlan.remote)
        g_string_append_printf(out, "lan vxlan %u to %s:%u\n", farm->lan.vxlan.id, remote,
                               farm->lan.vxlan.port);
}

static void append_netboot(GString *out, const PifFarm *farm)
{
    g_autofree char *first = pif_ipv4_format(farm->netboot.first);
    g_autofree char *last = pif_ipv4_format(farm->netboot.last);
    if (farm->netboot.dhcp == PIF_DHCP_ON && !farm->netboot.first && !farm->netboot.root)
        return;
    g_string_append_printf(out, "netboot dhcp %d range %s-%s unknown %s root %s http %d auth %s",
                           farm->netboot.dhcp, first, last, farm->netboot.unknown,
                           shorten(farm->netboot.root), farm->netboot.has_http,
                           farm->netboot.auth_url);
    append_list(out, "allow", farm->netboot.allow);
    append_list(out, "deny", farm->netboot.deny);
    append_list(out, "notify", farm->netboot.notify);
    append_list(out, "broadcast", farm->netboot.broadcast);
    append_list(out, "map", farm->netboot.maps);
    append_list(out, "text", farm->netboot.texts);
    g_string_append_c(out, '\n');
}

static char *describe(const PifFarm *farm)
{
    g_autoptr(GString) out = g_string_new(NULL);
    g_autofree char *network = pif_ipv4_format(farm->lan.network);
    g_autofree char *host = pif_ipv4_format(farm->lan.host_address);
    g_string_append_printf(out, "farm %s path %s libvirt %s\nlan %s %s/%u host %s\n", farm->name,
                           shorten(farm->path), farm->libvirt_uri, farm->lan.bridge, network,
                           farm->lan.prefix_length, host);
    append_lan_options(out, farm);
    append_netboot(out, farm);
    for (unsigned i = 0; i < farm->images->len; i++)
        append_image(out, g_ptr_array_index(farm->images, i));
    for (unsigned i = 0; i < farm->switches->len; i++) {
        const PifSwitchSpec *spec = g_ptr_array_index(farm->switches, i);
        g_autofree char *address = pif_ipv4_format(spec->address);
        g_string_append_printf(out, "switch %s virtual %d ports %u address %s\n", spec->name,
                               spec->is_virtual, spec->ports, address);
    }
    for (unsigned i = 0; i < farm->nodes->len; i++)
        append_node(out, g_ptr_array_index(farm->nodes, i));
    return g_strdup(out->str);
}

/* The farm, or the mistakes with this checkout's folder left out. */
static char *load_and_describe(const char *file)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(PifFarm) farm = pif_farm_load(file, &error);
    if (farm)
        return describe(farm);
    g_assert_error(error, PIF_ERROR, PIF_ERROR_CONFIG);
    g_autoptr(GString) out = g_string_new(error->message);
    g_autofree char *here = g_get_current_dir();
    g_string_append_c(out, '\n');
    g_string_replace(out, here, "<here>", 0);
    return g_strdup(out->str);
}

static void a_file_gives_what_is_expected(gconstpointer data)
{
    const char *file = data;
    g_autoptr(GError) error = NULL;
    g_autofree char *expected = NULL;
    g_autofree char *found = load_and_describe(file);
    g_autofree char *stem = g_strndup(file, strlen(file) - strlen(".yaml"));
    g_autofree char *golden = g_strconcat(stem, ".expected", NULL);
    if (g_getenv("PIFARM_REGENERATE"))
        g_assert_true(pif_file_write(golden, found, -1, 0644, &error));
    g_assert_true(pif_file_read(golden, 1 << 20, &expected, NULL, &error));
    g_assert_cmpstr(found, ==, expected);
}

static void ten_mistakes_are_ten_diagnostics(void)
{
    g_autoptr(GError) error = NULL;
    unsigned count = 0;
    g_assert_null(pif_farm_load("ten-mistakes.yaml", &error));
    for (const char *at = error->message; (at = strstr(at, "ten-mistakes.yaml:")); at++)
        count++;
    g_assert_cmpuint(count, ==, 10);
}

/* An empty HOME, ahead of everything else: GLib reads it once. */
static char *set_home(void)
{
    g_autoptr(GError) error = NULL;
    char *home = g_dir_make_tmp("pifarm-home-XXXXXX", &error);
    g_assert_no_error(error);
    g_setenv("HOME", home, TRUE);
    return home;
}

static void assert_template_loads(const char *name, const char *source, unsigned n_nodes)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *text = pif_farm_template(name, source, n_nodes);
    g_autoptr(PifFarm) farm = pif_farm_parse("farm.yaml", text, strlen(text), &error);
    g_assert_no_error(error);
    g_assert_cmpstr(farm->name, ==, name);
    g_assert_cmpuint(farm->nodes->len, ==, n_nodes);
    const PifImageSpec *image = g_ptr_array_index(farm->images, 0);
    g_autofree char *path = g_canonicalize_filename(source ? source : "card.img.xz", NULL);
    g_assert_cmpstr(image->source, ==, path);
}

static void a_template_is_a_farm_without_mistakes(void)
{
    assert_template_loads("lab", "debian-rpi3.img.xz", 2);
    assert_template_loads("a-name-as-long-as-names-can-be--", NULL, 1);
    assert_template_loads("x", "/srv/it's \"a\" #strange: {file}.img", 65);
    assert_template_loads("0", "../.hidden", 200);
}

static void a_template_names_the_key_that_there_is(gconstpointer home)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *folder = g_build_filename(home, ".ssh", NULL);
    g_autofree char *file = g_build_filename(folder, "id_ecdsa.pub", NULL);
    g_autofree char *key = NULL;
    g_assert_true(pif_file_read("keys/test.pub", 1000, &key, NULL, &error));
    g_assert_true(pif_dir_make(folder, 0700, &error));
    g_assert_true(pif_file_write(file, key, -1, 0600, &error));
    g_autofree char *text = pif_farm_template("lab", NULL, 1);
    g_assert_nonnull(strstr(text, "\n      ssh-key: ~/.ssh/id_ecdsa.pub\n"));
    assert_template_loads("lab", NULL, 1);
    g_assert_true(pif_dir_remove(folder, &error));
}

static void all_ids_of_a_farm_give_different_macs(void)
{
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autofree char *text = pif_farm_template("lab", NULL, 200);
    g_autoptr(PifFarm) farm = pif_farm_parse("farm.yaml", text, strlen(text), NULL);
    for (unsigned i = 0; i < farm->nodes->len; i++) {
        const PifNode *node = g_ptr_array_index(farm->nodes, i);
        const uint8_t *mac = node->mac.bytes;
        g_assert_cmphex(node->serial & 0xffffff, ==,
                        (unsigned)(mac[3] << 16 | mac[4] << 8 | mac[5]));
        g_assert_true(g_hash_table_add(seen, pif_mac_format(&node->mac)));
    }
}

static void macs_are_read_in_every_form(void)
{
    static const char *const good[] = {"b8:27:eb:11:b7:41", "B8-27-EB-11-B7-41", "b827.eb11.b741",
                                       "b827eb11b741"};
    static const char *const bad[] = {"",
                                      "b8:27:eb:11:b7",
                                      "b8:27:eb:11:b7:4g",
                                      "b8:27-eb:11:b7:41",
                                      "b8:27:eb:11:b7:41:00",
                                      "b827eb.11b741.",
                                      "b8 27 eb 11 b7 41"};
    PifMac mac;
    for (size_t i = 0; i < G_N_ELEMENTS(good); i++) {
        g_assert_true(pif_mac_parse(good[i], &mac));
        g_autofree char *text = pif_mac_format(&mac);
        g_assert_cmpstr(text, ==, "b8:27:eb:11:b7:41");
    }
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++)
        g_assert_false(pif_mac_parse(bad[i], &mac));
}

static void a_file_is_found_here_above_and_by_name(gconstpointer home)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *before = g_get_current_dir();
    g_autofree char *inner = g_build_filename(home, "a", "b", NULL);
    g_autofree char *file = g_build_filename(home, "a", "farm.yaml", NULL);
    g_autofree char *path = NULL;
    g_unsetenv("PIFARM_FILE");
    g_assert_true(pif_dir_make(inner, 0700, &error));
    g_assert_cmpint(chdir(inner), ==, 0);
    g_assert_false(pif_farm_find_file(NULL, &path, &error));
    g_assert_error(error, PIF_ERROR, PIF_ERROR_NOT_FOUND);
    g_clear_error(&error);
    g_assert_true(pif_file_write(file, "farm: x", -1, 0600, &error));
    g_assert_true(pif_farm_find_file(NULL, &path, &error));
    g_assert_cmpstr(path, ==, file);
    g_clear_pointer(&path, g_free);
    g_assert_true(pif_farm_find_file("..", &path, &error));
    g_assert_cmpstr(path, ==, file);
    g_clear_pointer(&path, g_free);
    g_setenv("PIFARM_FILE", "/nowhere/farm.yaml", TRUE);
    g_assert_true(pif_farm_find_file("../farm.yaml", &path, &error));
    g_assert_cmpstr(path, ==, file);
    g_assert_false(pif_farm_find_file(NULL, &path, &error));
    g_assert_error(error, PIF_ERROR, PIF_ERROR_NOT_FOUND);
    g_assert_nonnull(strstr(error->message, "/nowhere/farm.yaml (as PIFARM_FILE says)"));
    g_unsetenv("PIFARM_FILE");
    g_assert_cmpint(chdir(before), ==, 0);
}

/* The entries of farm.yaml(5): lines like "*key*: type" or "*key*, *key*". Key -> its line. */
static GHashTable *read_manual(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *page = NULL;
    g_autofree char *path =
        g_test_build_filename(G_TEST_DIST, "..", "docs", "farm.yaml.5.scd", NULL);
    g_assert_true(pif_file_read(path, 1 << 20, &page, NULL, &error));
    char *end = strstr(page, "# EXAMPLES");
    g_assert_nonnull(end);
    *end = '\0';
    GHashTable *entries = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    g_auto(GStrv) lines = g_strsplit(page, "\n", -1);
    for (char **line = lines; *line; line++) {
        const char *text = *line + strspn(*line, "\t");
        g_auto(GStrv) words = g_strsplit(text, "*", -1);
        for (unsigned i = 1; *text == '*' && i < g_strv_length(words); i += 2)
            g_hash_table_insert(entries, g_strdup(words[i]), g_strdup(text));
    }
    return entries;
}

static void check_in_manual(const PifKey *keys, GHashTable *entries, GHashTable *documented)
{
    for (; keys->name; keys++) {
        const char *line = g_hash_table_lookup(entries, keys->name);
        if (!line)
            g_error("farm.yaml(5) has no entry for the key '%s'", keys->name);
        g_assert_cmpint(keys->is_required, ==, g_str_has_suffix(line, ", required"));
        g_hash_table_add(documented, (gpointer)keys->name);
        if (keys->keys)
            check_in_manual(keys->keys, entries, documented);
    }
}

static void the_manual_has_every_key_and_no_other(void)
{
    g_autoptr(GHashTable) entries = read_manual();
    g_autoptr(GHashTable) documented = g_hash_table_new(g_str_hash, g_str_equal);
    GHashTableIter iterator;
    gpointer key;
    check_in_manual(pif_farm_keys, entries, documented);
    g_hash_table_iter_init(&iterator, entries);
    while (g_hash_table_iter_next(&iterator, &key, NULL))
        if (!g_hash_table_contains(documented, key))
            g_error("farm.yaml(5) has an entry '%s', which is no key", (const char *)key);
}

static void add_golden_tests(void)
{
    const char *name;
    g_autoptr(GError) error = NULL;
    g_autoptr(GDir) folder = g_dir_open(".", 0, &error);
    g_assert_no_error(error);
    while ((name = g_dir_read_name(folder))) {
        if (!g_str_has_suffix(name, ".yaml"))
            continue;
        g_autofree char *path = g_strdup_printf("/farm/%s gives what is expected", name);
        g_test_add_data_func_full(path, g_strdup(name), a_file_gives_what_is_expected, g_free);
    }
}

#define ADD(test) g_test_add_func("/farm/" #test, test)

int main(int argc, char **argv)
{
    g_autofree char *home = set_home();
    g_test_init(&argc, &argv, NULL);
    g_autofree char *folder = g_test_build_filename(G_TEST_DIST, "data", "farm", NULL);
    if (chdir(folder) < 0)
        g_error("cannot enter %s", folder);
    ADD(ten_mistakes_are_ten_diagnostics);
    ADD(a_template_is_a_farm_without_mistakes);
    ADD(all_ids_of_a_farm_give_different_macs);
    ADD(macs_are_read_in_every_form);
    ADD(the_manual_has_every_key_and_no_other);
    g_test_add_data_func("/farm/a_template_names_the_key_that_there_is", home,
                         a_template_names_the_key_that_there_is);
    g_test_add_data_func("/farm/a_file_is_found_here_above_and_by_name", home,
                         a_file_is_found_here_above_and_by_name);
    add_golden_tests();
    int status = g_test_run();
    pif_dir_remove(home, NULL);
    return status;
}
