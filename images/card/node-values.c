// SPDX-License-Identifier: MIT
// One pattern for all that is done with such a text.
#include "images/card/node-values.h"

#include <string.h>

#define OF_ONE_NODE "node|id|address|mac|serial"
#define ANY OF_ONE_NODE "|farm"
/* Alternatives are tried in their order, so that the doubled braces win. */
static const char pattern[] = "\\{\\{(?<literal>" ANY ")\\}\\}|(?<!\\$)\\{(?<value>" ANY ")\\}";

static GRegex *new_regex(const char *text)
{
    GRegex *regex = g_regex_new(text, G_REGEX_RAW, G_REGEX_MATCH_DEFAULT, NULL);
    g_assert(regex);
    return regex;
}

gboolean pif_node_values_are_in(const char *text)
{
    g_autoptr(GRegex) regex = new_regex(pattern);
    return g_regex_match(regex, text, G_REGEX_MATCH_DEFAULT, NULL);
}

gboolean pif_node_values_distinguish(const char *text)
{
    g_autoptr(GRegex) regex = new_regex("(?<![${])\\{(" OF_ONE_NODE ")\\}");
    return g_regex_match(regex, text, G_REGEX_MATCH_DEFAULT, NULL);
}

static char *find_value(const char *node_env, const char *name)
{
    g_autofree char *variable = g_ascii_strup(name, -1);
    g_autofree char *prefix = g_strconcat(variable, "=", NULL);
    g_auto(GStrv) lines = g_strsplit(node_env, "\n", -1);
    for (char **line = lines; *line; line++)
        if (g_str_has_prefix(*line, prefix))
            return g_strdup(*line + strlen(prefix));
    return NULL;
}

static gboolean on_match(const GMatchInfo *match, GString *result, gpointer node_env)
{
    g_autofree char *literal = g_match_info_fetch_named(match, "literal");
    g_autofree char *name = g_match_info_fetch_named(match, "value");
    g_autofree char *value = name && *name ? find_value(node_env, name) : NULL;
    if (value)
        g_string_append(result, value);
    else
        g_string_append_printf(result, "{%s}", name && *name ? name : literal);
    return FALSE;
}

char *pif_node_values_expand(const char *text, const char *node_env)
{
    g_autoptr(GRegex) regex = new_regex(pattern);
    char *expanded = g_regex_replace_eval(regex, text, -1, 0, G_REGEX_MATCH_DEFAULT, on_match,
                                          (gpointer)node_env, NULL);
    return expanded ? expanded : g_strdup(text);
}
