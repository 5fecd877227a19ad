// SPDX-License-Identifier: MIT
// The kernel's command line: what the firmware makes of cmdline.txt.
#include "hw/firmware/boot-plan-private.h"

#include <string.h>

static gboolean is_text(const char *line)
{
    for (const char *c = line; *c; c++)
        if (g_ascii_iscntrl(*c) && *c != '\t')
            return FALSE;
    return g_utf8_validate(line, -1, NULL);
}

char *pif_plan_read_command_line(PifPlanner *planner)
{
    PifBootPlan *plan = planner->plan;
    const PifConfigLine *line = pif_boot_config_find(planner->config, "cmdline");
    const char *name = line && *line->value ? line->value : "cmdline.txt";
    plan->command_line_file = pif_plan_find(planner, plan->os_prefix, name);
    if (!plan->command_line_file) {
        pif_plan_fail(planner, "the kernel's command line '%s' is not %s", name,
                      pif_boot_source_place(planner->source));
        return NULL;
    }
    g_autofree char *text = pif_boot_source_read_text(planner->source, plan->command_line_file);
    if (!text)
        return NULL;
    text[strcspn(text, "\r\n")] = '\0';
    g_strstrip(text);
    pif_plan_decide(planner, "command line", plan->command_line_file, line, "its first line");
    if (!*text)
        pif_plan_fail(planner, "the kernel's command line '%s' is empty", plan->command_line_file);
    else if (!is_text(text))
        pif_plan_fail(planner, "the kernel's command line '%s' has control characters in it",
                      plan->command_line_file);
    return g_steal_pointer(&text);
}

/* console=serial0,115200 -> console=ttyS0,115200 */
static char *resolve_serial(PifPlanner *planner, const char *word, const char *const serial[2])
{
    static const char *const keys[] = {"console=", "kgdboc="};
    for (size_t i = 0; i < G_N_ELEMENTS(keys); i++) {
        if (!g_str_has_prefix(word, keys[i]))
            continue;
        const char *device = word + strlen(keys[i]);
        if (!g_str_has_prefix(device, "serial0") && !g_str_has_prefix(device, "serial1"))
            continue;
        const char *rest = device + strlen("serial0");
        if (*rest && *rest != ',')
            continue;
        char *resolved = g_strconcat(keys[i], serial[device[6] - '0'], rest, NULL);
        pif_plan_decide(planner, "argument", resolved, NULL, "was %s", word);
        return resolved;
    }
    return g_strdup(word);
}

/* Those of init, behind "--", stay as they are. */
static void resolve_all(PifPlanner *planner, char **words, const char *const serial[2])
{
    for (char **word = words; *word && !g_str_equal(*word, "--"); word++) {
        char *resolved = resolve_serial(planner, *word, serial);
        g_free(*word);
        *word = resolved;
    }
}

void pif_plan_make_command_line(PifPlanner *planner, const char *of_tree, const char *own,
                                const char *const serial[2])
{
    PifBootPlan *plan = planner->plan;
    g_auto(GStrv) words = g_strsplit(own, " ", -1);
    g_autofree char *ports = g_strdup_printf("8250.nr_uarts=%d", plan->has_uart);
    resolve_all(planner, words, serial);
    g_autofree char *resolved = g_strjoinv(" ", words);
    gboolean has_tree_args = of_tree && *of_tree;
    if (has_tree_args)
        pif_plan_decide(planner, "argument", of_tree, NULL, "the device tree's bootargs");
    pif_plan_decide(planner, "argument", ports,
                    pif_boot_config_find(planner->config, "enable_uart"), "the mini UART %s",
                    plan->has_uart ? "can be used" : "is off");
    plan->command_line = g_strconcat(has_tree_args ? of_tree : "", has_tree_args ? " " : "", ports,
                                     " ", resolved, NULL);
}
