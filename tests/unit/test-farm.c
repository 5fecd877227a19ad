// SPDX-License-Identifier: MIT
// farm.yaml: each tests/data/farm/*.yaml gives its .expected, the farm or the mistakes. With
// PIFARM_REGENERATE=1 the .expected files are written instead: review the difference.
#include "pifarm/base/error.h"
#include "pifarm/base/file.h"
#include "pifarm/model/farm.h"

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
    g_string_append_c(out, '\n');
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

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_autofree char *folder = g_test_build_filename(G_TEST_DIST, "data", "farm", NULL);
    if (chdir(folder) < 0)
        g_error("cannot enter %s", folder);
    g_test_add_func("/farm/ten mistakes are ten diagnostics", ten_mistakes_are_ten_diagnostics);
    add_golden_tests();
    return g_test_run();
}
