// SPDX-License-Identifier: MIT
// The recipe's key tables; what a value must look like is in images/prepare/fields.c.
#include "images/prepare/recipe.h"

#include "images/prepare/ssh-key.h"
#include "pifarm/base/error.h"
#include "pifarm/base/file.h"
#include "pifarm/base/yaml-keys.h"

#include <string.h>

enum { MAX_FILE_SIZE = 2 << 20 }; /* the YAML reader refuses half of that in better words */

#define AT(member) offsetof(PifRecipe, spec.member)

/* The row of the specification's member that a key is read into. */
static const PifPrepareField *field_of(const PifKey *key)
{
    const PifPrepareField *field = pif_prepare_fields;
    while (field->key && offsetof(PifRecipe, spec) + field->offset != key->offset)
        field++;
    g_assert(field->key);
    return field;
}

static gboolean check(const PifKeyScope *scope, const PifKey *key, const PifYaml *value,
                      const char *text)
{
    g_autoptr(GError) error = NULL;
    if (pif_prepare_field_check(field_of(key), text, &error))
        return TRUE;
    pif_key_refuse(scope, value, "'%s' of %s: %s", key->name, scope->what, error->message);
    return FALSE;
}

static void read_text(const PifKeyScope *scope, const PifKey *key, const PifYaml *value,
                      gpointer field)
{
    const char *text = pif_key_text(scope, key, value);
    if (field_of(key)->is_secret)
        pif_diagnostics_hide(scope->diagnostics, &value->place);
    if (text && check(scope, key, value, text))
        pif_key_read_string(scope, key, value, field);
}

/* A host name of each node's own is not the image's. */
static void read_hostname(const PifKeyScope *scope, const PifKey *key, const PifYaml *value,
                          gpointer field)
{
    const char *text = pif_key_text(scope, key, value);
    if (!text || !strchr(text, '{')) {
        read_text(scope, key, value, field);
        return;
    }
    g_autoptr(GString) sample = g_string_new(text);
    g_string_replace(sample, "{node}", "n", 0);
    if (strpbrk(sample->str, "{}"))
        pif_key_refuse(
            scope, value,
            "'%s' of %s: only {node}, the node's name, can be in a host name; the rest can be in "
            "units and scripts, and in texts of 'expand'",
            key->name, scope->what);
    else if (check(scope, key, value, sample->str))
        pif_key_read_string(scope, key, value, &((PifRecipe *)scope->context)->hostname);
}

/* `user: pi` for `user: { name: pi }`, and so on: the first key of the map. */
static void read_text_or_map(const PifKeyScope *scope, const PifKey *key, const PifYaml *value,
                             gpointer field)
{
    PifKey first = key->keys[0];
    first.name = key->name;
    if (value->kind == PIF_YAML_SCALAR && !pif_yaml_is_null(value))
        read_text(scope, &first, value, (char *)field + first.offset);
    else
        pif_key_read_map(scope, key, value, field);
}

static void append(gpointer field, const char *text)
{
    char ***list = field;
    guint length = *list ? g_strv_length(*list) : 0;
    *list = g_renew(char *, *list, length + 2);
    (*list)[length] = g_strdup(text);
    (*list)[length + 1] = NULL;
}

static void read_path(const PifKeyScope *scope, const PifKey *key, const PifYaml *value,
                      gpointer field)
{
    g_autofree char *path = NULL;
    gboolean is_tree = field_of(key)->kind == PIF_PREPARE_TREES;
    pif_key_read_path(scope, key, value, &path);
    if (!path || !check(scope, key, value, path))
        return;
    if (g_file_test(path, is_tree ? G_FILE_TEST_IS_DIR : G_FILE_TEST_IS_REGULAR))
        append(field, path);
    else
        pif_key_refuse(scope, value, "'%s' of %s: there is no %s %s", key->name, scope->what,
                       is_tree ? "folder" : "file", path);
}

/* Keys themselves, or files of them. */
static void read_ssh_key(const PifKeyScope *scope, const PifKey *key, const PifYaml *value,
                         gpointer field)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = NULL;
    const char *text = pif_key_text(scope, key, value);
    if (!text)
        return;
    if (pif_ssh_key_has_type(text)) {
        if (pif_ssh_key_is_public(text))
            append(field, text);
        else
            pif_key_refuse(scope, value,
                           "'%s' of %s is not a whole public key: copy the line again", key->name,
                           scope->what);
        return;
    }
    pif_key_read_path(scope, key, value, &path);
    if (!path)
        return;
    g_autoptr(GStrvBuilder) keys = g_strv_builder_new();
    if (!pif_ssh_key_read_file(path, keys, &error))
        pif_key_refuse(scope, value, "'%s' of %s: %s", key->name, scope->what, error->message);
    else if (!((PifRecipe *)scope->context)->ssh_identity)
        ((PifRecipe *)scope->context)->ssh_identity = pif_ssh_key_find_private(path);
    g_auto(GStrv) lines = g_strv_builder_end(keys);
    for (char **line = lines; *line; line++)
        append(field, *line);
}

static void read_each(const PifKeyScope *scope, const PifKey *key, const PifYaml *value,
                      gpointer field, PifKeyReader read)
{
    if (value->kind != PIF_YAML_LIST)
        read(scope, key, value, field);
    else
        for (guint i = 0; i < value->values->len; i++)
            read(scope, key, value->values->pdata[i], field);
}

static void read_paths(const PifKeyScope *scope, const PifKey *key, const PifYaml *value,
                       gpointer field)
{
    read_each(scope, key, value, field, read_path);
}

static void read_ssh_keys(const PifKeyScope *scope, const PifKey *key, const PifYaml *value,
                          gpointer field)
{
    read_each(scope, key, value, field, read_ssh_key);
}

static void read_item(const PifKeyScope *scope, const PifKey *key, const PifYaml *value,
                      gpointer field)
{
    const char *text = pif_key_text(scope, key, value);
    if (text && check(scope, key, value, text))
        append(field, text);
}

static void read_items(const PifKeyScope *scope, const PifKey *key, const PifYaml *value,
                       gpointer field)
{
    read_each(scope, key, value, field, read_item);
}

static const PifKey user_keys[] = {
    {"name", read_text, .offset = AT(user), .is_required = TRUE},
    {"password-hash", read_text, .offset = AT(password_hash)},
    {NULL},
};

static const PifKey wifi_keys[] = {
    {"ssid", read_text, .offset = AT(wifi), .is_required = TRUE},
    {"psk", read_text, .offset = AT(wifi_psk)},
    {"country", read_text, .offset = AT(wifi_country)},
    {NULL},
};

static const PifKey recipe_keys[] = {
    {"grow", pif_key_read_size, .offset = AT(size), .min = 16ULL << 20, .max = 2ULL << 40},
    {"hostname", read_hostname, .offset = AT(hostname)},
    {"user", read_text_or_map, .keys = user_keys},
    {"ssh-keys", read_ssh_keys, .offset = AT(ssh_keys)},
    {"ssh-enable", pif_key_read_truth, .offset = AT(enable_ssh)},
    {"wifi", read_text_or_map, .keys = wifi_keys},
    {"locale", read_text, .offset = AT(locale)},
    {"timezone", read_text, .offset = AT(timezone)},
    {"keyboard", read_text, .offset = AT(keyboard)},
    {"copy", read_paths, .offset = AT(copies)},
    {"expand", read_paths, .offset = AT(expansions)},
    {"unit", read_paths, .offset = AT(units)},
    {"firstboot", read_paths, .offset = AT(firstboots)},
    {"packages", read_items, .offset = AT(packages)},
    {"run", read_items, .offset = AT(runs)},
    {"run-booted", read_items, .offset = AT(booted_runs)},
    {NULL},
};

void pif_recipe_free(PifRecipe *recipe)
{
    if (!recipe)
        return;
    pif_prepare_spec_clear(&recipe->spec);
    g_free(recipe->path);
    g_free(recipe->hostname);
    g_free(recipe->ssh_identity);
    g_free(recipe);
}

static void read_tree(PifRecipe *recipe, const PifYaml *root, PifDiagnostics *diagnostics)
{
    g_autofree char *directory = g_path_get_dirname(recipe->path);
    PifKeyScope scope = {diagnostics, "this recipe", directory, recipe};
    const PifYaml *keys = pif_yaml_get_key(root, "ssh-keys");
    recipe->spec.enable_ssh = TRUE;
    pif_keys_read(&scope, recipe_keys, root, recipe);
    if (keys && !pif_yaml_get(root, "user"))
        pif_key_refuse(&scope, keys, "this recipe has 'ssh-keys' but no 'user': whose are they?");
}

PifRecipe *pif_recipe_parse(const char *path, const char *text, gsize size, GError **error)
{
    g_autofree char *copy = g_malloc(size + 1); /* with a NUL after it */
    if (size)
        memcpy(copy, text, size);
    copy[size] = '\0';
    g_autoptr(PifRecipe) recipe = g_new0(PifRecipe, 1);
    recipe->path = g_canonicalize_filename(path, NULL);
    g_autoptr(PifDiagnostics) diagnostics = pif_diagnostics_new(path, copy, size);
    g_autoptr(PifYaml) root = pif_yaml_parse(copy, size, diagnostics);
    if (root)
        read_tree(recipe, root, diagnostics);
    return pif_diagnostics_raise(diagnostics, error) ? g_steal_pointer(&recipe) : NULL;
}

PifRecipe *pif_recipe_load(const char *path, GError **error)
{
    gsize size;
    g_autofree char *text = NULL;
    if (!g_file_test(path, G_FILE_TEST_IS_REGULAR)) {
        pif_error_set(error, PIF_ERROR_NOT_FOUND, "there is no recipe %s", path);
        return NULL;
    }
    if (!pif_file_read(path, MAX_FILE_SIZE, &text, &size, error))
        return NULL;
    return pif_recipe_parse(path, text, size, error);
}
