// SPDX-License-Identifier: MIT
// Which partition, and which file in it, says what is to be booted.
#include "hw/firmware/boot-plan-private.h"

#include <string.h>

enum { MAX_AUTOBOOT_SIZE = 512 }; /* config_txt/autoboot.adoc */

static char *read_included(const char *name, gpointer data)
{
    return pif_boot_source_read_text(data, name);
}

static PifBootConfig *read_autoboot(PifPlanner *planner)
{
    g_autofree char *text = pif_boot_source_read_text(planner->source, "autoboot.txt");
    if (!text)
        return NULL;
    if (strlen(text) > MAX_AUTOBOOT_SIZE) {
        text[MAX_AUTOBOOT_SIZE] = '\0';
        pif_plan_decide(planner, "autoboot", "autoboot.txt", NULL,
                        "only its first 512 bytes are read");
    }
    return pif_boot_config_parse("autoboot.txt", text, &planner->plan->board,
                                 PIF_CONDITION_AUTOBOOT, NULL, NULL);
}

/* A `reboot N` goes before autoboot.txt; a partition that cannot be booted from means the first. */
static void choose_partition(PifPlanner *planner, const PifBootConfig *autoboot)
{
    PifBoard *board = &planner->plan->board;
    const PifConfigLine *line = autoboot ? pif_boot_config_find(autoboot, "boot_partition") : NULL;
    gint64 wanted = line ? pif_boot_config_number(autoboot, "boot_partition", 0) : 0;
    if (board->partition) {
        wanted = board->partition;
        line = NULL;
    }
    if (wanted <= 0 || wanted == board->boot_partition)
        return;
    g_autofree char *value = g_strdup_printf("%" G_GINT64_FORMAT, wanted);
    if (wanted <= G_MAXUINT8 &&
        pif_boot_source_choose_partition(planner->source, (unsigned)wanted)) {
        board->boot_partition = (unsigned)wanted;
        pif_plan_decide(planner, "partition", value, line, line ? NULL : "asked for by reboot");
    } else {
        g_autofree char *first = g_strdup_printf("%u", board->boot_partition);
        pif_plan_decide(planner, "partition", first, line, "partition %s cannot be booted from %s",
                        value, pif_boot_source_place(planner->source));
    }
}

/* After `reboot "0 tryboot"` tryboot.txt counts once instead of config.txt, unless autoboot.txt
 * makes whole partitions the subject of the try. */
static void choose_config(PifPlanner *planner, const PifBootConfig *autoboot)
{
    PifBootPlan *plan = planner->plan;
    gboolean is_a_b = autoboot && pif_boot_config_is_on(autoboot, "tryboot_a_b");
    gboolean is_try = plan->board.is_tryboot && !is_a_b;
    const char *name = is_try ? "tryboot.txt" : "config.txt";
    g_autofree char *text = pif_boot_source_read_text(planner->source, name);
    plan->config = pif_boot_config_parse(name, text ? text : "", &plan->board, PIF_CONDITION_CONFIG,
                                         read_included, planner->source);
    planner->config = plan->config;
    plan->config_name = text ? g_strdup(name) : NULL;
    pif_plan_decide(
        planner, "configuration", plan->config_name,
        autoboot && plan->board.is_tryboot ? pif_boot_config_find(autoboot, "tryboot_a_b") : NULL,
        text ? (is_try ? "a tryboot" : NULL) : "there is no %s: defaults for all", name);
}

void pif_plan_read_config(PifPlanner *planner)
{
    g_autoptr(PifBootConfig) autoboot = read_autoboot(planner);
    choose_partition(planner, autoboot);
    choose_config(planner, autoboot);
}
