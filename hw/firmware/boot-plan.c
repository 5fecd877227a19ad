// SPDX-License-Identifier: MIT
// A boot plan as data, and how decisions get into it.
#include "hw/firmware/boot-plan-private.h"
#include "pifarm/base/error.h"

#include <string.h>

static void free_decision(gpointer data)
{
    PifBootDecision *decision = data;
    g_free(decision->value);
    g_free(decision->file);
    g_free(decision->why);
    g_free(decision);
}

void pif_plan_decide(PifPlanner *planner, const char *what, const char *value,
                     const PifConfigLine *line, const char *why_format, ...)
{
    PifBootDecision *decision = g_new0(PifBootDecision, 1);
    va_list args;
    va_start(args, why_format);
    decision->what = what;
    decision->value = g_strdup(value);
    decision->file = line ? g_strdup(line->file) : NULL;
    decision->line = line ? line->number : 0;
    decision->why = why_format ? g_strdup_vprintf(why_format, args) : NULL;
    va_end(args);
    g_ptr_array_add(planner->plan->decisions, decision);
}

void pif_plan_fail(PifPlanner *planner, const char *format, ...)
{
    if (planner->plan->problem)
        return;
    va_list args;
    va_start(args, format);
    planner->plan->problem = g_strdup_vprintf(format, args);
    va_end(args);
}

char *pif_plan_find(PifPlanner *planner, const char *prefix, const char *name)
{
    g_autofree char *path = *name == '/' ? g_strdup(name + 1) : g_strconcat(prefix, name, NULL);
    return pif_boot_source_find(planner->source, path);
}

static void free_overlay(gpointer data)
{
    PifBootOverlay *overlay = data;
    g_free(overlay->name);
    g_ptr_array_unref(overlay->parameters);
    g_free(overlay);
}

PifBootPlan *pif_boot_plan_new(const PifBoard *board)
{
    PifBootPlan *plan = g_new0(PifBootPlan, 1);
    plan->board = *board;
    plan->decisions = g_ptr_array_new_with_free_func(free_decision);
    plan->overlays = g_ptr_array_new_with_free_func(free_overlay);
    plan->initramfs = g_new0(char *, 1);
    plan->os_prefix = g_strdup("");
    return plan;
}

void pif_boot_plan_free(PifBootPlan *plan)
{
    if (!plan)
        return;
    pif_boot_config_free(plan->config);
    g_free(plan->config_name);
    g_free(plan->start_file);
    g_free(plan->fixup_file);
    g_free(plan->os_prefix);
    g_free(plan->overlay_prefix);
    g_free(plan->kernel);
    g_strfreev(plan->initramfs);
    g_free(plan->device_tree);
    g_clear_pointer(&plan->tree, g_bytes_unref);
    g_ptr_array_unref(plan->overlays);
    g_free(plan->command_line_file);
    g_free(plan->command_line);
    g_ptr_array_unref(plan->decisions);
    g_free(plan->problem);
    g_free(plan);
}

gboolean pif_boot_plan_check(const PifBootPlan *plan, GError **error)
{
    return !plan->problem || pif_error_set(error, PIF_ERROR_CONFIG, "%s", plan->problem);
}
