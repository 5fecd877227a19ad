// SPDX-License-Identifier: MIT
// systemd.syntax(7) and the [Install] section of systemd.unit(5), as far as enabling goes.
#include "images/prepare/unit-file.h"

#include "pifarm/base/error.h"

#include <string.h>

/* How each key makes a link of a unit that it names; an Alias has another name. */
static const struct {
    const char *key;
    const char *suffix;
} link_keys[] = {{"WantedBy", ".wants"}, {"RequiredBy", ".requires"}, {"Alias", NULL}};

/* An [Install] section: keys and values, of which later ones add to earlier ones. */
typedef struct {
    GPtrArray *keys; /* char *, key and value in turn */
    const char *default_instance;
} Install;

static gboolean is_unit_name(const char *name)
{
    return g_regex_match_simple("^[A-Za-z0-9_][A-Za-z0-9:_.@\\\\-]{0,200}\\.[a-z]{4,9}\\z", name,
                                G_REGEX_DEFAULT, G_REGEX_MATCH_DEFAULT);
}

/* Lines that end in a backslash go on in the next. */
static char **join_lines(const char *text)
{
    g_autoptr(GString) joined = g_string_new(text);
    g_string_replace(joined, "\r\n", "\n", 0);
    g_string_replace(joined, "\\\n", " ", 0);
    return g_strsplit(joined->str, "\n", -1);
}

static gboolean is_section(const char *line)
{
    return *line == '[' && g_str_has_suffix(line, "]");
}

/* Adds what is under [Install] to install. FALSE: the line is nothing that a unit file can have. */
static gboolean read_line(const char *line, char **section, Install *install)
{
    if (!*line || *line == '#' || *line == ';')
        return TRUE;
    if (is_section(line)) {
        g_free(*section);
        *section = g_strdup(line);
        return TRUE;
    }
    const char *equals = strchr(line, '=');
    if (!equals || !*section)
        return FALSE;
    if (g_str_equal(*section, "[Install]")) {
        g_ptr_array_add(install->keys, g_strchomp(g_strndup(line, (gsize)(equals - line))));
        g_ptr_array_add(install->keys, g_strstrip(g_strdup(equals + 1)));
    }
    return TRUE;
}

static gboolean read_install(const char *name, const char *text, Install *install, GError **error)
{
    g_autofree char *section = NULL;
    g_auto(GStrv) lines = join_lines(text);
    for (char **line = lines; *line; line++)
        if (!read_line(g_strstrip(*line), &section, install))
            return pif_error_set(error, PIF_ERROR_CONFIG,
                                 "%s is no systemd unit: '%.60s' is neither a [Section] nor "
                                 "Key=Value in one",
                                 name, *line);
    if (!section)
        return pif_error_set(error, PIF_ERROR_CONFIG, "%s is no systemd unit: it is empty", name);
    for (guint i = 0; i < install->keys->len; i += 2)
        if (g_str_equal(install->keys->pdata[i], "DefaultInstance"))
            install->default_instance = install->keys->pdata[i + 1];
    return TRUE;
}

/* A template, as getty@.service, is enabled as its default instance, or not at all. NULL then. */
static char *instance_of(const char *name, const Install *install)
{
    const char *at = strstr(name, "@.");
    if (!at)
        return g_strdup(name);
    if (!install->default_instance || !*install->default_instance)
        return NULL;
    return g_strdup_printf("%.*s@%s%s", (int)(at - name), name, install->default_instance, at + 1);
}

static gboolean add_links(const char *name, const char *instance, const char *suffix,
                          const char *value, GHashTable *links, GError **error)
{
    g_auto(GStrv) units = g_strsplit_set(value, " \t", -1);
    for (char **unit = units; *unit; unit++) {
        if (!**unit)
            continue;
        if (!is_unit_name(*unit))
            return pif_error_set(error, PIF_ERROR_CONFIG,
                                 "%s: '%.60s' in [Install] is no name of a unit", name, *unit);
        g_hash_table_insert(
            links, suffix ? g_strconcat(*unit, suffix, "/", instance, NULL) : g_strdup(*unit),
            g_strconcat("/etc/systemd/system/", name, NULL));
    }
    return TRUE;
}

static gboolean read_links(const char *name, const Install *install, GHashTable *links,
                           GError **error)
{
    g_autofree char *instance = instance_of(name, install);
    if (instance && !is_unit_name(instance))
        return pif_error_set(error, PIF_ERROR_CONFIG, "%s: '%.60s' cannot be a DefaultInstance",
                             name, install->default_instance);
    for (guint i = 0; instance && i < install->keys->len; i += 2)
        for (size_t k = 0; k < G_N_ELEMENTS(link_keys); k++)
            if (g_str_equal(install->keys->pdata[i], link_keys[k].key) &&
                !add_links(name, instance, link_keys[k].suffix, install->keys->pdata[i + 1], links,
                           error))
                return FALSE;
    return TRUE;
}

GHashTable *pif_unit_file_links(const char *name, const char *text, GError **error)
{
    g_autoptr(GPtrArray) keys = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GHashTable) links = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    Install install = {keys, NULL};
    if (!read_install(name, text, &install, error) || !read_links(name, &install, links, error))
        return NULL;
    return g_steal_pointer(&links);
}

gboolean pif_unit_file_check(const char *name, const char *text, GError **error)
{
    g_autoptr(GHashTable) links = pif_unit_file_links(name, text, error);
    return links != NULL;
}
