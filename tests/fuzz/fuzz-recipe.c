// SPDX-License-Identifier: MIT
// Fuzz target: any bytes as a recipe, a permissions file, a unit or user-data give what keeps its
// promises, or an error that is fit to print.
#include "images/prepare/permissions.h"
#include "images/prepare/recipe.h"
#include "images/prepare/settings.h"
#include "images/prepare/unit-file.h"
#include "pifarm/base/error.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Nothing in a recipe names a file that is there, but for folders: none of that is read here. */
static void check_recipe(const uint8_t *data, size_t size)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GError) unfit = NULL;
    g_autoptr(PifRecipe) recipe =
        pif_recipe_parse("/nowhere/r.yaml", (const char *)data, size, &error);
    if (recipe) {
        gboolean has_owner = recipe->spec.user || !recipe->spec.ssh_keys;
        g_assert_true(pif_prepare_spec_check(&recipe->spec, &unfit) || !has_owner);
    } else {
        g_assert_error(error, PIF_ERROR, PIF_ERROR_CONFIG);
        g_assert_true(g_utf8_validate(error->message, -1, NULL));
    }
}

static void check_permissions(const char *text)
{
    GHashTableIter iterator;
    gpointer path, value;
    g_autoptr(GHashTable) table = pif_permissions_parse("p", text, NULL);
    if (!table)
        return;
    g_hash_table_iter_init(&iterator, table);
    while (g_hash_table_iter_next(&iterator, &path, &value)) {
        g_autofree char *inside = g_strconcat("/", path, "/", NULL);
        g_assert_null(strstr(inside, "/../"));
        g_assert_null(strstr(inside, "//"));
        g_assert_cmpuint(((PifPermission *)value)->mode, <=, 07777);
    }
}

static void check_unit(const char *text)
{
    GHashTableIter iterator;
    gpointer link;
    g_autoptr(GHashTable) links = pif_unit_file_links("a@.service", text, NULL);
    if (!links)
        return;
    g_hash_table_iter_init(&iterator, links);
    while (g_hash_table_iter_next(&iterator, &link, NULL)) {
        const char *slash = strchr(link, '/');
        g_assert_true(*(char *)link != '-' && *(char *)link != '.' && link != slash);
        g_assert_true(!slash || !strchr(slash + 1, '/'));
    }
}

static void check_settings(const char *text)
{
    static const char *const dropped[] = {"users", NULL};
    g_autofree char *user_data = pif_settings_edit_cloud_config(text, dropped, "users: []\n", NULL);
    g_autofree char *locale = pif_settings_enable_locale(text, "C");
    g_autofree char *set = pif_settings_set(text, "A", "x");
    g_autofree char *again = pif_settings_set(set, "A", "x");
    g_assert_cmpstr(set, ==, again);
    g_assert_true(!user_data || g_str_has_suffix(user_data, "\nusers: []\n"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *text = g_strndup((const char *)data, size);
    check_recipe(data, size);
    if (!g_utf8_validate(text, -1, NULL))
        return 0;
    check_permissions(text);
    check_unit(text);
    check_settings(text);
    return 0;
}
