// SPDX-License-Identifier: MIT
// The list, then templates and files at once.
#include "images/card/template.h"

#include "images/card/node-values.h"
#include "pifarm/base/error.h"

#include <string.h>
#include <sys/stat.h>

enum { MAX_PATH = 512 };

static void template_free(gpointer data)
{
    PifTemplate *template = data;
    g_free(template->path);
    g_free(template->text);
    g_clear_pointer(&template->content, g_bytes_unref);
    g_free(template);
}

void pif_templates_clear(PifTemplates *templates)
{
    g_clear_pointer(&templates->templates, g_ptr_array_unref);
    g_clear_pointer(&templates->entries, g_hash_table_unref);
}

gboolean pif_template_is_path(const char *line)
{
    return strlen(line) <= MAX_PATH && pif_card_root_is_plain(line) &&
           g_regex_match_simple("^(/(?!\\.{1,2}(/|$))[^/]+)+\\z", line, G_REGEX_DEFAULT,
                                G_REGEX_MATCH_DEFAULT) &&
           !g_str_has_prefix(line, "/etc/pifarm/");
}

static char *template_path(const char *path)
{
    return g_strconcat(PIF_TEMPLATE_FOLDER, path, NULL);
}

/* The lines of the list. Free it. */
static char **read_list(GBytes *list, GError **error)
{
    gsize size = 0;
    const char *bytes = list ? g_bytes_get_data(list, &size) : NULL;
    g_autofree char *text = g_strndup(bytes ? bytes : "", size);
    g_auto(GStrv) lines = g_strsplit(g_strchomp(text), "\n", -1);
    if (g_strv_length(lines) > PIF_TEMPLATES_MAX) {
        pif_error_set(error, PIF_ERROR_CONFIG, PIF_TEMPLATE_LIST " has more than %d lines",
                      PIF_TEMPLATES_MAX);
        return NULL;
    }
    for (char **line = lines; *line; line++)
        if (!pif_template_is_path(*line)) {
            g_autofree char *shown = g_strescape(*line, NULL);
            pif_error_set(error, PIF_ERROR_CONFIG,
                          "'%.60s' in " PIF_TEMPLATE_LIST " cannot be the path of a file", shown);
            return NULL;
        }
    return g_steal_pointer(&lines);
}

/* Takes folder. */
static void add_once(GStrvBuilder *folders, GHashTable *seen, char *folder)
{
    if (!g_hash_table_contains(seen, folder))
        g_strv_builder_add(folders, folder);
    g_hash_table_add(seen, folder);
}

/* Those above each path and its template, outermost first. Free it. */
static char **list_folders(char *const *paths)
{
    g_autoptr(GStrvBuilder) folders = g_strv_builder_new();
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (; *paths; paths++) {
        for (const char *slash = strchr(*paths + 1, '/'); slash; slash = strchr(slash + 1, '/'))
            add_once(folders, seen, g_strndup(*paths, (gsize)(slash - *paths)));
        g_autofree char *template = template_path(*paths);
        add_once(folders, seen, g_path_get_dirname(template));
    }
    return g_strv_builder_end(folders);
}

/* The paths, then those of their templates. */
static char **list_files(char *const *paths)
{
    g_autoptr(GStrvBuilder) files = g_strv_builder_new();
    g_strv_builder_addv(files, (const char **)paths);
    for (; *paths; paths++) {
        g_autofree char *template = template_path(*paths);
        g_strv_builder_add(files, template);
    }
    return g_strv_builder_end(files);
}

static gboolean add_template(PifTemplates *templates, GHashTable *contents, const char *path,
                             GError **error)
{
    gsize size;
    g_autofree char *from = template_path(path);
    GBytes *text = g_hash_table_lookup(contents, from);
    GBytes *content = g_hash_table_lookup(contents, path);
    const PifCardEntry *entry = g_hash_table_lookup(templates->entries, from);
    if (!text || !entry)
        return TRUE;
    const char *bytes = g_bytes_get_data(text, &size);
    if (size > PIF_TEMPLATE_MAX_SIZE || memchr(bytes ? bytes : "", '\0', size))
        return pif_error_set(error, PIF_ERROR_CONFIG,
                             "the template %s is no text, or larger than %d KiB", from,
                             PIF_TEMPLATE_MAX_SIZE / 1024);
    PifTemplate *template = g_new0(PifTemplate, 1);
    template->path = g_strdup(path);
    template->text = g_strndup(bytes ? bytes : "", size);
    template->entry = *entry;
    template->content = content ? g_bytes_ref(content) : NULL;
    g_ptr_array_add(templates->templates, template);
    return TRUE;
}

gboolean pif_templates_read(PifCardRoot *root, GBytes *list, PifTemplates *ret_templates,
                            GError **error)
{
    g_auto(PifTemplates) templates = {.templates = g_ptr_array_new_with_free_func(template_free)};
    g_autoptr(GHashTable) contents = NULL;
    if (!list || !g_bytes_get_size(list))
        return TRUE;
    g_auto(GStrv) paths = read_list(list, error);
    if (!paths)
        return FALSE;
    g_auto(GStrv) folders = list_folders(paths);
    g_auto(GStrv) files = list_files(paths);
    if (!pif_card_root_survey(root, (const char *const *)folders, (const char *const *)files,
                              &templates.entries, &contents, error))
        return FALSE;
    for (char **path = paths; *path; path++)
        if (!add_template(&templates, contents, *path, error))
            return FALSE;
    *ret_templates = templates;
    templates = (PifTemplates){0};
    return TRUE;
}

/* Each folder once: a change that makes one says so for the templates that follow. */
static void add_folders(const PifTemplates *templates, const char *path, GPtrArray *changes)
{
    for (const char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        g_autofree char *folder = g_strndup(path, (gsize)(slash - path));
        g_autofree char *dot = g_strconcat(folder, "/.", NULL);
        if (g_hash_table_contains(templates->entries, dot))
            continue;
        pif_card_change_add(changes, folder, NULL, S_IFDIR | 0755);
        g_hash_table_insert(templates->entries, g_steal_pointer(&dot), g_new0(PifCardEntry, 1));
    }
}

void pif_templates_expand(const PifTemplates *templates, const char *node_env, GPtrArray *changes)
{
    for (guint i = 0; templates->templates && i < templates->templates->len; i++) {
        const PifTemplate *template = templates->templates->pdata[i];
        g_autofree char *text = pif_node_values_expand(template->text, node_env);
        add_folders(templates, template->path, changes);
        PifCardChange *change =
            pif_card_change_add(changes, template->path, text, template->entry.mode);
        change->uid = template->entry.uid;
        change->gid = template->entry.gid;
    }
}

gboolean pif_templates_take_back(const PifTemplates *templates, const char *node_env,
                                 GPtrArray *changes, GError **error)
{
    for (guint i = 0; templates->templates && i < templates->templates->len; i++) {
        const PifTemplate *template = templates->templates->pdata[i];
        if (!template->content)
            continue;
        g_autofree char *text = pif_node_values_expand(template->text, node_env);
        g_autoptr(GBytes) made = g_bytes_new_static(text, strlen(text));
        if (!g_bytes_equal(made, template->content))
            return pif_error_set(
                error, PIF_ERROR_CONFIG,
                "%s was changed on the node, but each clone gets it anew from the "
                "template " PIF_TEMPLATE_FOLDER
                "%s: make the change there, with {node} and such, and remove "
                "the file; or, if all are to have it as it is, remove the template",
                template->path, template->path);
        pif_card_change_add(changes, template->path, NULL, 0);
    }
    return TRUE;
}
