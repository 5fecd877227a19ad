// SPDX-License-Identifier: MIT
// The tables and the JSON of pifarm firmware explain.
#include "pifarm/cli/firmware-print.h"

#include "hw/firmware/config-keys.h"
#include "pifarm/base/table.h"

#include <jansson.h>
#include <stdio.h>

enum { FACT_WIDTH = 22 };

enum { WHAT, VALUE, FROM, WHY };

static const PifColumn decision_columns[] = {
    [WHAT] = {"WHAT", "what", PIF_COLUMN_TEXT},
    [VALUE] = {"VALUE", "value", PIF_COLUMN_TEXT},
    [FROM] = {"FROM", "from", PIF_COLUMN_TEXT},
    [WHY] = {"WHY", "why", PIF_COLUMN_TEXT},
};

/* Of the lines that decided nothing. */
enum { LINE, TEXT, REASON };

static const PifColumn line_columns[] = {
    [LINE] = {"LINE", "line", PIF_COLUMN_TEXT},
    [TEXT] = {"SAYS", "says", PIF_COLUMN_TEXT},
    [REASON] = {"AND DECIDES NOTHING BECAUSE", "because", PIF_COLUMN_TEXT},
};

enum { CHANGE, CHANGED, CHANGED_WHY };

static const PifColumn change_columns[] = {
    [CHANGE] = {"FOR QEMU", "what", PIF_COLUMN_TEXT},
    [CHANGED] = {"VALUE", "value", PIF_COLUMN_TEXT},
    [CHANGED_WHY] = {"WHY", "why", PIF_COLUMN_TEXT},
};

static gboolean print_decisions(const PifBootPlan *plan, GError **error)
{
    g_autoptr(PifTable) table =
        pif_table_new("decisions", decision_columns, G_N_ELEMENTS(decision_columns));
    for (guint i = 0; i < plan->decisions->len; i++) {
        const PifBootDecision *decision = g_ptr_array_index(plan->decisions, i);
        pif_table_add_row(table);
        pif_table_set(table, WHAT, decision->what);
        pif_table_set(table, VALUE, decision->value);
        if (decision->file)
            pif_table_set_format(table, FROM, "%s:%u", decision->file, decision->line);
        pif_table_set(table, WHY, decision->why);
    }
    return pif_table_print(table, PIF_TABLE_TEXT, stdout, error);
}

static gboolean is_overruled(const PifBootConfig *config, const PifConfigLine *line)
{
    static const char *const many[] = {"dtoverlay", "dtparam", "device_tree_overlay",
                                       "device_tree_param", NULL};
    return !g_strv_contains(many, line->key) && pif_boot_config_find(config, line->key) != line;
}

/* Why a line has no part in the plan; NULL: it has. Free it. */
static char *idle_reason(const PifBootConfig *config, const PifConfigLine *line)
{
    const char *close;
    if (line->kind == PIF_CONFIG_SECTION)
        return g_strdup(line->remark);
    if (line->unmet)
        return g_strdup_printf("[%s] does not hold", line->unmet);
    if (line->kind != PIF_CONFIG_SETTING)
        return g_strdup(line->remark);
    if (is_overruled(config, line))
        return g_strdup_printf("overruled by %s:%u", pif_boot_config_find(config, line->key)->file,
                               pif_boot_config_find(config, line->key)->number);
    switch (pif_config_key_use(line->key)) {
    case PIF_CONFIG_KEY_UNKNOWN:
        close = pif_config_key_suggest(line->key);
        return g_strdup_printf("unknown key '%s'%s%s%s", line->key, close ? "; is it '" : "",
                               close ? close : "", close ? "'?" : "");
    case PIF_CONFIG_KEY_HARDWARE:
        return g_strdup("kept; about hardware, no part of a boot plan");
    case PIF_CONFIG_KEY_OTHER:
        return g_strdup("kept; not for a Pi 3");
    case PIF_CONFIG_KEY_EARLY:
        return g_strdup(line->depth ? "bootcode.bin reads no included file" : line->remark);
    case PIF_CONFIG_KEY_BOOT:
        return g_strdup(line->remark);
    }
    return NULL;
}

/* As it stands in the file, near enough. Free it. */
static char *format_line(const PifConfigLine *line)
{
    switch (line->kind) {
    case PIF_CONFIG_SETTING:
        if (g_str_equal(line->key, "initramfs"))
            return g_strjoin(" ", line->key, line->value, line->address, NULL);
        return g_strconcat(line->key, "=", line->value, NULL);
    case PIF_CONFIG_SECTION:
        return g_strconcat("[", line->key, "]", NULL);
    case PIF_CONFIG_INCLUDE:
        return g_strconcat("include ", line->key, NULL);
    case PIF_CONFIG_OTHER:
        return g_strdup(line->key);
    }
    return NULL;
}

static gboolean print_idle_lines(const PifBootPlan *plan, GError **error)
{
    const GPtrArray *lines = pif_boot_config_lines(plan->config);
    g_autoptr(PifTable) table = pif_table_new("lines", line_columns, G_N_ELEMENTS(line_columns));
    gboolean is_empty = TRUE;
    for (guint i = 0; i < lines->len; i++) {
        const PifConfigLine *line = g_ptr_array_index(lines, i);
        g_autofree char *reason = idle_reason(plan->config, line);
        g_autofree char *text = format_line(line);
        if (!reason)
            continue;
        is_empty = FALSE;
        pif_table_add_row(table);
        pif_table_set_format(table, LINE, "%s:%u", line->file, line->number);
        pif_table_set(table, TEXT, text);
        pif_table_set(table, REASON, reason);
    }
    if (is_empty)
        return TRUE;
    putchar('\n');
    return pif_table_print(table, PIF_TABLE_TEXT, stdout, error);
}

static gboolean print_changes(const PifQemuBoot *qemu, GError **error)
{
    g_autoptr(PifTable) table =
        pif_table_new("changes", change_columns, G_N_ELEMENTS(change_columns));
    for (guint i = 0; i < qemu->changes->len; i++) {
        const PifQemuChange *change = g_ptr_array_index(qemu->changes, i);
        pif_table_add_row(table);
        pif_table_set(table, CHANGE, change->what);
        pif_table_set(table, CHANGED, change->value);
        pif_table_set(table, CHANGED_WHY, change->why);
    }
    putchar('\n');
    return pif_table_print(table, PIF_TABLE_TEXT, stdout, error);
}

gboolean pif_firmware_print_text(const PifFirmwareReport *report, GError **error)
{
    const PifBootPlan *plan = report->plan;
    if (!print_decisions(plan, error) || !print_idle_lines(plan, error) ||
        (report->qemu && !print_changes(report->qemu, error)))
        return FALSE;
    putchar('\n');
    pif_fact_print(FACT_WIDTH, "command line:", plan->command_line);
    pif_fact_print(FACT_WIDTH, "for QEMU:", report->qemu ? report->qemu->command_line : NULL);
    pif_fact_print(FACT_WIDTH, "boots on a Pi 3 B+:", plan->problem ? "no" : "yes");
    pif_fact_print(FACT_WIDTH, "because:", plan->problem);
    if (!plan->problem)
        pif_fact_print(FACT_WIDTH, "boots in QEMU:", report->qemu ? "yes" : "no");
    if (!plan->problem)
        pif_fact_print(FACT_WIDTH, "because:", report->qemu_problem);
    return TRUE;
}

/* Text of a card need not be UTF-8; JSON has to. */
static json_t *text_or_null(const char *text)
{
    g_autofree char *valid = text ? g_utf8_make_valid(text, -1) : NULL;
    return valid ? json_string(valid) : json_null();
}

static json_t *decisions_to_json(const PifBootPlan *plan)
{
    json_t *all = json_array();
    for (guint i = 0; i < plan->decisions->len; i++) {
        const PifBootDecision *decision = g_ptr_array_index(plan->decisions, i);
        json_array_append_new(
            all,
            json_pack("{s:s, s:o, s:o, s:o, s:o}", "what", decision->what, "value",
                      text_or_null(decision->value), "file", text_or_null(decision->file), "line",
                      decision->file ? json_integer((json_int_t)decision->line) : json_null(),
                      "why", text_or_null(decision->why)));
    }
    return all;
}

static json_t *lines_to_json(const PifBootConfig *config)
{
    const GPtrArray *lines = pif_boot_config_lines(config);
    json_t *all = json_array();
    for (guint i = 0; i < lines->len; i++) {
        const PifConfigLine *line = g_ptr_array_index(lines, i);
        g_autofree char *reason = idle_reason(config, line);
        g_autofree char *text = format_line(line);
        gboolean is_setting = line->kind == PIF_CONFIG_SETTING;
        json_array_append_new(
            all, json_pack("{s:o, s:I, s:o, s:o, s:o, s:b, s:b, s:o}", "file",
                           text_or_null(line->file), "line", (json_int_t)line->number, "text",
                           text_or_null(text), "key", text_or_null(is_setting ? line->key : NULL),
                           "value", text_or_null(is_setting ? line->value : NULL), "counts",
                           line->unmet == NULL, "known",
                           !is_setting || pif_config_key_use(line->key) != PIF_CONFIG_KEY_UNKNOWN,
                           "remark", text_or_null(reason)));
    }
    return all;
}

static json_t *plan_to_json(const PifBootPlan *plan)
{
    json_t *initramfs = json_array();
    for (char **path = plan->initramfs; *path; path++)
        json_array_append_new(initramfs, text_or_null(*path));
    return json_pack(
        "{s:o, s:o, s:o, s:b, s:I, s:o, s:o, s:o, s:o, s:o, s:I, s:b, s:I}", "configuration",
        text_or_null(plan->config_name), "firmware", text_or_null(plan->start_file), "kernel",
        text_or_null(plan->kernel), "is_64bit", plan->is_64bit, "kernel_address",
        (json_int_t)plan->kernel_address, "initramfs", initramfs, "device_tree",
        text_or_null(plan->device_tree), "os_prefix", text_or_null(plan->os_prefix),
        "overlay_prefix", text_or_null(plan->overlay_prefix), "command_line",
        text_or_null(plan->command_line), "memory_mib", (json_int_t)plan->arm_memory_mib, "uart",
        plan->has_uart, "partition", (json_int_t)plan->board.boot_partition);
}

static json_t *qemu_to_json(const PifFirmwareReport *report)
{
    json_t *changes = json_array();
    for (guint i = 0; report->qemu && i < report->qemu->changes->len; i++) {
        const PifQemuChange *change = g_ptr_array_index(report->qemu->changes, i);
        json_array_append_new(changes, json_pack("{s:s, s:s, s:s}", "what", change->what, "value",
                                                 change->value, "why", change->why));
    }
    return json_pack("{s:o, s:o, s:o}", "command_line",
                     text_or_null(report->qemu ? report->qemu->command_line : NULL), "changes",
                     changes, "problem", text_or_null(report->qemu_problem));
}

void pif_firmware_print_json(const PifFirmwareReport *report)
{
    const PifBootPlan *plan = report->plan;
    json_t *json = json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}", "subject",
                             text_or_null(report->subject), "problem", text_or_null(plan->problem),
                             "plan", plan_to_json(plan), "decisions", decisions_to_json(plan),
                             "lines", lines_to_json(plan->config), "qemu", qemu_to_json(report));
    json_dumpf(json, stdout, JSON_INDENT(2));
    putchar('\n');
    json_decref(json);
}
