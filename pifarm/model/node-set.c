// SPDX-License-Identifier: MIT
// Nodes picked by the arguments of a command.
#include "pifarm/base/error.h"
#include "pifarm/base/suggest.h"
#include "pifarm/model/farm.h"
#include "pifarm/model/range.h"

#include <string.h>

const PifNode *pif_farm_find_node(const PifFarm *farm, const char *name)
{
    for (unsigned i = 0; i < farm->nodes->len; i++) {
        const PifNode *node = g_ptr_array_index(farm->nodes, i);
        if (strcmp(node->name, name) == 0)
            return node;
    }
    return NULL;
}

static gboolean has_id(const PifNode *node, const char *word)
{
    guint64 id;
    return g_ascii_string_to_unsigned(word, 10, 0, G_MAXUINT, &id, NULL) && node->id == id;
}

static gboolean has_port(const PifNode *node, const char *word)
{
    if (!node->switch_name)
        return FALSE;
    g_autofree char *port = g_strdup_printf("%s/%u", node->switch_name, node->port);
    return strcmp(port, word) == 0;
}

static gboolean has_group(const PifNode *node, const char *word)
{
    return *word == '@' && g_strv_contains((const char *const *)node->groups, word + 1);
}

static gboolean is_named(const PifNode *node, const char *word)
{
    return strcmp(node->name, word) == 0 || has_id(node, word) || has_port(node, word) ||
           has_group(node, word);
}

static const char *suggest_node(const PifFarm *farm, const char *word)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    for (unsigned i = 0; i < farm->nodes->len; i++)
        g_ptr_array_add(names, ((const PifNode *)g_ptr_array_index(farm->nodes, i))->name);
    g_ptr_array_add(names, NULL);
    return pif_suggest(word, (const char *const *)names->pdata);
}

static const char *suggest_group(const PifFarm *farm, const char *word)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    for (unsigned i = 0; i < farm->nodes->len; i++)
        for (char **group = ((PifNode *)g_ptr_array_index(farm->nodes, i))->groups; *group; group++)
            g_ptr_array_add(names, *group);
    g_ptr_array_add(names, NULL);
    return pif_suggest(word, (const char *const *)names->pdata);
}

static gboolean refuse_word(const PifFarm *farm, const char *word, GError **error)
{
    const char *suggestion =
        *word == '@' ? suggest_group(farm, word + 1) : suggest_node(farm, word);
    const char *kind = *word == '@' ? "group" : strchr(word, '/') ? "node on port" : "node";
    const char *at = *word == '@' ? "@" : "";
    if (suggestion)
        return pif_error_set(error, PIF_ERROR_NOT_FOUND,
                             "farm '%s' has no %s '%s'; did you mean '%s%s'?", farm->name, kind,
                             word, at, suggestion);
    return pif_error_set(error, PIF_ERROR_NOT_FOUND,
                         "farm '%s' has no %s '%s'; `pifarm list` shows what it has", farm->name,
                         kind, word);
}

static gboolean pick_word(const PifFarm *farm, const char *word, GHashTable *picked, GError **error)
{
    gboolean is_found = FALSE;
    for (unsigned i = 0; i < farm->nodes->len; i++) {
        PifNode *node = g_ptr_array_index(farm->nodes, i);
        if (!is_named(node, word))
            continue;
        g_hash_table_add(picked, node);
        is_found = TRUE;
    }
    return is_found || refuse_word(farm, word, error);
}

static gboolean pick_pattern(const PifFarm *farm, const char *pattern, GHashTable *picked,
                             GError **error)
{
    const char *problem;
    g_auto(GStrv) words = pif_range_expand(pattern, &problem);
    if (!words)
        return pif_error_set(error, PIF_ERROR_USAGE, "'%s': %s", pattern, problem);
    for (char **word = words; *word; word++)
        if (!pick_word(farm, *word, picked, error))
            return FALSE;
    return TRUE;
}

/* Up to the next comma that is not in brackets. */
static gsize pattern_length(const char *text)
{
    gboolean is_inside = FALSE;
    gsize length = 0;
    for (; text[length] && (is_inside || text[length] != ','); length++)
        if (text[length] == '[' || text[length] == ']')
            is_inside = text[length] == '[';
    return length;
}

/* "n1,n[3-5]": patterns with commas between them. */
static gboolean pick_argument(const PifFarm *farm, const char *argument, GHashTable *picked,
                              GError **error)
{
    for (;; argument++) {
        gsize length = pattern_length(argument);
        g_autofree char *pattern = g_strndup(argument, length);
        if (!pick_pattern(farm, pattern, picked, error))
            return FALSE;
        argument += length;
        if (*argument == '\0')
            return TRUE;
    }
}

GPtrArray *pif_farm_select(const PifFarm *farm, const char *const *arguments, gboolean all,
                           GError **error)
{
    g_autoptr(GHashTable) picked = g_hash_table_new(NULL, NULL);
    gboolean has_arguments = arguments && *arguments;
    if (all && has_arguments) {
        pif_error_set(error, PIF_ERROR_USAGE, "name nodes or say --all, not both");
        return NULL;
    }
    if (!all && !has_arguments) {
        pif_error_set(error, PIF_ERROR_USAGE,
                      "which nodes? n1, n[1-4], 3 (an ID), @group, sw0/[1-4] (ports), or --all");
        return NULL;
    }
    for (; has_arguments && *arguments; arguments++)
        if (!pick_argument(farm, *arguments, picked, error))
            return NULL;
    GPtrArray *nodes = g_ptr_array_new();
    for (unsigned i = 0; i < farm->nodes->len; i++) {
        gpointer node = g_ptr_array_index(farm->nodes, i);
        if (all || g_hash_table_contains(picked, node))
            g_ptr_array_add(nodes, node);
    }
    return nodes;
}
