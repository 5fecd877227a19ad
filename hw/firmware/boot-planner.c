// SPDX-License-Identifier: MIT
// The order in which start.elf decides.
#include "hw/firmware/boot-planner.h"

#include "hw/firmware/boot-plan-private.h"

enum {
    GPU_MEM_MIB = 76, /* the default of boards with 1 GiB (config_txt/memory.adoc) */
    GPU_MEM_CUT_DOWN_MIB = 16,
    MIN_TOTAL_MEM_MIB = 128,
};

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
    g_autoptr(PifBootPlan) plan = pif_boot_plan_new(board);
    PifPlanner planner = {.source = source, .plan = plan};
    make(&planner);
    return pif_boot_source_check(source, error) ? g_steal_pointer(&plan) : NULL;
}
