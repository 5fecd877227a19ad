// SPDX-License-Identifier: MIT
// Overlays and parameters, as the lines of config.txt ask for them.
#include "hw/firmware/boot-plan-private.h"

#include <string.h>

static void free_parameter(gpointer data)
{
    PifBootParameter *parameter = data;
    g_free(parameter->name);
    g_free(parameter->value);
    g_free(parameter);
}

PifBootOverlay *pif_boot_overlay_add(PifBootPlan *plan, const char *name, const PifConfigLine *line)
{
    PifBootOverlay *overlay = g_new0(PifBootOverlay, 1);
    *overlay =
        (PifBootOverlay){g_strdup(name), line, g_ptr_array_new_with_free_func(free_parameter)};
    g_ptr_array_add(plan->overlays, overlay);
    return overlay;
}

/* "foo=bar,level=42,flag": a parameter without a value is on. */
static void add_parameters(PifBootOverlay *overlay, const char *text, const PifConfigLine *line)
{
    g_auto(GStrv) words = g_strsplit(text, ",", -1);
    for (char **word = words; *word; word++) {
        if (!**word)
            continue;
        const char *equals = strchr(*word, '=');
        PifBootParameter *parameter = g_new0(PifBootParameter, 1);
        parameter->name = equals ? g_strndup(*word, (gsize)(equals - *word)) : g_strdup(*word);
        parameter->value = g_strdup(equals ? equals + 1 : "on");
        parameter->line = line;
        g_ptr_array_add(overlay->parameters, parameter);
    }
}

/* `dtoverlay=name,parameters` opens a scope for the `dtparam` lines behind it, `dtoverlay=` closes
 * it: what follows is about the base again. */
static PifBootOverlay *open_overlay(PifBootPlan *plan, const PifConfigLine *line)
{
    gsize length = strcspn(line->value, ",:");
    g_autofree char *name = length ? g_strndup(line->value, length) : NULL;
    PifBootOverlay *overlay = pif_boot_overlay_add(plan, name, line);
    if (line->value[length])
        add_parameters(overlay, line->value + length + 1, line);
    return overlay;
}

void pif_plan_list_overlays(PifPlanner *planner)
{
    PifBootPlan *plan = planner->plan;
    const GPtrArray *lines = pif_boot_config_lines(planner->config);
    PifBootOverlay *scope = NULL;
    for (guint i = 0; i < lines->len; i++) {
        const PifConfigLine *line = g_ptr_array_index(lines, i);
        if (line->kind != PIF_CONFIG_SETTING || line->unmet)
            continue;
        if (g_str_equal(line->key, "dtoverlay") || g_str_equal(line->key, "device_tree_overlay")) {
            scope = open_overlay(plan, line);
        } else if (g_str_equal(line->key, "dtparam") ||
                   g_str_equal(line->key, "device_tree_param")) {
            scope = scope ? scope : pif_boot_overlay_add(plan, NULL, line);
            add_parameters(scope, line->value, line);
        }
    }
}
