// SPDX-License-Identifier: MIT
// The order in which start.elf decides, and the decisions it leaves behind.
#include "hw/firmware/boot-plan-private.h"
#include "pifarm/base/error.h"

#include <string.h>

enum {
    GPU_MEM_MIB = 76, /* the default of boards with 1 GiB (config_txt/memory.adoc) */
    GPU_MEM_CUT_DOWN_MIB = 16,
    MIN_TOTAL_MEM_MIB = 128,
};

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

/* start_file and fixup_file are a pair; the shortcuts set both. */
static void choose_firmware(PifPlanner *planner)
{
    static const struct {
        const char *key;
        const char *start_file;
        const char *fixup_file;
    } shortcuts[] = {{"start_x", "start_x.elf", "fixup_x.dat"},
                     {"start_debug", "start_db.elf", "fixup_db.dat"}};
    PifBootPlan *plan = planner->plan;
    const PifConfigLine *from = pif_boot_config_find(planner->config, "gpu_mem");
    const char *start = "start.elf";
    const char *fixup = "fixup.dat";
    if (pif_boot_config_number(planner->config, "gpu_mem", GPU_MEM_MIB) == GPU_MEM_CUT_DOWN_MIB) {
        start = "start_cd.elf";
        fixup = "fixup_cd.dat";
    } else {
        from = NULL;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(shortcuts); i++) {
        const PifConfigLine *line = pif_boot_config_find_early(planner->config, shortcuts[i].key);
        if (!line || g_ascii_strtoll(line->value, NULL, 0) == 0)
            continue;
        start = shortcuts[i].start_file;
        fixup = shortcuts[i].fixup_file;
        from = line;
    }
    const PifConfigLine *start_line = pif_boot_config_find_early(planner->config, "start_file");
    const PifConfigLine *fixup_line = pif_boot_config_find_early(planner->config, "fixup_file");
    plan->start_file = g_strdup(start_line ? start_line->value : start);
    plan->fixup_file = g_strdup(fixup_line ? fixup_line->value : fixup);
    pif_plan_decide(planner, "firmware", plan->start_file, start_line ? start_line : from, NULL);
    pif_plan_decide(planner, "fixup", plan->fixup_file, fixup_line ? fixup_line : from, NULL);
}

static void choose_memory(PifPlanner *planner)
{
    gint64 board_mib = planner->plan->board.memory_mib;
    const PifConfigLine *total_line = pif_boot_config_find(planner->config, "total_mem");
    gint64 total = pif_boot_config_number(planner->config, "total_mem", board_mib);
    const PifConfigLine *gpu_line = NULL;
    total = CLAMP(total, MIN_TOTAL_MEM_MIB, board_mib);
    if (total >= 1024)
        gpu_line = pif_boot_config_find(planner->config, "gpu_mem_1024");
    if (!gpu_line)
        gpu_line = pif_boot_config_find(planner->config, "gpu_mem");
    gint64 gpu = gpu_line ? g_ascii_strtoll(gpu_line->value, NULL, 0) : GPU_MEM_MIB;
    gpu = CLAMP(gpu, GPU_MEM_CUT_DOWN_MIB, total - 64);
    planner->plan->total_memory_mib = (unsigned)total;
    planner->plan->arm_memory_mib = (unsigned)(total - gpu);
    g_autofree char *value = g_strdup_printf("%u MiB", planner->plan->arm_memory_mib);
    pif_plan_decide(planner, "memory", value, gpu_line ? gpu_line : total_line,
                    "%" G_GINT64_FORMAT " MiB, less %" G_GINT64_FORMAT " MiB for the GPU", total,
                    gpu);
}

static void make(PifPlanner *planner)
{
    pif_plan_read_config(planner);
    choose_firmware(planner);
    choose_memory(planner);
    pif_plan_choose_files(planner);
    pif_plan_list_overlays(planner);
    if (planner->plan->problem)
        return;
    pif_plan_make_tree(planner);
}

PifBootPlan *pif_boot_plan_make(PifBootSource *source, const PifBoard *board, GError **error)
{
    g_autoptr(PifBootPlan) plan = g_new0(PifBootPlan, 1);
    plan->board = *board;
    plan->decisions = g_ptr_array_new_with_free_func(free_decision);
    plan->overlays = g_ptr_array_new_with_free_func(pif_boot_overlay_free);
    plan->initramfs = g_new0(char *, 1);
    plan->os_prefix = g_strdup("");
    PifPlanner planner = {.source = source, .plan = plan};
    make(&planner);
    return pif_boot_source_check(source, error) ? g_steal_pointer(&plan) : NULL;
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
