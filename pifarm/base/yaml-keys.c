// SPDX-License-Identifier: MIT
// Key tables and the readers of common types.
#include "pifarm/base/yaml-keys.h"

#include "pifarm/base/paths.h"
#include "pifarm/base/size.h"
#include "pifarm/base/suggest.h"

#include <stdarg.h>
#include <string.h>

void pif_key_refuse(const PifKeyScope *scope, const PifYaml *value, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *message = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    pif_diagnostics_add(scope->diagnostics, &value->place, "%s", message);
}

void pif_key_expect(const PifKeyScope *scope, const PifKey *key, const PifYaml *value,
                    const char *expected)
{
    g_autofree char *found = NULL;
    if (pif_yaml_is_null(value))
        found = g_strdup("nothing");
    else if (value->kind == PIF_YAML_SCALAR && !*value->text)
        found = g_strdup("an empty text");
    else if (value->kind == PIF_YAML_SCALAR)
        found = g_strdup_printf("'%s'", value->text);
    else
        found = g_strdup(value->kind == PIF_YAML_LIST ? "a list" : "a map");
    pif_key_refuse(scope, value, "'%s' of %s must be %s, not %s", key->name, scope->what, expected,
                   found);
}

static const PifKey *find_key(const PifKey *keys, const char *name)
{
    for (; keys->name; keys++)
        if (strcmp(keys->name, name) == 0)
            return keys;
    return NULL;
}

/* The keys' names, NULL-terminated; without those that would be refused, when it is for a list of
 * what to use. */
static GPtrArray *list_names(const PifKey *keys, gboolean with_later)
{
    GPtrArray *names = g_ptr_array_new();
    for (; keys->name; keys++)
        if (with_later || keys->read != pif_key_read_later)
            g_ptr_array_add(names, (gpointer)keys->name);
    g_ptr_array_add(names, NULL);
    return names;
}

static void refuse_unknown(const PifKeyScope *scope, const PifKey *keys, const PifYaml *name)
{
    g_autoptr(GPtrArray) names = list_names(keys, TRUE);
    const char *suggestion = pif_suggest(name->text, (const char *const *)names->pdata);
    if (suggestion) {
        pif_key_refuse(scope, name, "unknown key '%s' in %s; did you mean '%s'?", name->text,
                       scope->what, suggestion);
        return;
    }
    g_autoptr(GPtrArray) useful = list_names(keys, FALSE);
    g_autofree char *known = g_strjoinv(", ", (char **)useful->pdata);
    pif_key_refuse(scope, name, "unknown key '%s' in %s; known are %s", name->text, scope->what,
                   known);
}

static void require(const PifKeyScope *scope, const PifKey *keys, const PifYaml *map)
{
    for (; keys->name; keys++)
        if (keys->is_required && !pif_yaml_get(map, keys->name))
            pif_key_refuse(scope, map, "%s has no '%s'", scope->what, keys->name);
}

void pif_keys_read(const PifKeyScope *scope, const PifKey *keys, const PifYaml *map,
                   gpointer record)
{
    if (map->kind != PIF_YAML_MAP && !pif_yaml_is_null(map)) {
        pif_key_refuse(scope, map, "%s must be a map ('key: value' lines), not %s", scope->what,
                       map->kind == PIF_YAML_LIST ? "a list" : "a single value");
        return;
    }
    for (unsigned i = 0; map->keys && i < map->keys->len; i++) {
        const PifYaml *name = g_ptr_array_index(map->keys, i);
        const PifKey *key = find_key(keys, name->text);
        if (key)
            key->read(scope, key, g_ptr_array_index(map->values, i), (char *)record + key->offset);
        else
            refuse_unknown(scope, keys, name);
    }
    require(scope, keys, map);
}

const char *pif_key_text(const PifKeyScope *scope, const PifKey *key, const PifYaml *value)
{
    if (value->kind == PIF_YAML_SCALAR && *value->text && !pif_yaml_is_null(value))
        return value->text;
    pif_key_expect(scope, key, value, "a single value");
    return NULL;
}

static void set_string(char **field, char *text)
{
    g_free(*field);
    *field = text;
}

void pif_key_read_string(const PifKeyScope *scope, const PifKey *key, const PifYaml *value,
                         gpointer field)
{
    const char *text = pif_key_text(scope, key, value);
    if (text)
        set_string(field, g_strdup(text));
}

void pif_key_read_strings(const PifKeyScope *scope, const PifKey *key, const PifYaml *value,
                          gpointer field)
{
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
    const GPtrArray *items = value->kind == PIF_YAML_LIST ? value->values : NULL;
    for (unsigned i = 0; i < (items ? items->len : 1); i++) {
        const char *text = pif_key_text(scope, key, items ? g_ptr_array_index(items, i) : value);
        if (!text)
            return;
        g_strv_builder_add(builder, text);
    }
    g_strfreev(*(char ***)field);
    *(char ***)field = g_strv_builder_end(builder);
}

/* Decimal digits only: 010, 0x10 and 1e3 mean different things to different programs. */
static gboolean parse_number(const char *text, guint64 *ret_number)
{
    return (text[0] != '0' || text[1] == '\0') &&
           g_ascii_string_to_unsigned(text, 10, 0, G_MAXUINT32, ret_number, NULL);
}

void pif_key_read_number(const PifKeyScope *scope, const PifKey *key, const PifYaml *value,
                         gpointer field)
{
    guint64 number;
    if (value->kind == PIF_YAML_SCALAR && parse_number(value->text, &number) &&
        number >= key->min && (!key->max || number <= key->max)) {
        *(unsigned *)field = (unsigned)number;
        return;
    }
    guint64 max = key->max ? key->max : G_MAXUINT32;
    g_autofree char *expected = g_strdup_printf(
        "a whole number from %" G_GUINT64_FORMAT " to %" G_GUINT64_FORMAT, key->min, max);
    pif_key_expect(scope, key, value, expected);
}

void pif_key_read_truth(const PifKeyScope *scope, const PifKey *key, const PifYaml *value,
                        gpointer field)
{
    static const char *const yes[] = {"true", "yes", "on", NULL};
    static const char *const no[] = {"false", "no", "off", NULL};
    g_autofree char *word =
        value->kind == PIF_YAML_SCALAR ? g_ascii_strdown(value->text, -1) : g_strdup("");
    if (g_strv_contains(yes, word) || g_strv_contains(no, word))
        *(gboolean *)field = g_strv_contains(yes, word);
    else
        pif_key_expect(scope, key, value, "true or false");
}

void pif_key_read_size(const PifKeyScope *scope, const PifKey *key, const PifYaml *value,
                       gpointer field)
{
    guint64 bytes;
    if (value->kind != PIF_YAML_SCALAR || !pif_size_parse(value->text, &bytes)) {
        pif_key_expect(scope, key, value, "a size like 4GiB or 512MiB");
    } else if (bytes < key->min || (key->max && bytes > key->max)) {
        g_autofree char *min = pif_size_format(key->min), *max = pif_size_format(key->max);
        g_autofree char *expected = g_strdup_printf("a size from %s to %s", min, max);
        pif_key_expect(scope, key, value, expected);
    } else {
        *(guint64 *)field = bytes;
    }
}

void pif_key_read_path(const PifKeyScope *scope, const PifKey *key, const PifYaml *value,
                       gpointer field)
{
    const char *text = pif_key_text(scope, key, value);
    if (!text)
        return;
    if (g_str_has_prefix(text, "~/")) {
        g_autofree char *home = pif_paths_home();
        set_string(field, g_build_filename(home, text + 2, NULL));
    } else if (*text == '~')
        pif_key_expect(scope, key, value, "a path; ~ is understood as in ~/file only");
    else
        set_string(field, g_canonicalize_filename(text, scope->directory));
}

void pif_key_read_map(const PifKeyScope *scope, const PifKey *key, const PifYaml *value,
                      gpointer field)
{
    g_autofree char *what = g_strdup_printf("'%s' of %s", key->name, scope->what);
    PifKeyScope inner = *scope;
    inner.what = what;
    pif_keys_read(&inner, key->keys, value, field);
}

void pif_key_read_later(const PifKeyScope *scope, const PifKey *key, const PifYaml *value,
                        gpointer field)
{
    pif_key_refuse(scope, value, "'%s' of %s is not supported by this version yet", key->name,
                   scope->what);
}
